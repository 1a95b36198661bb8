"""The survival curve against an example worked out by hand."""

from __future__ import annotations

import pytest

from consent.reporting import kaplan_meier


def test_estimate_survival_known_example_matches() -> None:
    """One ends after a day, two after two, two still stand after three: 4/5, then 4/5 × 2/4."""
    points = kaplan_meier.estimate_survival([(1, True, 1), (2, True, 2), (3, False, 2)])
    assert [(p.days, p.at_risk) for p in points] == [(0, 5), (1, 5), (2, 4)]
    assert [p.share for p in points] == pytest.approx([1, 0.8, 0.4])
    assert points[2].low and points[2].high and points[2].low < 0.4 < points[2].high
    assert kaplan_meier.find_median(points) == 2


def test_estimate_survival_without_ends_stays_one() -> None:
    (only,) = kaplan_meier.estimate_survival([(9, False, 7)])
    assert (only.share, only.low, only.at_risk) == (1, None, 7)
    assert kaplan_meier.estimate_survival([]) == []
    assert kaplan_meier.find_median([only]) is None
