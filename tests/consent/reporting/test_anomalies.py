"""Days whose opt-outs are far from usual."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from brands.models import Brand
from consent.models import Anomaly, BrandCount, DailyCount
from consent.reporting import anomalies

NOW = datetime(2026, 6, 3, 9, tzinfo=UTC)


TODAY = NOW.date()


@pytest.fixture
def counts(acme: Brand, rival: Brand) -> None:
    """Thirty days of five opt-outs a day; on the last of them sixty, most by one campaign."""
    for ago in range(30):
        day = TODAY - timedelta(days=ago)
        for brand in (acme, rival):
            number = 60 if ago == 0 and brand == acme else 5
            BrandCount.objects.create(
                brand=brand, day=day, opt_outs=number, started=ago == 29 and 900
            )
            DailyCount.objects.create(brand=brand, day=day, opt_outs=number, campaign="spring")


def test_refresh_unusual_day_stores_anomaly_with_campaign(counts: None) -> None:
    for _ in anomalies.refresh_all_anomalies(now=NOW):
        pass
    note = Anomaly.objects.get()
    assert (note.brand.slug, note.day, note.opt_outs) == ("acme", TODAY, 60)
    assert (note.campaign, note.of_campaign, note.people) == ("spring", 60, 900)
    assert note.usual == 5 / 900


@pytest.mark.parametrize(
    ("today", "before", "stands_out"),
    [
        (60, [5] * 28, True),
        (14, [5] * 28, True),  # 0.6745 × 9 ÷ (0.6745 × √5) = 4.02
        (12, [5] * 28, False),  # 3.13
        (9, [0] * 28, False),  # too few
        (60, [5] * 10, False),  # too short a past
        (60, [40, 60, 20, 80] * 7, False),  # it is like that
        (60, [5] * 27 + [500], True),  # an earlier outlier hides nothing
    ],
)
def test_judge_day_compares_with_usual_days(
    today: int, before: list[int], stands_out: bool
) -> None:
    assert (anomalies.judge_day(today, before, 900) is not None) == stands_out
