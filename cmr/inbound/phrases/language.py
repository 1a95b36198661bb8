"""The type of a language's phrases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Language:
    """How people ask to stop in one language, and how they say the opposite."""

    #: Each is a request on its own, as a clause, or as the first or last word of a message.
    keywords: str
    #: A request anywhere in a short message, because these words have no other meaning.
    strong: str
    #: A request if the message says nothing else: "end" is also the end of a week.
    alone: str
    #: Words that do not change the meaning of the words around them.
    fillers: str
    #: Named lists of words for the phrases.
    words: Mapping[str, str]
    #: Phrases that ask to stop, whatever else the message says.
    requests: tuple[str, ...]
    #: Phrases that say something else. They are removed with the rest of their clause.
    opposites: tuple[str, ...]
    start: str = ""
    help: str = ""
    #: Like `opposites`, but the whole sentence is removed: what a footer says to its reader, and
    #: what was done by mistake.
    asides: tuple[str, ...] = field(default=())
