"""What is known of a language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Language:
    """How a language asks for no more, and how it says the opposite."""

    #: Each is a request by itself, as a clause, or as the first or last word of a message.
    keywords: str
    #: A request anywhere in a short message: they have no other meaning.
    strong: str
    #: A request where the message says nothing else: "end" is also the end of a week.
    alone: str
    #: What may stand beside a word without changing what it says.
    fillers: str
    #: Lists of words for the phrases.
    words: Mapping[str, str]
    #: Phrases that ask for no more, whatever else the message says.
    requests: tuple[str, ...]
    #: Phrases that say something else. They are taken out with the rest of their clause.
    opposites: tuple[str, ...]
    start: str = ""
    help: str = ""
    #: Like `opposites`, and the whole sentence is taken out: what a footer says to its reader, and
    #: what was done by mistake.
    asides: tuple[str, ...] = field(default=())
