"""How one outgoing request ended."""

from __future__ import annotations

from django.db import models


class Outcome(models.TextChoices):
    """How one try ended."""

    DELIVERED = "delivered"  # any 2xx
    REFUSED = "refused"  # an answer that is not 2xx
    TIMED_OUT = "timed_out"  # no whole answer within the deadline
    UNREACHABLE = "unreachable"  # no connection, or it broke
    FORBIDDEN = "forbidden"  # our own guard would not connect
    CANCELLED = "cancelled"  # we broke it off: disabled, recalled, or another took over
