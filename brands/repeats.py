"""For how long a repeated call is known again."""

from __future__ import annotations

from datetime import datetime, timedelta

from brands.models import Repeat

KEPT = timedelta(days=1)


def forget(*, now: datetime) -> int:
    """Drop what is older than `KEPT`; how many."""
    return Repeat.objects.filter(made_at__lt=now - KEPT).delete()[0]
