"""Rate limits: one table of limits, with the counts in one shared store."""

from cmr.rate_limits.callers import group_address
from cmr.rate_limits.limits import (
    CountedAttempt,
    LimitsUnavailable,
    TooManyAttempts,
    count_attempt,
    count_attempt_quietly,
    delete_expired_counts,
    use_secret_once,
)

__all__ = [
    "CountedAttempt",
    "LimitsUnavailable",
    "TooManyAttempts",
    "count_attempt",
    "count_attempt_quietly",
    "delete_expired_counts",
    "group_address",
    "use_secret_once",
]
