"""The filters of a person's list of companies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from urllib.parse import urlencode

from django.http import QueryDict

from cmr import mailbox
from cmr.models import Consumer
from cmr.portal import brand_summaries, company_rows, mailbox_words, words
from cmr.portal.company_rows import CompanyRow

#: The number of brands that can be selected at once.
MOST_CHOSEN = 500
SORTS = ("bother", "name", "new")


@dataclass(frozen=True, slots=True)
class CompanyFilter:
    """The filter, as the page's URL states it. An empty part filters nothing."""

    q: str = ""
    show: str = ""
    kind: str = ""
    letter: str = ""
    category: str = ""
    #: The organisational domain of a sender.
    company: str = ""
    sort: str = SORTS[0]

    @property
    def query(self) -> str:
        """Return the filter as a query string, for links to other pages of the list."""
        stated = {name: value for name, value in asdict(self).items() if value}
        return urlencode({**stated, "sort": self.sort})

    @property
    def is_narrowed(self) -> bool:
        """Return whether anything but the kind filters the list."""
        return any((self.q, self.show, self.letter, self.category, self.company))


@dataclass(frozen=True, slots=True)
class FilterLink:
    """A link that filters the list, with the number of rows that it shows."""

    text: str
    query: str
    number: int
    is_current: bool


#: Whether a row belongs to what a part of the filter names.
TESTS: dict[str, Callable[[CompanyRow, str], bool]] = {
    "show": lambda row, value: (
        row.summary is not None and brand_summaries.has_state(row.summary, value)
    ),
    "kind": lambda row, value: row.has_receipts if value == "receipts" else row.kind == value,
    "letter": lambda row, value: row.letter == value,
    "category": lambda row, value: value in row.categories,
    "company": lambda row, value: value in row.organisations,
}


def read_filter(asked: QueryDict) -> CompanyFilter:
    """Return the filter of a query. Ignore invalid values."""
    texts = {
        name: asked.get(name, "")[:253].replace("\0", "").strip()
        for name in ("letter", "category", "company")
    }
    show, kind, sort = (asked.get(name, "") for name in ("show", "kind", "sort"))
    return CompanyFilter(
        q=asked.get("q", "")[:100].replace("\0", "").strip(),
        show=show if show in brand_summaries.STATES else "",
        kind=kind if kind in mailbox_words.KINDS else "",
        sort=sort if sort in SORTS else SORTS[0],
        **texts,
    )


def filter_rows(
    rows: Iterable[CompanyRow], wanted: CompanyFilter, *, without: str = ""
) -> list[CompanyRow]:
    """Return the rows that match the filter, but for its part *without*."""
    parts = [(TESTS[name], getattr(wanted, name)) for name in TESTS if name != without]
    tests = [(test, value) for test, value in parts if value]
    return [row for row in rows if all(test(row, value) for test, value in tests)]


def list_kinds(rows: Sequence[CompanyRow], wanted: CompanyFilter) -> list[FilterLink]:
    """Return a link for each kind of company that the person has, and for all of them."""
    kept = filter_rows(rows, wanted, without="kind")
    counts = Counter(row.kind for row in kept)
    counts["receipts"] = sum(row.has_receipts for row in kept)
    counts[""] = len(kept)
    return [
        _build_link(str(text), counts[kind], wanted, kind=kind)
        for kind, text in mailbox_words.KINDS.items()
        if counts[kind] or kind in ("", wanted.kind)
    ]


def list_letters(rows: Sequence[CompanyRow], wanted: CompanyFilter) -> list[FilterLink]:
    """Return a link for each first letter."""
    counts = Counter(row.letter for row in filter_rows(rows, wanted, without="letter"))
    names = {company_rows.OTHER_LETTERS: "0–9 …"}
    return [
        _build_link(names.get(letter, letter), counts[letter], wanted, letter=letter)
        for letter in sorted(counts)
    ]


def list_categories(rows: Sequence[CompanyRow], wanted: CompanyFilter) -> list[FilterLink]:
    """Return a link for each category of brands, by name."""
    kept = filter_rows(rows, wanted, without="category")
    counts = Counter(code for row in kept for code in row.categories)
    links = [
        _build_link(str(words.CATEGORIES.get(code, code)), number, wanted, category=code)
        for code, number in counts.items()
    ]
    return sorted(links, key=lambda link: link.text)


def _build_link(text: str, number: int, wanted: CompanyFilter, **part: str) -> FilterLink:
    """Return a link that sets one part of the filter; if it is set already, one that removes it."""
    ((name, value),) = part.items()
    is_current = getattr(wanted, name) == value
    changed = replace(wanted, **{name: "" if is_current else value})
    return FilterLink(text, changed.query, number, is_current)


def find_slugs(consumer: Consumer, asked: QueryDict, *, now: datetime) -> list[str]:
    """Return the slugs of all brands that match the query *asked*, on all pages."""
    wanted = read_filter(asked)
    companies = mailbox.list_companies(consumer, mailbox.load_providers())
    found = company_rows.list_rows(consumer, companies, now=now, words=wanted.q)
    return list_slugs(filter_rows(found, wanted))


def list_slugs(rows: Iterable[CompanyRow]) -> list[str]:
    """Return the slugs of the person's brands among *rows*. Other companies take no choices."""
    return [row.brand.slug for row in rows if row.summary and row.brand]
