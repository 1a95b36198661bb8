"""How often random tests try: seldom in each run, `make test TIMES=10` ten times as often.

Each run draws other input, so that all runs together try much.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

TIMES = int(os.environ.get("TIMES", "1"))


def tries(examples: int) -> settings:
    """Return Hypothesis settings: so many examples, on a machine as slow as it may be."""
    ignored = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
    return settings(max_examples=examples * TIMES, deadline=None, suppress_health_check=ignored)
