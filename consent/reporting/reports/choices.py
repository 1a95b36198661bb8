"""The options of a report's filters, with their display names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from brands.models import Brand, Campaign, Channel, Purpose, Topic
from consent.models import CampaignCount
from consent.models.ledger import Reason, Source
from consent.reporting.rates import Filters
from consent.reporting.reports.names import CodeNames, read_names
from consent.reporting.reports.query import EMPTY, REPORT_FILTERS

#: The maximum number of options in a list; longer ones become a text field with suggestions.
MOST_OPTIONS = 50
#: The maximum number of suggestions that a page contains; other values can still be typed.
MOST_SUGGESTED = 1_000


@dataclass(frozen=True, slots=True)
class ReportFilter:
    """A field of a report page's form."""

    name: str
    #: The value as in the URL.
    value: str = ""
    #: The code and name of each available value.
    options: tuple[tuple[str, str], ...] = ()
    #: Whether the report uses this filter; otherwise it is disabled.
    is_heeded: bool = True

    @property
    def is_typed(self) -> bool:
        return len(self.options) > MOST_OPTIONS


def build_filters(heeded: Iterable[str], values: Filters) -> list[ReportFilter]:
    """Return a field for each filter. Filters that the report does not use are disabled."""
    known = set(heeded)
    return [
        _build(name, values.get(name, ())) if name in known else ReportFilter(name, is_heeded=False)
        for name in REPORT_FILTERS
    ]


def list_brands() -> list[tuple[str, str]]:
    """Return the slugs and names of the brands, ordered by name."""
    return _named("brand", _find_codes("brand"))


def name_values(values: Filters) -> dict[str, str]:
    """Return the display names of each filter's values."""
    names = read_names(values)
    return {name: _join(name, each, names) for name, each in values.items()}


def _build(name: str, values: Sequence[str]) -> ReportFilter:
    codes = _find_codes(name)
    empty = [] if name == "brand" else [""]
    options = [(code or EMPTY, text) for code, text in _named(name, [*empty, *codes])]
    value = ",".join(each or EMPTY for each in values)
    if value and value not in dict(options):  # a link can select several values at once
        options.append((value, _join(name, values, read_names({name: values}))))
    return ReportFilter(name, value, tuple(options))


def _join(name: str, values: Sequence[str], names: CodeNames) -> str:
    return ", ".join(names.get(name, each) for each in values)


def _named(kind: str, codes: list[str]) -> list[tuple[str, str]]:
    """Return the codes with their names: fixed lists in their order, others ordered by name."""
    names = read_names({kind: codes})
    found = [(code, names.get(kind, code)) for code in codes]
    return found if kind in FIXED else sorted(found, key=lambda each: (each[0] != "", each[1]))


FIXED = {"channel": Channel.values, "reason": Reason.values, "source": Source.values}


def _find_codes(name: str) -> list[str]:
    if name in FIXED:
        return FIXED[name]
    if name == "purpose":
        return list(Purpose.objects.order_by("position").values_list("code", flat=True))
    if name == "brand":
        return _distinct(Brand.objects.filter(test=False).order_by("name"), "slug")
    if name == "topic":
        return _distinct(Topic.objects.filter(brand__test=False).order_by("code"), "code")
    named = Campaign.objects.filter(brand__test=False).order_by("code")
    counted = CampaignCount.objects.filter(brand__test=False).order_by("campaign")
    both = {*_distinct(named, "code"), *_distinct(counted, "campaign")}
    return sorted(both - {""})[:MOST_SUGGESTED]


def _distinct(rows: QuerySet[Any], column: str) -> list[str]:
    return list(rows.values_list(column, flat=True).distinct()[:MOST_SUGGESTED])
