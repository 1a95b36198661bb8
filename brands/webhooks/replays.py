"""Replays: send events again, either the parked ones or a range of the stream."""

from __future__ import annotations

from django.db import transaction
from django.db.models.functions import Now

from brands import events
from brands.events import wake_subscription
from brands.models import Subscription
from brands.webhooks.filters import build_filter
from brands.webhooks.subscriptions import StartsBeyondStream
from core.db import fetch_rows
from core.errors import DomainError

#: A longer range needs a seek.
MAX_RANGE = 10_000


class RangeTooLong(DomainError):
    """The range holds more than `MAX_RANGE` sequences outside gaps; seek instead."""

    code = "range_too_long"
    field = "to"


# It stays SQL: the ORM has no INSERT … SELECT, and a range may hold `MAX_RANGE` events.
QUARANTINE_RANGE = (
    "INSERT INTO brands_quarantinedevent AS held"
    " (brand_id, subscription_id, sequence, subject, quarantined_at, retry_at, refusals, suspect)"
    " SELECT brand_id, %(subscription)s::uuid, sequence, subject, statement_timestamp(),"
    " statement_timestamp(), 0, false FROM brands_event"
    " WHERE brand_id = %(brand)s AND sequence BETWEEN %(first)s AND %(last)s"
    f" AND {events.IS_WANTED}"
    " ON CONFLICT (subscription_id, sequence) DO UPDATE SET retry_at = EXCLUDED.retry_at"
    " RETURNING held.sequence"
)


def replay_parked(subscription: Subscription) -> int:
    """Retry the parked events. Return how many there are."""
    parked = subscription.quarantined_events.filter(brand=subscription.brand_id, retry_at=None)
    count = parked.update(retry_at=Now())
    wake_subscription(subscription.pk)
    return count


def replay_range(subscription: Subscription, *, first: int, last: int | None = None) -> int:
    """Send a range of the stream again. Return how many events that is.

    *last* defaults to the cursor. Events after the cursor are not counted: they are sent anyway.

    Raises:
        RangeTooLong, StartsBeyondStream
    """
    last = max(subscription.cursor, first) if last is None else last
    _check_range(subscription.brand_id, first, last)
    with transaction.atomic():
        cursor = Subscription.objects.select_for_update().get(pk=subscription.pk).cursor
        given = {
            "subscription": subscription.pk,
            "brand": subscription.brand_id,
            "first": first,
            "last": min(last, cursor),
        }
        given |= events.build_filter_arrays(build_filter(subscription))
        count = len(fetch_rows(QUARANTINE_RANGE, given))
    wake_subscription(subscription.pk)
    return count


def _check_range(brand_id: int, first: int, last: int) -> None:
    gaps = events.list_stream_gaps(brand_id, after=first - 1, before=last + 1)
    skipped = sum(min(gap.last, last) - max(gap.first, first) + 1 for gap in gaps)
    if last - first - skipped >= MAX_RANGE:
        raise RangeTooLong(f"a replay can span at most {MAX_RANGE:,} sequences; use seek for more")
    if first > (end := events.read_last_sequence(brand_id)):
        raise StartsBeyondStream(f"the stream ends at {end}")
