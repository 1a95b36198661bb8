"""Days on which far more people than usual left a brand.

Note [Anomalies]. A day's opt-out rate is held against the brand's own `DAYS` days before, by
Iglewicz and Hoaglin's modified z-score: 0.6745 times its distance from their median, in units of
the median absolute deviation. Above 3.5, their threshold, it is noted. Median and MAD are not moved
by an earlier outlier, as mean and standard deviation would be. Where the days before were all
alike the MAD is nothing; then, and wherever it is less, the spread that chance gives a count around
the median is taken (the square root of the expected number). Fewer than `LEAST` opt-outs, or
`FEWEST` days of history, are never noted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from math import sqrt
from statistics import median
from typing import NamedTuple

from django.db.models import Sum

from consent.models import Anomaly, BrandCount, DailyCount
from consent.reporting.rates import Period

DAYS = 28
THRESHOLD = 3.5
#: Makes the MAD comparable to a standard deviation of a normal distribution.
CONSISTENCY = 0.6745
LEAST, FEWEST = 10, 14


class Verdict(NamedTuple):
    usual: float
    score: float


def judge_day(today: int, before: Sequence[int], people: int) -> Verdict | None:
    """Whether a day's opt-outs stand out from those of the days before; None where not.

    All are of so many *people*; the usual rate is theirs.
    """
    if today < LEAST or len(before) < FEWEST or people <= 0:
        return None
    usual = median(before)
    spread = median(abs(each - usual) for each in before)
    score = CONSISTENCY * (today - usual) / max(spread, CONSISTENCY * sqrt(max(usual, 1)))
    return Verdict(usual / people, score) if score > THRESHOLD else None


def refresh_due_anomalies(*, now: datetime) -> int:
    """Judge yesterday and today of every brand; return how many days stand out."""
    today = now.date()
    return sum(_judge_day(day) for day in (today - timedelta(days=1), today))


def refresh_all_anomalies(*, now: datetime) -> Iterator[date]:
    """Judge every day there is, and forget what was noted before; yields each."""
    Anomaly.objects.all().delete()
    days = BrandCount.objects.order_by("day").values_list("day", flat=True).distinct()
    for day in list(days):
        _judge_day(day)
        yield day


def _judge_day(day: date) -> int:
    counts = BrandCount.objects.filter(day=day, opt_outs__gte=LEAST)
    return sum(
        _note(brand_id, day, number) for brand_id, number in counts.values_list("brand", "opt_outs")
    )


def _note(brand_id: int, day: date, today: int) -> bool:
    before = _before(brand_id, day)
    people = _people(brand_id, day)
    if not (verdict := judge_day(today, before, people)):
        Anomaly.objects.filter(brand_id=brand_id, day=day).delete()
        return False
    campaign, number = _campaign(brand_id, day)
    Anomaly.objects.update_or_create(
        brand_id=brand_id,
        day=day,
        defaults={
            "opt_outs": today,
            "people": people,
            "usual": verdict.usual,
            "score": verdict.score,
            "campaign": campaign if number * 2 > today else "",
            "of_campaign": number if number * 2 > today else 0,
        },
    )
    return True


def _before(brand_id: int, day: date) -> list[int]:
    """The opt-outs of the days before, since the brand's first; a day without any counts as 0."""
    rows = BrandCount.objects.filter(brand_id=brand_id, day__lt=day)
    first = rows.order_by("day").values_list("day", flat=True).first()
    if first is None:
        return []
    start = max(first, day - timedelta(days=DAYS))
    known = dict(rows.filter(day__gte=start).values_list("day", "opt_outs"))
    return [known.get(each, 0) for each in Period(start, day - timedelta(days=1))]


def _people(brand_id: int, day: date) -> int:
    rows = BrandCount.objects.filter(brand_id=brand_id, day__lte=day)
    sums = rows.aggregate(started=Sum("started"), ended=Sum("ended"))
    return (sums["started"] or 0) - (sums["ended"] or 0)


def _campaign(brand_id: int, day: date) -> tuple[str, int]:
    """The campaign that most of the day's opt-outs answer, and how many."""
    rows = DailyCount.objects.filter(brand_id=brand_id, day=day).exclude(campaign="")
    sums = rows.values_list("campaign").annotate(number=Sum("opt_outs")).order_by("-number")
    return sums.first() or ("", 0)
