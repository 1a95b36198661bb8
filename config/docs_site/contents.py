"""Which pages there are, in which order, and which file each is made of.

A page whose file is missing is in no list, so one can be named here before it is written.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

from django.conf import settings

URL = "/docs/"
FOLDER: Path = settings.BASE_DIR / "docs"
REFERENCE = "reference"
#: Below which the files are pages, though only the page that leads to them is in the navigation.
DEEPER = ("adr/*.md", "examples/*.py", "examples/**/*.md", "examples/**/*.py")

#: Section by section: the file, its name in the navigation, and what it is about.
GUIDES = {
    "Start": [
        ("quickstart.md", "Quickstart", "From nothing to the first check, no and webhook."),
    ],
    "Guides": [
        ("checking.md", "Check before you send", "May I? And what the answer tells you."),
        ("sending.md", "Send a newsletter", "A whole program, from the question to the mail."),
        ("keeping-a-copy.md", "Keep a copy", "Every change in order, by the feed."),
        ("what-brands-learn.md", "What you learn", "About a person: what you read, and what not."),
        ("imports.md", "Import people", "Bring the people and consents that you have."),
        ("links.md", "Unsubscribe links", "The two links that every mail carries."),
        ("webhooks.md", "Webhooks", "Be told of every change, and miss none."),
        ("inbound.md", "Inbound", "What reaches you elsewhere, and how it gets here."),
        ("console.md", "The console", "Keys, webhooks, imports and reports by hand."),
        ("test-mode.md", "Test mode", "Try everything without touching anybody."),
        ("going-live.md", "Go live", "Proof of domain, and what changes then."),
        ("client.md", "Tools", "The Python client and the command line."),
        ("exports.md", "Exports", "Take everything with you."),
        ("receipts.md", "Receipts", "Signed proof of each choice."),
        ("reports.md", "Reports", "Rates, reasons, and how fast a no is honoured."),
        ("precedence.md", "The rule that decides", "Which word counts, case by case."),
        ("portal.md", "The portal", "What the person sees and can do."),
    ],
    "Reference": [
        ("api.md", "API guide", "Keys, scopes, calls, events and limits."),
        (REFERENCE, "API reference", "Every call with its fields and answers."),
        ("events.md", "Event catalogue", "What you are sent, with schemas and examples."),
        ("errors.md", "Error catalogue", "Every code, and what to do about it."),
        ("../CHANGELOG.md", "Changelog", "What changed for those who use it."),
    ],
    "Operate": [
        ("operations.md", "Operations", "Running it for real: settings, scale, repair."),
        ("outbound.md", "Outbound", "Where webhooks may go, and what guards that."),
        ("chaos.md", "Chaos", "Parts killed for real, and nothing lost."),
        ("benchmarks.md", "Benchmarks", "How fast, beside the limits."),
        ("adr/README.md", "Decisions", "Why it is as it is."),
    ],
}


@dataclass(frozen=True, slots=True)
class Page:
    """*file* is None where the page is made of the API's schema."""

    address: str
    label: str
    about: str = ""
    file: Path | None = None

    @property
    def url(self) -> str:
        return URL + self.address


@dataclass(frozen=True, slots=True)
class Section:
    label: str
    pages: list[Page]


@cache
def sections() -> list[Section]:
    """The navigation."""
    found = [
        Section(label, [page for each in pages if (page := _page(*each))])
        for label, pages in GUIDES.items()
    ]
    return [section for section in found if section.pages]


def _page(name: str, label: str, about: str) -> Page | None:
    if name == REFERENCE:
        return Page(REFERENCE, label, about)
    file = (FOLDER / name).resolve()
    return Page(_address(file), label, about, file) if file.exists() else None


def _address(file: Path) -> str:
    if not file.is_relative_to(FOLDER):
        return file.stem.lower()
    path = file.relative_to(FOLDER)
    whole = path.parent if path.name == "README.md" else path
    return str(whole.with_suffix("") if path.suffix == ".md" else whole)


def _heading(file: Path) -> str:
    first = file.read_text(encoding="utf-8").partition("\n")[0]
    return first.removeprefix("# ") if file.suffix == ".md" else file.name


@cache
def pages() -> dict[str, Page]:
    """All there are, by address."""
    listed = [page for section in sections() for page in section.pages]
    deeper = [
        Page(_address(file), _heading(file), file=file)
        for pattern in DEEPER
        for file in sorted(FOLDER.glob(pattern))
    ]
    return {page.address: page for page in [*deeper, *listed]}


@cache
def urls_of_files() -> dict[Path, str]:
    return {page.file: page.url for page in pages().values() if page.file}


def neighbours(page: Page) -> tuple[Page | None, Page | None]:
    """The one before and the one after, as one reads on."""
    listed = [None, *(each for section in sections() for each in section.pages), None]
    before = {after: before for before, after in pairwise(listed) if after}
    after = {before: after for before, after in pairwise(listed) if before}
    return before.get(page), after.get(page)
