"""Outcomes of outgoing requests."""

from __future__ import annotations

from django.db import models


class Outcome(models.TextChoices):
    """How one attempt ended."""

    DELIVERED = "delivered"  # any 2xx
    REFUSED = "refused"  # a response that is not 2xx
    TIMED_OUT = "timed_out"  # no complete response within the deadline
    UNREACHABLE = "unreachable"  # no connection, or it broke
    FORBIDDEN = "forbidden"  # our own guard refused to connect
    CANCELLED = "cancelled"  # we aborted: disabled, recalled, or another worker took over
