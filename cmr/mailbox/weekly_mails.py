"""Mails per week: those of the companies that write most, and those of all others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Case, F, Sum, Value, When

from cmr.mailbox.companies import WEEKS, Company, begin_period, find_last_week
from cmr.models import Consumer, SenderWeek

#: The organisations that are counted on their own.
MOST_SERIES = 5
#: Stands for all other organisations.
OTHERS = ""


@dataclass(frozen=True, slots=True)
class WeeklySeries:
    """The mails of one organisation, or of all `OTHERS`, in each week."""

    organisation: str
    mails: Sequence[int]

    @property
    def number(self) -> int:
        return sum(self.mails)


@dataclass(frozen=True, slots=True)
class WeeklyMails:
    """The Mondays of the last `WEEKS`, oldest first, and the series, most mails first."""

    weeks: Sequence[date]
    series: Sequence[WeeklySeries]


def count_weekly_mails(consumer: Consumer, companies: Sequence[Company]) -> WeeklyMails | None:
    """Return the mails of each week, up to the newest one; None without mail that has a time.

    *companies* are all of the person's.
    """
    newest = max((each.last_at for each in companies if each.last_at), default=None)
    if (last := find_last_week(newest)) is None:
        return None
    weeks = [last - timedelta(weeks=back) for back in reversed(range(WEEKS))]
    biggest = _find_biggest(companies)
    counts = _count(consumer, last, biggest)
    series = [
        WeeklySeries(name, [counts.get((week, name), 0) for week in weeks])
        for name in (*biggest, OTHERS)
    ]
    return WeeklyMails(weeks, [each for each in series if each.number])


def _find_biggest(companies: Sequence[Company]) -> list[str]:
    mails: Counter[str] = Counter()
    for each in companies:
        mails[each.organisation] += each.recent
    ranked = sorted(mails, key=lambda name: (-mails[name], name))
    return ranked[:MOST_SERIES]


def _count(
    consumer: Consumer, last: date, organisations: Sequence[str]
) -> Mapping[tuple[date, str], int]:
    """Return the mails by week and organisation. Others than *organisations* count together."""
    name = Case(
        When(sender__organisation__in=organisations, then=F("sender__organisation")),
        default=Value(OTHERS),
    )
    weeks = SenderWeek.objects.filter(sender__consumer=consumer, week__gt=begin_period(last))
    rows = weeks.annotate(name=name).values_list("week", "name").annotate(number=Sum("mails"))
    return {(week, named): number for week, named, number in rows}
