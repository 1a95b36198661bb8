"""The query of a report: the period, the filters and the dimensions."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from urllib.parse import urlencode

from django.db.models import Model

from brands.models import Brand, Campaign, Channel, Purpose, Topic
from consent.models import CampaignCount
from consent.models.ledger import Reason, Source
from consent.reporting.rates import DIMENSIONS, Filters, Period
from core import time
from core.errors import DomainError
from core.time import read_day

DEFAULT_REPORT_DAYS = 28
#: The periods that a page offers, in days up to and including today.
REPORT_PRESETS = (1, 7, 28, 90)
LONGEST = 800  # days
REPORT_FILTERS = tuple(name for name in DIMENSIONS if name != "day")
#: The empty value ("any" or "not given") as it is written in a URL.
EMPTY = "-"
MOST_VALUES = 50
#: The values of filters with a fixed list, and the columns that hold the values of the others.
#: Brands need not register a campaign: it may occur only in links and checks.
FIXED = {"channel": Channel.values, "reason": Reason.values, "source": Source.values}
LOOKED_UP: dict[str, list[tuple[type[Model], str]]] = {
    "brand": [(Brand, "slug")],
    "topic": [(Topic, "code")],
    "campaign": [(Campaign, "code"), (CampaignCount, "campaign")],
}
#: The error codes for unknown values. Filters that are missing here answer `invalid_choice`.
CODES = {
    "brand": "unknown_brand",
    "channel": "unknown_channel",
    "purpose": "unknown_purpose",
    "topic": "unknown_topic",
    "campaign": "unknown_campaign",
}


class BadQuery(DomainError):
    """A query that no report can answer. `field` names the wrong parameter."""

    def __init__(self, field: str, code: str, message: str) -> None:
        super().__init__(message)
        self.field, self.code = field, code


@dataclass(frozen=True, slots=True)
class ReportQuery:
    period: Period
    filters: Filters = field(default_factory=dict)
    by: tuple[str, ...] = ()
    sort: str = ""
    #: The number of days, if the period was given as one.
    preset: int | None = None

    def query(self, **changes: str) -> dict[str, str]:
        """Return the URL parameters of this query with *changes*. Empty values are left out."""
        said = {name: ",".join(v or EMPTY for v in values) for name, values in self.filters.items()}
        if self.preset:
            said["days"] = str(self.preset)
        else:
            said |= {"first": str(self.period.first), "last": str(self.period.last)}
        said |= {"by": ",".join(self.by), "sort": self.sort} | changes
        return {name: value for name, value in said.items() if value}

    def encoded(self, **changes: str) -> str:
        return urlencode(self.query(**changes))


def read_report_query(
    query: Mapping[str, str], *, today: date, days: int = DEFAULT_REPORT_DAYS
) -> ReportQuery:
    """Return the report query of URL parameters. The default period is the last *days* days.

    Raises:
        BadQuery
    """
    preset, period = _period(query, today, days)
    by = tuple(each.strip() for each in query.get("by", "").split(",") if each.strip())
    if len(set(by)) < len(by):
        raise BadQuery("by", "unknown_dimension", "name each dimension only once")
    filters = {name: _values(query[name], name) for name in REPORT_FILTERS if query.get(name)}
    return ReportQuery(period, filters, by, query.get("sort", ""), preset)


def known_dimensions(by: tuple[str, ...], known: Collection[str]) -> None:
    """Check that the report can be broken down by all of *by*.

    Raises:
        BadQuery
    """
    if unknown := [each for each in by if each not in known]:
        raise BadQuery("by", "unknown_dimension", f"cannot report by {unknown[0]!r}")


def check_values(filters: Filters) -> None:
    """Check that the values exist. A report on unknown ones would look as if nothing had happened.

    Raises:
        BadQuery
    """
    for name, values in filters.items():
        if unknown := sorted({*values} - {*_known(name, values)}):
            raise BadQuery(
                name,
                CODES.get(name, "invalid_choice"),
                f"There is no {name} {unknown[0] or EMPTY!r}.",
            )


def _known(name: str, values: Collection[str]) -> set[str]:
    """Return a set that contains those of *values* that exist, and possibly others.

    Empty text means "any" and always exists, except for a brand. Values that exist only in test
    mode are left out, because no report contains them.
    """
    known = set(FIXED.get(name, ()))
    if name == "purpose":
        known.update(Purpose.objects.filter(code__in=values).values_list("code", flat=True))
    for model, column in LOOKED_UP.get(name, ()):
        test = "test" if model is Brand else "brand__test"
        rows = model._default_manager.filter(**{f"{column}__in": values, test: False})
        known.update(rows.values_list(column, flat=True).distinct())
    return known if name == "brand" else known | {""}


def _values(text: str, name: str) -> tuple[str, ...]:
    if "\0" in text:
        raise BadQuery(name, "null_characters_not_allowed", "Null characters are not allowed.")
    values = tuple("" if each == EMPTY else each for each in text.split(",") if each)
    if len(values) > MOST_VALUES:
        raise BadQuery(name, "invalid", f"Use at most {MOST_VALUES} values.")
    return values


def _period(query: Mapping[str, str], today: date, days: int) -> tuple[int | None, Period]:
    if not query.get("first") and not query.get("last"):
        wanted = _days(query.get("days") or str(days))
        return wanted, Period(today - timedelta(days=wanted - 1), today)
    last = _day(query, "last") or today
    first = _day(query, "first") or last - timedelta(days=days - 1)
    period = Period(first, last)
    if first > last:
        raise BadQuery("first", "ends_before_start", "`first` is later than `last`.")
    if period.days > LONGEST:
        raise BadQuery("first", "invalid", f"Use a period of at most {LONGEST} days.")
    return None, period


def _days(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= LONGEST:
        raise BadQuery("days", "invalid", f"Use a number of days from 1 to {LONGEST}.")
    return int(text)


def _day(query: Mapping[str, str], name: str) -> date | None:
    if not (text := query.get(name)):
        return None
    try:
        day = read_day(text)
    except ValueError as error:
        message = "Write dates like 2026-11-22."
        raise BadQuery(name, "invalid", message) from error
    if not time.is_day_in_range(day):
        raise BadQuery(name, "out_of_range", "Use a day between the years 1900 and 2199.")
    return day
