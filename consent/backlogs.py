"""Backlogs of the workers, for monitoring."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Count, F, Min, Sum

from consent.models import Ending, Import, Propagation, ReportExport

# Numbers that a restore skipped (`brands.events.restore_gaps`) do not count. The oldest event may
# follow such a gap. The lateral join uses the index of the stream's own key.
UNCOUNTED = """
SELECT coalesce(sum(head.last_sequence - place.sequence - (
        SELECT coalesce(sum(gap.last - greatest(gap.first - 1, place.sequence)), 0)
        FROM brands_streamgap gap
        WHERE gap.brand_id = head.brand_id AND gap.last > place.sequence
    )), 0), min(oldest.timestamp)
FROM brands_streamhead head
JOIN brands_brand brand ON brand.id = head.brand_id AND NOT brand.test
LEFT JOIN consent_metricscursor held ON held.brand_id = head.brand_id
CROSS JOIN LATERAL (SELECT coalesce(held.sequence, 0) AS sequence) place
LEFT JOIN LATERAL (
    SELECT event.timestamp FROM brands_event event
    WHERE event.brand_id = head.brand_id AND event.sequence > place.sequence
    ORDER BY event.sequence LIMIT 1
) oldest ON true
WHERE head.last_sequence > place.sequence
"""


class Backlog(NamedTuple):
    items: int
    #: The age of the oldest item, in seconds; 0 if there is none.
    seconds: float


def measure_backlogs(*, now: datetime) -> dict[str, Backlog]:
    """Return the backlog of each kind of work."""
    found = {
        "choices": _measure_choices(),
        "endings": _measure_endings(now),
        "counts": _measure_counts(),
        "imports": _measure_imports(),
        "exports": _measure_exports(),
    }
    return {work: _backlog_of(*each, now=now) for work, each in found.items()}


def _backlog_of(items: int | None, oldest: datetime | None, *, now: datetime) -> Backlog:
    # A time that was rounded up may be in the future.
    seconds = max(0.0, (now - oldest).total_seconds()) if oldest else 0.0
    return Backlog(items or 0, seconds)


def _measure_choices() -> tuple[Any, Any]:
    """Measure the choices that are not yet in every brand's stream."""
    pending = Propagation.objects.filter(done_at=None)
    return _build_backlog(pending.aggregate(items=Count("pk"), oldest=Min("entry__recorded_at")))


def _measure_endings(now: datetime) -> tuple[Any, Any]:
    """Measure the choices that ended and whose brands are not notified yet."""
    due = Ending.objects.due(now).order_by()
    return _build_backlog(due.aggregate(items=Count("pk"), oldest=Min("ends_at")))


def _measure_counts() -> tuple[Any, Any]:
    """Measure the events that no report has counted yet."""
    with connection.cursor() as cursor:
        cursor.execute(UNCOUNTED)
        items, oldest = cursor.fetchone()
    return int(items), oldest


def _measure_imports() -> tuple[Any, Any]:
    """Measure the remaining rows of running imports.

    Their age counts from the start of the import.
    """
    applying = Import.objects.filter(state=Import.State.APPLYING)
    left = Sum(F("rows") - F("applied") - F("bad"))
    return _build_backlog(applying.aggregate(items=left, oldest=Min("started_at")))


def _measure_exports() -> tuple[Any, Any]:
    """Measure the ordered report downloads that are not written yet."""
    waiting = ReportExport.objects.filter(state=ReportExport.State.WAITING)
    return _build_backlog(waiting.aggregate(items=Count("pk"), oldest=Min("asked_at")))


def _build_backlog(found: dict[str, Any]) -> tuple[Any, Any]:
    return found["items"], found["oldest"]
