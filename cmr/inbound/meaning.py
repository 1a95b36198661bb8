"""The meaning of a message: stop, start, help, or nothing that we understand. Pure functions.

Note [A lost no, an invented no]. Both are equally bad. A message is a request to stop in two cases.
Either a phrase of `phrases` asks for it, or a keyword is the whole message, a whole clause or the
last word. Three things are removed first: the opposite ("don't stop"), what a footer says to its
reader, and text in quotation marks. `start` and `help` count only if the message says nothing else.
"yes" never counts, because we do not know the question.

Example: "Hi, don't stop. “Reply STOP to end.”" loses the second sentence (a quotation), then the
opposite "dont stop"; "hi" is left, so the message has no meaning.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator
from enum import StrEnum
from functools import cache, lru_cache
from typing import NamedTuple

from cmr.inbound import phrases
from cmr.inbound.phrases import Language

#: Only so many characters are read of a text that people wrote themselves.
LONGEST = 10_000
#: A message of up to so many words is short.
SHORT = 12


class Meaning(StrEnum):
    STOP = "stop"
    START = "start"
    HELP = "help"


class Understood(NamedTuple):
    """A meaning, and the words that express it, which are from our tables and hold no address."""

    meaning: Meaning
    words: str


def _collect(lists: Iterable[str]) -> frozenset[str]:
    return frozenset(word.replace("_", " ") for words in lists for word in words.split())


STRONG = _collect(language.strong for language in phrases.LANGUAGES)
KEYWORDS = STRONG | _collect(language.keywords for language in phrases.LANGUAGES)
ALONE = KEYWORDS | _collect(language.alone for language in phrases.LANGUAGES)
FILLERS = _collect(language.fillers for language in phrases.LANGUAGES)
START = _collect(language.start for language in phrases.LANGUAGES)
HELP = _collect(language.help for language in phrases.LANGUAGES)
#: Keywords that people write last, after their reasons.
AT_AN_END = STRONG | {"stop", "stopp"}

# -- Compiling phrases to regular expressions -----------------------------------------------------

ANY_WORDS = re.compile(r"\(\?:( ?\\w\+ ?)\)(\{\d,\d\}\??|\??)")


def _compile_words(words: str) -> str:
    found = (word.replace("_", " ").replace("*", r"\w*") for word in words.split())
    return f"(?:{'|'.join(found)})"


def _compile_phrase(phrase: str, language: Language) -> str:
    """Return a regular expression with a group for each gap."""
    named = re.sub(r"\{([a-z]+)\}", lambda name: _compile_words(language.words[name[1]]), phrase)
    gaps = ANY_WORDS.sub(r"((?:\1)\2)", named).replace(" ~~~ ", r"((?: [\w;.]+){0,25}? )")
    gaps = gaps.replace(" ~~ ", r"((?: \w+){0,8}? )").replace(" ~ ", r"((?: \w+){0,4}? )")
    return rf"(?:{gaps})"


def _compile(found: Iterable[str], language: Language) -> re.Pattern[str]:
    every = "|".join(_compile_phrase(phrase, language) for phrase in found)
    return re.compile(rf"\b(?:{every})(?!\w)")


class Expressions(NamedTuple):
    """Regular expressions of each kind, one for each language."""

    requests: list[re.Pattern[str]]
    asides: list[re.Pattern[str]]
    opposites: list[re.Pattern[str]]


@cache
def compile_phrases() -> Expressions:
    """Return the expressions of `phrases`, compiled at the first call.

    Compiling takes about half a second, and most processes never read a message.
    """
    languages = phrases.LANGUAGES
    opposites = (_compile(each.opposites, each).pattern + "[^;]*" for each in languages)
    return Expressions(
        requests=[_compile(each.requests, each) for each in languages],
        asides=[_compile(each.asides, each) for each in languages],
        opposites=[re.compile(each) for each in opposites],
    )


# -- Normal form ---------------------------------------------------------------------------------

#: "d'envoyer" is two words, "don't" is one.
ELISIONS = re.compile(
    r"\b(qu|[cdjlmnst]|dell|all|dall|nell|sull|un|quest)['’‘`´ʼ＇](?=[^\W\d_])", re.I
)
APOSTROPHES = re.compile("['’‘`´ʼ＇]")
SPACES = re.compile(r"[^\S\n\r]+")
#: Mail programs wrap long lines, so the sentence continues on the next line.
BROKEN_LINE = re.compile(r"(?<=[^\n]{50})(?<![.!?:;,])\n(?=[^\W\d_])")
SENTENCE_ENDS = re.compile(r"[.!?\n\r]+")
CLAUSE_ENDS = re.compile(r"[;:,()\[\]{}<>|/\"“”„«»…–—]+|(?<=\s)-+(?=\s)")
SENTENCE_END = " ; . ; "
WORD = re.compile(r"[^\W_]+")
SPELT_OUT = re.compile(r"\b(?:[a-z][ .*_-]){3,}[a-z]\b")
HELD_KEY = re.compile(r"([a-z])\1{2,}")
STOP_SIGNS = re.compile(r"[\s🛑⛔🚫✋\ufe0f]+")
#: Words that people also write in two parts.
JOINED = [
    (re.compile(r"\bopt(?:ed|ing)? ?-?out\b"), "optout"),
    (re.compile(r"\bopt ?-?in\b"), "optin"),
    (re.compile(r"\be ?-mail"), "email"),
    (re.compile(r"\bun[ -]subscribe"), "unsubscribe"),
]
#: Long words whose misspellings are understood.
SPELLED = """unsubscribe abmelden abbestellen desabonner desinscrire desuscribir disiscrivi
    disiscrivere afmelden uitschrijven uitschrijving""".split()


def _drop_one_letter(word: str) -> Iterator[str]:
    return (word[:at] + word[at + 1 :] for at in range(len(word)))


MISSPELLED = {each: word for word in SPELLED for each in (word, *_drop_one_letter(word))}


@lru_cache(maxsize=10_000)
def _correct(word: str) -> str:
    """Return the known word that differs by one letter (added, missing, wrong or swapped)."""
    if len(word) < 7 or word in ALONE or word in START:
        return word
    near = (MISSPELLED.get(each) for each in (word, *_drop_one_letter(word)))
    return next(filter(None, near), word)


def normalise(text: str) -> str:
    """Return the text in lower case, without accents and apostrophes.

    Clauses are separated by ` ; ` and sentences by ` ; . ; `.
    """
    unbroken = BROKEN_LINE.sub(" ", ELISIONS.sub(r"\1 ", text[:LONGEST]))
    folded = unicodedata.normalize("NFKD", unbroken.casefold())
    plain = "".join(letter for letter in folded if unicodedata.category(letter) not in ("Mn", "Cf"))
    plain = SPELT_OUT.sub(lambda letters: "".join(WORD.findall(letters[0])), plain)
    plain = HELD_KEY.sub(r"\1", SPACES.sub(" ", APOSTROPHES.sub("", plain)))
    for apart, joined in JOINED:
        plain = apart.sub(joined, plain)
    return SENTENCE_END.join(filter(None, map(_normalise_sentence, SENTENCE_ENDS.split(plain))))


def _normalise_sentence(sentence: str) -> str:
    clauses = (
        " ".join(map(_correct, WORD.findall(clause))) for clause in CLAUSE_ENDS.split(sentence)
    )
    return " ; ".join(clause for clause in clauses if clause)


# -- Quotations ----------------------------------------------------------------------------------

QUOTATION = re.compile(r"“[^“”\"]*[”\"]|„[^„“”\"]*[“”\"]|«[^«»]*»|\"[^\"\n]*\"")
#: A reaction quotes the whole message, with its quotation marks, or cut off at its end.
REACTION = re.compile(
    r"^([^“«„\n]{1,60})(?:„[^“”]*|[“«][^”»]*(?:[“«].*[”»]([^”»\n]{0,30}))?)$", re.DOTALL
)
MARKED = re.compile(r"^[ \t]*>.*$", re.M)
#: A link in a footer: "Unsubscribe: https://…".
LINK = re.compile(
    r"^[^\S\n]*(?:[^\W_]+[^\S\n]){0,3}[^\W_]+[^\S\n]*[:<([–-]?[^\S\n]*<?https?://\S*[^\S\n]*$", re.M
)
SAID = re.compile(
    r"(?:said|wrote|texted|sent|replied|typed|geschrieben|gesagt|escrito|dicho|ecrit|écrit|dit"
    r"|scritto|detto|geschreven|gezegd|text|reply|word)\W*$",
    re.I,
)


def remove_quotations(text: str) -> str:
    """Return a text without its quotations; a text that is one whole quotation is unchanged."""
    text = text[:LONGEST]
    own = LINK.sub("", MARKED.sub("", text))
    if reaction := REACTION.match(own.strip()):
        if not SAID.search(reaction[1]):
            own = f"{reaction[1]} {reaction[2] or ''}"
    else:
        own = QUOTATION.sub(_keep_own_quotation, own)
    return own if WORD.search(own) else MARKED.sub("", text)


def _keep_own_quotation(quotation: re.Match[str]) -> str:
    """Keep a quotation of the sender's own words: I wrote “stop” three times."""
    before = quotation.string[max(0, quotation.start() - 20) : quotation.start()]
    return quotation[0] if SAID.search(before) else " "


# -- Meanings ------------------------------------------------------------------------------------


def read_text(text: str) -> Understood | None:
    """Return the meaning of a text message, from its sender's own words."""
    return _read_own_words(remove_quotations(text))


def _read_own_words(text: str) -> Understood | None:
    if text.strip() and not STOP_SIGNS.sub("", text[:LONGEST]):
        return Understood(Meaning.STOP, "stop")
    said = normalise(text)
    rest = _remove_opposites(said)
    for find in NOES:
        if words := find(rest):
            return Understood(Meaning.STOP, words)
    for meaning, known in ((Meaning.START, START), (Meaning.HELP, HELP)):
        if words := _only(said, known):
            return Understood(meaning, words)
    return None


def find_no(text: str) -> Understood | None:
    """Return the request to stop in any kind of text, or None."""
    understood = read_text(text)
    return understood if understood and understood.meaning == Meaning.STOP else None


def has_no(text: str) -> bool:
    """Return whether a text asks to stop anywhere, its quotations included."""
    said = normalise(text)
    return bool(_by_phrase(said)) or not AT_AN_END.isdisjoint(WORD.findall(said))


def _remove_opposites(said: str) -> str:
    sentences = said.split(SENTENCE_END)
    expressions = compile_phrases()
    kept = (each for each in sentences if not any(e.search(each) for e in expressions.asides))
    rest = SENTENCE_END.join(kept)
    for opposite in expressions.opposites:
        rest = opposite.sub(" ", rest)
    return rest


def _by_phrase(rest: str) -> str:
    requests = compile_phrases().requests
    found = next(filter(None, (request.search(rest) for request in requests)), None)
    return _without_gaps(found) if found else ""


def _without_gaps(found: re.Match[str]) -> str:
    """Return the words of a phrase without the words in its gaps."""
    start, words = found.start(), ""
    for gap_start, gap_end in found.regs[1:]:
        if gap_start >= 0:
            words += f"{found.string[start:gap_start]} "
            start = gap_end
    return " ".join(WORD.findall(words + found.string[start : found.end()]))


def _by_clause(rest: str) -> str:
    found = (_only(clause, KEYWORDS) for clause in rest.split(";"))
    return next((words for words in found if words), "")


def _alone(rest: str) -> str:
    return _only(rest, ALONE)


def _in_short(rest: str) -> str:
    words = WORD.findall(rest)
    return next((word for word in words if len(words) <= SHORT and word in STRONG), "")


def _at_an_end(rest: str) -> str:
    last = _find_telling(rest)[-1:]
    return next((word for word in last if word in AT_AN_END), "")


#: Ways to find a request in the rest of a message, the most specific first.
NOES: list[Callable[[str], str]] = [_by_phrase, _by_clause, _alone, _in_short, _at_an_end]


def _only(said: str, known: Collection[str]) -> str:
    """Return the words of *known* if the text says nothing else; empty otherwise."""
    if (whole := " ".join(WORD.findall(said))) in known:
        return whole
    telling = _find_telling(said)
    return " ".join(telling) if telling and all(word in known for word in telling) else ""


def _find_telling(said: str) -> list[str]:
    """Return the words without numbers and without filler words."""
    words = WORD.findall(said)
    return [word for word in words if word not in FILLERS and not word.isdigit()]


def find_keyword(text: str) -> Understood | None:
    """Return the request of a text that says nothing else."""
    words = _only(normalise(text), ALONE)
    return Understood(Meaning.STOP, words) if words else None
