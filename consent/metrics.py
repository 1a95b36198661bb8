"""Counting what people decided, exactly once, with a cursor on each brand's stream."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import F

from brands import stream
from brands.models import Event, StreamHead
from consent.models import DailyCount, MetricsCursor, RefusedLift

BATCH = 2_000

#: Which counter an event's decision adds to. A `clear` is neither a yes nor a no.
COUNTED_AS = {"deny": "opt_outs", "grant": "opt_ins", "pause": "pauses", "limit": "limits"}
COUNTERS = tuple(COUNTED_AS.values())


class Kind(NamedTuple):
    """What the counts of one row have in common: the columns of `DailyCount`, in order."""

    day: date
    brand_id: int
    purpose: str
    channel: str
    topic: str
    campaign: str
    reason: str
    source: str


UPSERT = """
INSERT INTO consent_dailycount AS held ({columns}, {counters}) VALUES ({values})
ON CONFLICT ({columns}) DO UPDATE SET {sums}
""".format(
    columns=", ".join(Kind._fields),
    counters=", ".join(COUNTERS),
    values=", ".join(["%s"] * (len(Kind._fields) + len(COUNTERS))),
    sums=", ".join(f"{name} = held.{name} + EXCLUDED.{name}" for name in COUNTERS),
)


def roll_up() -> int:
    """Count what is new in every stream; return how many events were read."""
    return sum(_roll_up_brand(brand_id) for brand_id in behind())


def behind() -> list[int]:
    """The brands whose stream goes on after their cursor, or that have none yet."""
    heads = StreamHead.objects.filter(last_sequence__gt=0)
    done = heads.filter(brand__metricscursor__sequence=F("last_sequence"))
    return list(heads.exclude(pk__in=done.values("pk")).values_list("brand_id", flat=True))


def rebuild(brand_id: int) -> None:
    """Forget a brand's counts and count its whole stream again."""
    with transaction.atomic():
        cursor = MetricsCursor.objects.select_for_update().get(brand_id=brand_id)
        DailyCount.objects.filter(brand_id=brand_id).delete()
        cursor.sequence = 0
        cursor.save(update_fields=["sequence"])
    _roll_up_brand(brand_id)


def _roll_up_brand(brand_id: int) -> int:
    read = 0
    while batch := _roll_up_batch(brand_id):
        read += batch
    return read


def _roll_up_batch(brand_id: int) -> int:
    """Count one batch; 0 at the end of the stream, or where another worker is at it."""
    MetricsCursor.objects.get_or_create(brand_id=brand_id)
    with transaction.atomic():
        rows = MetricsCursor.objects.select_for_update(skip_locked=True)
        if not (cursor := rows.filter(brand_id=brand_id).first()):
            return 0
        events = stream.read(brand_id, after=cursor.sequence, limit=BATCH)
        if events:
            _add(fold(events))
            cursor.sequence = events[-1].sequence
            cursor.save(update_fields=["sequence"])
        return len(events)


def fold(events: Iterable[Event]) -> Counter[tuple[Kind, str]]:
    """How many events of each kind fall under each counter."""
    return Counter(
        (_kind(event), COUNTED_AS[event.decision])
        for event in events
        if event.decision in COUNTED_AS
    )


def _kind(event: Event) -> Kind:
    return Kind(
        event.timestamp.astimezone(UTC).date(),
        event.brand_id,
        event.purpose,
        event.channel,
        event.topic,
        event.campaign,
        event.reason,
        event.source,
    )


def _add(counts: Counter[tuple[Kind, str]]) -> None:
    kinds = sorted({kind for kind, _ in counts})
    rows: list[tuple[Any, ...]] = [
        (*kind, *(counts[kind, name] for name in COUNTERS)) for kind in kinds
    ]
    with connection.cursor() as cursor:
        cursor.executemany(UPSERT, rows)


def count_refused_lift(brand_id: int, *, now: datetime) -> None:
    """Remember that a brand tried to lift a person's no; call it outside the refused change."""
    row, _ = RefusedLift.objects.get_or_create(brand_id=brand_id, day=now.astimezone(UTC).date())
    RefusedLift.objects.filter(pk=row.pk).update(count=F("count") + 1)
