"""What a message says: no, start, help, or nothing that we understand. Pure.

Note [In doubt]. A no must not be lost, and a yes must not be made up. So a short message with a
clear word of stopping in it is a no, unless it says the opposite ("don't stop"); a long one is a no
where such a word stands as a clause of its own, begins or ends it, or where a phrase asks for it.
`start` and `help` count only where the message says nothing else; and "yes" counts for nothing, for
nobody here knows what the question was.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection
from enum import StrEnum
from typing import NamedTuple

from cmr.inbound import phrases

#: Of a longer text the rest is not read, in characters.
LONGEST = 20_000
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


APOSTROPHES = re.compile("['’‘`´ʼ＇]")
SPACES = re.compile(r"[^\S\n\r]+")
CLAUSE_ENDS = re.compile(r"[.!?;:,\n\r()\[\]{}<>|/\"“”„«»…–—]+|(?<=\s)-(?=\s)")
WORD = re.compile(r"[^\W_]+")
SPELT_OUT = re.compile(r"\b(?:[a-z][ .*_-]){3,}[a-z]\b")
#: Words that people write in two.
JOINED = [
    (re.compile(r"\bopt(?:ed)? ?-?out\b"), "optout"),
    (re.compile(r"\bopt ?-?in\b"), "optin"),
    (re.compile(r"\be ?-mail"), "email"),
    (re.compile(r"\bun[ -]subscribe"), "unsubscribe"),
]
NO = re.compile(rf"\b(?:{phrases.NO})\b")
OTHERWISE = re.compile(phrases.OTHERWISE)


def normalised(text: str) -> str:
    """Words in lower case, without accents and apostrophes, and ` ; ` between clauses."""
    folded = unicodedata.normalize("NFKD", text[:LONGEST].casefold())
    plain = "".join(letter for letter in folded if unicodedata.category(letter) not in ("Mn", "Cf"))
    plain = SPELT_OUT.sub(lambda letters: "".join(WORD.findall(letters[0])), plain)
    plain = SPACES.sub(" ", APOSTROPHES.sub("", plain))
    for apart, joined in JOINED:
        plain = apart.sub(joined, plain)
    clauses = (" ".join(WORD.findall(clause)) for clause in CLAUSE_ENDS.split(plain))
    return " ; ".join(clause for clause in clauses if clause)


def of(text: str) -> Understood | None:
    """What a text message says."""
    said = normalised(text)
    rest = OTHERWISE.sub(" ", said)
    for find in NOES:
        if words := find(rest, said):
            return Understood(Meaning.STOP, words)
    for meaning, known in ((Meaning.START, phrases.START), (Meaning.HELP, phrases.HELP)):
        if words := _only(said, known):
            return Understood(meaning, words)
    return None


def no_in(text: str) -> Understood | None:
    """The no that a text says, of whatever kind it is."""
    understood = of(text)
    return understood if understood and understood.meaning == Meaning.STOP else None


def _by_phrase(rest: str, said: str) -> str:
    found = NO.search(rest)
    return found[0] if found else ""


def _by_clause(rest: str, said: str) -> str:
    found = (_only(clause, phrases.CLEAR) for clause in rest.split(" ; "))
    return next((words for words in found if words), "")


def _alone(rest: str, said: str) -> str:
    return _only(rest, phrases.ALONE)


def _in_short(rest: str, said: str) -> str:
    is_short = len(WORD.findall(said)) <= SHORT
    found = (word for word in WORD.findall(rest) if is_short and word in phrases.CLEAR)
    return next(found, "")


def _at_an_end(rest: str, said: str) -> str:
    telling = _telling(rest)
    ends = (telling[0], telling[-1]) if telling else ()
    return next((word for word in ends if word in phrases.CLEAR), "")


#: Ways to find a no, given what is left of a message and all of it; the most telling words first.
NOES: list[Callable[[str, str], str]] = [_by_phrase, _by_clause, _alone, _in_short, _at_an_end]


def _only(said: str, known: Collection[str]) -> str:
    """The words of *known*, where the text says nothing else."""
    telling = _telling(said)
    return " ".join(telling) if telling and all(word in known for word in telling) else ""


def _telling(said: str) -> list[str]:
    """Its words without numbers and those that change nothing."""
    words = WORD.findall(said)
    return [word for word in words if word not in phrases.FILLERS and not word.isdigit()]
