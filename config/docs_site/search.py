"""Finding words in the documentation."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from config.docs_site import contents, reference, rendering
from config.docs_site.contents import Page

MOST_RESULTS = 30
LONGEST_QUERY = 100
AROUND = 90  # characters shown before and after the first word found
#: What counts for how many times the word in the text, where nine times is the most.
IN_HEADING, IN_LABEL, IN_TEXT = 30, 10, 9
#: An ending that does not tell words apart: bounce, bounces, bounced, bouncing.
ENDING = re.compile(r"(?<=\w{4})(?:ings?|ed|es|s|e)$")
#: As people look for it, and as it is written here.
WRITTEN_HERE = {"timezone": "time zone", "timezones": "time zone"}


@dataclass(frozen=True, slots=True)
class Entry:
    """A heading, with what stands under it."""

    page: Page
    anchor: str
    heading: str
    text: str

    @property
    def url(self) -> str:
        return f"{self.page.url}#{self.anchor}"


@dataclass(frozen=True, slots=True)
class Result:
    entry: Entry
    excerpt: list[tuple[str, bool]]
    """Pieces of the text, and whether each is a word that was looked for."""


def find(query: str) -> list[Result]:
    """The headings and passages that hold every word of *query*, the best first."""
    words = _words(query[:LONGEST_QUERY])
    if not words:
        return []
    scored = [(_score(entry, words), entry) for entry in entries()]
    found = [(_is_aside(entry.page), -score, entry) for score, entry in scored if score]
    best = sorted(found, key=lambda each: each[:2])
    return [Result(entry, _excerpt(entry.text, words)) for *_, entry in best[:MOST_RESULTS]]


def _words(query: str) -> list[str]:
    """Without their endings, so that each is the beginning of the words that it stands for."""
    asked = " ".join(WRITTEN_HERE.get(word, word) for word in query.casefold().split())
    return [ENDING.sub("", word) for word in asked.split()]


def _is_aside(page: Page) -> bool:
    """What is read for another reason than to get something done, and comes after all else."""
    return page.address.startswith(("adr", "examples/", "changelog"))


@cache
def entries() -> list[Entry]:
    found = [
        Entry(page, passage.anchor, passage.heading, passage.text)
        for page in contents.pages().values()
        if page.file
        for passage in rendering.document_of(page).passages
    ]
    page = contents.pages()[contents.REFERENCE]
    calls = (call for group in reference.groups() for call in group.calls)
    return found + [Entry(page, each.anchor, each.name, " ".join(each.about)) for each in calls]


def _score(entry: Entry, words: list[str]) -> int:
    """0 unless every word is there."""
    heading, label = entry.heading.casefold(), entry.page.label.casefold()
    text = entry.text.casefold()
    counts = [
        IN_HEADING * (word in heading) + IN_LABEL * (word in label) + min(text.count(word), IN_TEXT)
        for word in words
    ]
    return sum(counts) if all(counts) else 0


def _excerpt(text: str, words: list[str]) -> list[tuple[str, bool]]:
    pattern = re.compile("|".join(re.escape(word) + r"\w*" for word in words), re.IGNORECASE)
    first = pattern.search(text)
    start = max(0, first.start() - AROUND) if first else 0
    shown = " ".join(text[start : start + 2 * AROUND].split())
    if start:
        shown = "… " + shown.partition(" ")[2]
    if start + 2 * AROUND < len(text):
        shown = shown.rpartition(" ")[0] + " …"
    pieces, place = [], 0
    for hit in pattern.finditer(shown):
        pieces += [(shown[place : hit.start()], False), (hit.group(), True)]
        place = hit.end()
    return [*pieces, (shown[place:], False)]
