"""Anomaly detection: days on which unusually many people opted out of a brand.

Note [Anomalies]. A day's opt-out count is compared with the brand's previous `DAYS` days, using
Iglewicz and Hoaglin's modified z-score: 0.6745 times the distance from their median, divided by
their median absolute deviation (MAD). A score above 3.5, their threshold, is an anomaly. An earlier
outlier does not move the median and the MAD, as it would move the mean and standard deviation.

If the previous days were all alike, the MAD is 0. In that case, and wherever it is smaller, we use
the spread that chance gives a count around the median: the square root of the median. Days with
fewer than `LEAST` opt-outs, or with less than `FEWEST` days of history, are never anomalies.

Worked example: 28 days with 10 opt-outs each have the median 10 and the MAD 0. The spread is then
√10 ≈ 3.16. A day with 22 opt-outs scores (22 − 10) ÷ 3.16 ≈ 3.8 and is an anomaly; 21 scores 3.48
and is not.
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


class UnusualDay(NamedTuple):
    usual: float
    score: float


def judge_day(today: int, before: Sequence[int], people: int) -> UnusualDay | None:
    """Return how unusual *today*'s opt-outs are if they are an anomaly, else None.

    *today* and each number in *before* count opt-outs a day. *people* is the number of active
    relationships, by which the usual rate is divided.
    """
    if today < LEAST or len(before) < FEWEST or people <= 0:
        return None
    usual = median(before)
    spread = median(abs(each - usual) for each in before)
    score = CONSISTENCY * (today - usual) / max(spread, CONSISTENCY * sqrt(max(usual, 1)))
    return UnusualDay(usual / people, score) if score > THRESHOLD else None


def refresh_due_anomalies(*, now: datetime) -> int:
    """Judge yesterday and today for every brand. Return the number of anomalies found."""
    today = now.date()
    return sum(_judge_day(day) for day in (today - timedelta(days=1), today))


def refresh_all_anomalies(*, now: datetime) -> Iterator[date]:
    """Delete all anomalies and judge every counted day again. Yield each day when it is done."""
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
    """Return the daily opt-outs of up to `DAYS` days before *day*, oldest first.

    The list starts at the brand's first counted day. A day without a count is 0.
    """
    rows = BrandCount.objects.filter(brand_id=brand_id, day__lt=day)
    first = rows.order_by("day").values_list("day", flat=True).first()
    if first is None:
        return []
    start = max(first, day - timedelta(days=DAYS))
    known = dict(rows.filter(day__gte=start).values_list("day", "opt_outs"))
    return [known.get(each, 0) for each in Period(start, day - timedelta(days=1))]


def _people(brand_id: int, day: date) -> int:
    """Return the number of the brand's active relationships at the end of *day*."""
    rows = BrandCount.objects.filter(brand_id=brand_id, day__lte=day)
    sums = rows.aggregate(started=Sum("started"), ended=Sum("ended"))
    return (sums["started"] or 0) - (sums["ended"] or 0)


def _campaign(brand_id: int, day: date) -> tuple[str, int]:
    """Return the campaign that most of the day's opt-outs answer, and their number."""
    rows = DailyCount.objects.filter(brand_id=brand_id, day=day).exclude(campaign="")
    sums = rows.values_list("campaign").annotate(number=Sum("opt_outs")).order_by("-number")
    return sums.first() or ("", 0)
