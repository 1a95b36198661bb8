"""The filter of a person's list of brands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.http import QueryDict

from cmr.models import Consumer
from cmr.portal import brand_summaries

#: The number of brands that can be selected at once.
MOST_CHOSEN = 500


@dataclass(frozen=True, slots=True)
class BrandFilter:
    """The filter, as the page's URL states it."""

    words: str
    show: str
    sort: str

    @property
    def query(self) -> str:
        """Return the filter as a query string, for links to other pages of the list."""
        return urlencode({"q": self.words, "show": self.show, "sort": self.sort})


def read_filter(asked: QueryDict) -> BrandFilter:
    """Return the filter of a query. Ignore invalid values."""
    show, sort = asked.get("show", ""), asked.get("sort", "")
    return BrandFilter(
        asked.get("q", "")[:100].replace("\0", "").strip(),
        show if show in brand_summaries.STATES else "",
        sort if sort in brand_summaries.SORTS else brand_summaries.SORTS[0],
    )


def find_slugs(consumer: Consumer, asked: QueryDict, *, now: datetime) -> list[str]:
    """Return the slugs of all brands that match the query *asked*, on all pages."""
    wanted = read_filter(asked)
    found = brand_summaries.list_rows(consumer, now=now, words=wanted.words)
    kept = brand_summaries.filter_rows(found, show=wanted.show, sort=wanted.sort)
    return [row.relationship.brand.slug for row in kept]
