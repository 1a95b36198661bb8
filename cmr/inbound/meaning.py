"""Read what a message says: stop, start, help, or nothing that we understand. Pure.

Note [A lost no, an invented no]. Both are equally bad. A message is a request to stop where a
phrase of `phrases` asks for it, or where a keyword is all that the message or a clause of it says,
or ends it. What says the opposite ("don't stop"), what a footer says to its reader, and
what stands in quotation marks is taken out before. `start` and `help` count only where the message
says nothing else; and "yes" counts for nothing, for nobody here knows what the question was.
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

#: Of a longer text in somebody's own words the rest is not read, in characters.
LONGEST = 10_000
#: A message of so many words is short.
SHORT = 12


class Meaning(StrEnum):
    STOP = "stop"
    START = "start"
    HELP = "help"


class Understood(NamedTuple):
    """A meaning, and the words that say it. They are from our tables, so they hold no address."""

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
#: Those that people write last, after their reasons.
AT_AN_END = STRONG | {"stop", "stopp"}

# -- Phrases as expressions ------------------------------------------------------------------------

ANY_WORDS = re.compile(r"\(\?:( ?\\w\+ ?)\)(\{\d,\d\}\??|\??)")


def _compile_words(words: str) -> str:
    found = (word.replace("_", " ").replace("*", r"\w*") for word in words.split())
    return f"(?:{'|'.join(found)})"


def _compile_phrase(phrase: str, language: Language) -> str:
    """Return an expression whose groups are its gaps."""
    named = re.sub(r"\{([a-z]+)\}", lambda name: _compile_words(language.words[name[1]]), phrase)
    gaps = ANY_WORDS.sub(r"((?:\1)\2)", named).replace(" ~~~ ", r"((?: [\w;.]+){0,25}? )")
    gaps = gaps.replace(" ~~ ", r"((?: \w+){0,8}? )").replace(" ~ ", r"((?: \w+){0,4}? )")
    return rf"(?:{gaps})"


def _compile(found: Iterable[str], language: Language) -> re.Pattern[str]:
    every = "|".join(_compile_phrase(phrase, language) for phrase in found)
    return re.compile(rf"\b(?:{every})(?!\w)")


class Expressions(NamedTuple):
    """One expression for each language."""

    requests: list[re.Pattern[str]]
    asides: list[re.Pattern[str]]
    opposites: list[re.Pattern[str]]


@cache
def compile_phrases() -> Expressions:
    """Return the expressions of `phrases`, compiled at the first call.

    This takes about half a second, and most processes never read a message.
    """
    languages = phrases.LANGUAGES
    opposites = (_compile(each.opposites, each).pattern + "[^;]*" for each in languages)
    return Expressions(
        requests=[_compile(each.requests, each) for each in languages],
        asides=[_compile(each.asides, each) for each in languages],
        opposites=[re.compile(each) for each in opposites],
    )


# -- Normal form -----------------------------------------------------------------------------------

#: "d'envoyer" is two words, "don't" is one.
ELISIONS = re.compile(
    r"\b(qu|[cdjlmnst]|dell|all|dall|nell|sull|un|quest)['’‘`´ʼ＇](?=[^\W\d_])", re.I
)
APOSTROPHES = re.compile("['’‘`´ʼ＇]")
SPACES = re.compile(r"[^\S\n\r]+")
#: Mail programs break long lines: the sentence goes on.
BROKEN_LINE = re.compile(r"(?<=[^\n]{50})(?<![.!?:;,])\n(?=[^\W\d_])")
SENTENCE_ENDS = re.compile(r"[.!?\n\r]+")
CLAUSE_ENDS = re.compile(r"[;:,()\[\]{}<>|/\"“”„«»…–—]+|(?<=\s)-+(?=\s)")
SENTENCE_END = " ; . ; "
WORD = re.compile(r"[^\W_]+")
SPELT_OUT = re.compile(r"\b(?:[a-z][ .*_-]){3,}[a-z]\b")
HELD_KEY = re.compile(r"([a-z])\1{2,}")
STOP_SIGNS = re.compile(r"[\s🛑⛔🚫✋\ufe0f]+")
#: Words that people write in two.
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
    """Return what a word with one letter too many, missing, wrong or swapped stands for."""
    if len(word) < 7 or word in ALONE or word in START:
        return word
    near = (MISSPELLED.get(each) for each in (word, *_drop_one_letter(word)))
    return next(filter(None, near), word)


def normalise(text: str) -> str:
    """Return words in lower case, without accents and apostrophes, ` ; ` between clauses, and
    ` ; . ; ` between sentences."""
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


# -- Quotations ------------------------------------------------------------------------------------

QUOTATION = re.compile(r"“[^“”\"]*[”\"]|„[^„“”\"]*[“”\"]|«[^«»]*»|\"[^\"\n]*\"")
#: A reaction to a message quotes it whole, with the quotation marks in it, or cut off at its end.
REACTION = re.compile(
    r"^([^“«„\n]{1,60})(?:„[^“”]*|[“«][^”»]*(?:[“«].*[”»]([^”»\n]{0,30}))?)$", re.DOTALL
)
MARKED = re.compile(r"^[ \t]*>.*$", re.M)
#: A footer's link: "Unsubscribe: https://…".
LINK = re.compile(
    r"^[^\S\n]*(?:[^\W_]+[^\S\n]){0,3}[^\W_]+[^\S\n]*[:<([–-]?[^\S\n]*<?https?://\S*[^\S\n]*$", re.M
)
SAID = re.compile(
    r"(?:said|wrote|texted|sent|replied|typed|geschrieben|gesagt|escrito|dicho|ecrit|écrit|dit"
    r"|scritto|detto|geschreven|gezegd|text|reply|word)\W*$",
    re.I,
)


def remove_quotations(text: str) -> str:
    """Return a text without what it quotes; a text that is one quotation stays."""
    text = text[:LONGEST]
    own = LINK.sub("", MARKED.sub("", text))
    if reaction := REACTION.match(own.strip()):
        if not SAID.search(reaction[1]):
            own = f"{reaction[1]} {reaction[2] or ''}"
    else:
        own = QUOTATION.sub(_keep_if_said, own)
    return own if WORD.search(own) else MARKED.sub("", text)


def _keep_if_said(quotation: re.Match[str]) -> str:
    """Keep what the sender says that they said: I wrote “stop” three times."""
    before = quotation.string[max(0, quotation.start() - 20) : quotation.start()]
    return quotation[0] if SAID.search(before) else " "


# -- Meanings --------------------------------------------------------------------------------------


def read_text(text: str) -> Understood | None:
    """Return what a text message says in its sender's own words."""
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
    """Return the request to stop in a text, of whatever kind it is."""
    understood = read_text(text)
    return understood if understood and understood.meaning == Meaning.STOP else None


def has_no(text: str) -> bool:
    """Return whether a text asks to stop anywhere, in its quotations as well."""
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
    """Return the words of a phrase, without what stood in its gaps."""
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


#: Ways to find a request in what is left of a message; the most telling words first.
NOES: list[Callable[[str], str]] = [_by_phrase, _by_clause, _alone, _in_short, _at_an_end]


def _only(said: str, known: Collection[str]) -> str:
    """Return the words of *known*, where the text says nothing else."""
    if (whole := " ".join(WORD.findall(said))) in known:
        return whole
    telling = _find_telling(said)
    return " ".join(telling) if telling and all(word in known for word in telling) else ""


def _find_telling(said: str) -> list[str]:
    """Return the words without numbers and those that change nothing."""
    words = WORD.findall(said)
    return [word for word in words if word not in FILLERS and not word.isdigit()]


def find_keyword(text: str) -> Understood | None:
    """Return the request of a text that holds nothing else."""
    words = _only(normalise(text), ALONE)
    return Understood(Meaning.STOP, words) if words else None
