"""The list of a person's brands: which of them the person looks for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.http import QueryDict

from cmr import overview
from cmr.models import Consumer

#: So many brands can be chosen at once.
MOST_CHOSEN = 500


@dataclass(frozen=True, slots=True)
class Filter:
    """What the person looks for, as the address of the page says it."""

    words: str
    show: str
    sort: str

    @property
    def query(self) -> str:
        """Return it for links to other pages of the same list."""
        return urlencode({"q": self.words, "show": self.show, "sort": self.sort})


def read_filter(asked: QueryDict) -> Filter:
    """Return what the query of an address looks for; what it cannot look for is left out."""
    show, sort = asked.get("show", ""), asked.get("sort", "")
    return Filter(
        asked.get("q", "")[:100].replace("\0", "").strip(),
        show if show in overview.STATES else "",
        sort if sort in overview.SORTS else overview.SORTS[0],
    )


def find_slugs(consumer: Consumer, asked: QueryDict, *, now: datetime) -> list[str]:
    """Return the brands of the whole list that the query *asked* names, whatever its page."""
    wanted = read_filter(asked)
    found = overview.rows(consumer, now=now, words=wanted.words)
    kept = overview.selected(found, show=wanted.show, sort=wanted.sort)
    return [row.relationship.brand.slug for row in kept]
