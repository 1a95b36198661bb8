"""Having events sent again: those that stand parked, or a range of the stream."""

from __future__ import annotations

from django.db import transaction

from brands import stream, webhooks
from brands.models import Subscription
from brands.prepared import Statement

#: A longer range is not a replay but another place in the stream.
MAX_RANGE = 10_000


class RangeTooLong(ValueError):
    """The range holds more than `MAX_RANGE` sequences beside gaps; put the cursor back instead."""


PARKED = Statement(
    "UPDATE brands_setaside SET try_at = statement_timestamp()"
    " WHERE subscription_id = %(subscription)s AND try_at IS NULL RETURNING sequence"
)
RANGE = Statement(
    "INSERT INTO brands_setaside AS held"
    " (subscription_id, sequence, subject, since, try_at, refusals, suspect)"
    " SELECT %(subscription)s::uuid, sequence, subject, statement_timestamp(),"
    " statement_timestamp(), 0, false FROM brands_event"
    " WHERE brand_id = %(brand)s AND sequence BETWEEN %(first)s AND %(last)s"
    f" AND {stream.IS_WANTED}"
    " ON CONFLICT (subscription_id, sequence) DO UPDATE SET try_at = EXCLUDED.try_at"
    " RETURNING held.sequence"
)


def replay_parked(subscription: Subscription) -> int:
    """Try what is parked again, from now on; return how many events that is."""
    return len(PARKED.ask({"subscription": subscription.pk}))


def replay(subscription: Subscription, *, first: int, last: int) -> int:
    """Send those of a range that it has got or passed again, and return how many these are.

    Those after its place in the stream come anyway.

    Raises:
        RangeTooLong, webhooks.StartsBeyondStream
    """
    gaps = stream.list_gaps(subscription.brand_id, after=first - 1, before=last + 1)
    skipped = sum(min(gap.last, last) - max(gap.first, first) + 1 for gap in gaps)
    if last - first - skipped >= MAX_RANGE:
        raise RangeTooLong(f"a replay may span {MAX_RANGE:,} sequences; seek for more")
    if first > (end := stream.last_sequence(subscription.brand_id)):
        raise webhooks.StartsBeyondStream(f"the stream ends at {end}")
    with transaction.atomic():
        place = Subscription.objects.select_for_update().get(pk=subscription.pk).cursor
        given = {
            "subscription": subscription.pk,
            "brand": subscription.brand_id,
            "first": first,
            "last": min(last, place),
        }
        return len(RANGE.ask(given | stream.arrays(webhooks.wanted_by(subscription))))
