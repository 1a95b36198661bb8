"""The list of a person's brands: which of them the person looks for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.http import QueryDict

from cmr.models import Consumer
from cmr.portal import brand_summaries

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
        show if show in brand_summaries.STATES else "",
        sort if sort in brand_summaries.SORTS else brand_summaries.SORTS[0],
    )


def find_slugs(consumer: Consumer, asked: QueryDict, *, now: datetime) -> list[str]:
    """Return the brands of the whole list that the query *asked* names, whatever its page."""
    wanted = read_filter(asked)
    found = brand_summaries.list_rows(consumer, now=now, words=wanted.words)
    kept = brand_summaries.filter_rows(found, show=wanted.show, sort=wanted.sort)
    return [row.relationship.brand.slug for row in kept]
