"""Time to honour: how long each brand takes from a refusal to its delivery and to "applied".

Note [Honour times]. Deliveries and acknowledgements come long after their event, and in no order.
Instead of keeping a running count, a worker recomputes a brand's last `DAYS` from time to time.
Older days keep their last result. Times are rounded to three significant digits: exact enough for a
median, with few enough rows to read quickly. An acknowledgement is cumulative: an event was applied
when the first acknowledgement that reaches it was made.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from django.db import connection

from brands.models import Acknowledgement, Event, Outcome
from consent.models import HonourSnapshot, HonourTime
from consent.reporting.snapshots import find_stale_brands, lock_brand_row, refresh_every_brand

DAYS = 40
#: Before the first event of every stream.
START = datetime(2000, 1, 1, tzinfo=UTC)
#: A snapshot is refreshed when it is older than this.
EVERY = timedelta(minutes=5)

#: Insert how long each refusal since `first` took to be delivered and applied, as counts by day.
TIMES = """
WITH told AS MATERIALIZED (
    SELECT sequence, timestamp, honour_by, (timestamp AT TIME ZONE 'UTC')::date AS day
    FROM brands_event
    WHERE brand_id = %(brand)s AND honour_by IS NOT NULL AND timestamp >= %(first)s
), reached AS MATERIALIZED (
    SELECT through, made_at,
           coalesce(lag(through) OVER (ORDER BY through), 0) AS beyond
    FROM brands_acknowledgement WHERE brand_id = %(brand)s
), arrived AS MATERIALIZED (
    SELECT attempt.sequence, min(attempt.started_at) AS at
    FROM brands_attempt attempt
    JOIN brands_subscription subscription ON subscription.brand_id = attempt.brand_id
        AND subscription.id = attempt.subscription_id
    WHERE attempt.brand_id = %(brand)s AND attempt.outcome = %(delivered)s
        AND attempt.sequence >= (SELECT min(sequence) FROM told)
    GROUP BY attempt.sequence
), timed AS (
    SELECT told.day, told.honour_by, told.timestamp, reached.made_at AS applied,
           least(arrived.at, reached.made_at) AS delivered
    FROM told
    LEFT JOIN reached ON told.sequence > reached.beyond AND told.sequence <= reached.through
    LEFT JOIN arrived ON arrived.sequence = told.sequence
), staged AS (
    SELECT day, 'applied' AS stage, extract(epoch FROM applied - timestamp) AS took,
           applied <= honour_by AS in_time
    FROM timed WHERE applied IS NOT NULL
    UNION ALL
    SELECT day, 'delivered', extract(epoch FROM delivered - timestamp), delivered <= honour_by
    FROM timed WHERE delivered IS NOT NULL
    UNION ALL
    SELECT day, 'open', NULL, honour_by >= %(now)s FROM timed WHERE applied IS NULL
)
INSERT INTO consent_honourtime (brand_id, day, stage, seconds, in_time, count)
SELECT %(brand)s, day, stage, {seconds}, in_time, count(*)
FROM staged GROUP BY day, stage, {seconds}, in_time
""".format(
    # If a clock was set back, a time could be negative, and its logarithm would fail.
    seconds="CASE WHEN took <= 0.001 THEN 0.001 WHEN took IS NOT NULL THEN"
    " round(took, 2 - floor(log(took))::int)::float8 END"
)


def refresh_due_honour_times(*, now: datetime) -> int:
    """Refresh stale honour snapshots. Return the number of brands refreshed."""
    due = find_stale_brands(HonourSnapshot, before=now - EVERY)
    return sum(refresh_honour_times(brand_id, now=now) for brand_id in due)


def refresh_all_honour_times(*, now: datetime) -> Iterator[int]:
    """Refresh every brand's whole stream. Yield each brand's id when it is done."""
    return refresh_every_brand(partial(refresh_honour_times, now=now, since=START))


def refresh_honour_times(brand_id: int, *, now: datetime, since: datetime | None = None) -> bool:
    """Refresh one brand's honour times. Return False if another worker is doing so."""
    first = (since or now - timedelta(days=DAYS)).replace(hour=0, minute=0, second=0, microsecond=0)
    with lock_brand_row(HonourSnapshot, brand_id, as_of=first, overdue=0) as snapshot:
        if snapshot is None:
            return False
        HonourTime.objects.filter(brand_id=brand_id, day__gte=first.date()).delete()
        with connection.cursor() as cursor:
            values: dict[str, Any] = {"brand": brand_id, "first": first, "now": now}
            cursor.execute(TIMES, values | {"delivered": Outcome.DELIVERED})
        snapshot.as_of, snapshot.overdue = now, _overdue(brand_id, now)
        snapshot.save()
    return True


def _overdue(brand_id: int, now: datetime) -> int:
    applied = Acknowledgement.objects.filter(brand_id=brand_id).order_by("-through")
    through = applied.values_list("through", flat=True).first() or 0
    late = Event.objects.filter(brand_id=brand_id, sequence__gt=through, honour_by__lt=now)
    return late.count()
