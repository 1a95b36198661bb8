"""Kaplan–Meier estimate of how long consents last, with its confidence band."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from math import isnan

#: The confidence level of the bands.
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class SurvivalPoint:
    """The share of consents that outlive `days`, its band, and how many were at risk."""

    days: int
    share: float
    #: None if the share is 1 or 0: Greenwood's band is not defined there.
    low: float | None
    high: float | None
    at_risk: int


def estimate_survival(lives: Iterable[tuple[int, bool, int]]) -> list[SurvivalPoint]:
    """Return the survival curve: one point for day 0, then one for each day with an end.

    Each life is (days, whether a refusal ended it, number of such lives). A life without an end is
    censored. The bands are Greenwood's on the log(−log) scale, at `CONFIDENCE`. The curve starts at
    day 0 with the share 1.

    Worked example: the lives (10, True, 1), (20, False, 1) and (30, True, 2) give the points day 0:
    1.0 of 4; day 10: 1.0 × 3/4 = 0.75 of 4; day 30: 0.75 × 0/2 = 0.0 of 2.
    """
    import numpy as np  # imported here because it loads slowly and few pages need it
    from scipy import stats

    table = sorted(lives)
    ended = np.repeat(
        [days for days, dead, _ in table if dead], [n for _, dead, n in table if dead]
    )
    seen = np.repeat(
        [days for days, dead, _ in table if not dead], [n for _, dead, n in table if not dead]
    )
    if not len(ended):
        every = len(seen)
        return [SurvivalPoint(0, 1.0, None, None, every)] if every else []
    # A censored life was observed through its last day. scipy treats an end and a censoring at the
    # same time as "end first", which is what we need.
    data = stats.CensoredData(uncensored=ended.astype(float), right=seen.astype(float))
    sf = stats.ecdf(data).sf
    with warnings.catch_warnings():  # scipy warns that no band exists for the shares 1 and 0
        warnings.simplefilter("ignore", RuntimeWarning)
        band = sf.confidence_interval(CONFIDENCE, method="log-log")
    points = [SurvivalPoint(0, 1.0, None, None, len(ended) + len(seen))]
    steps = zip(
        sf.quantiles,
        sf.probabilities,
        band.low.probabilities,
        band.high.probabilities,
        strict=True,
    )
    died = set(ended.tolist())
    for days, share, low, high in steps:
        if days in died:
            at_risk = int((ended >= days).sum() + (seen >= days).sum())
            points.append(
                SurvivalPoint(int(days), float(share), _known(low), _known(high), at_risk)
            )
    return points


def _known(number: float) -> float | None:
    return None if isnan(number) else float(number)


def find_median(points: Iterable[SurvivalPoint]) -> int | None:
    """Return the first day on which at most half are left; None if more than half are."""
    return next((point.days for point in points if point.share <= 0.5), None)
