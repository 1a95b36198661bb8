"""How long yeses last: Kaplan and Meier's estimate, with its band."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from math import isnan

#: Of the bands.
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class SurvivalPoint:
    """The share of yeses that outlive `days`, with its band, and how many were watched."""

    days: int
    share: float
    #: None where the band has no ends: the share is 1, or 0.
    low: float | None
    high: float | None
    at_risk: int


def estimate_survival(lives: Iterable[tuple[int, bool, int]]) -> list[SurvivalPoint]:
    """Of lives as days, whether a no ended them, and how many: a point a day on which one ended.

    Bands are Greenwood's on the log(−log) scale, at `CONFIDENCE`; the curve starts at day 0 with 1.
    """
    import numpy as np  # here, for the pages that need it alone: it takes a while to load
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
    # What still stood at the end of a day was watched through it: the library takes the same time
    # of an end and of the last look as "ended first", as it should be.
    data = stats.CensoredData(uncensored=ended.astype(float), right=seen.astype(float))
    sf = stats.ecdf(data).sf
    with warnings.catch_warnings():  # it has no band where the share is 1 or 0, and says so
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
    """The day after which fewer than half are left; None while more are."""
    return next((point.days for point in points if point.share <= 0.5), None)
