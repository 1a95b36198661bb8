"""Delivery metrics: how far each subscription is behind, and how its attempts ended.

Removed subscriptions and those of test mode are left out: nobody needs an alarm for them, and their
number only grows.
"""

from __future__ import annotations

from typing import NamedTuple

from django.db import connection

from brands.models import AttemptCount

#: How many events behind the cursor are searched for one that the subscription wants.
FAR = 10_000

# The oldest event that was not delivered is found by the stream's key.
QUERY = """
SELECT brand.slug, s.id,
    CASE WHEN s.disabled_at IS NOT NULL THEN 'disabled'
         WHEN s.next_try_at > now() THEN 'waiting' ELSE 'delivering' END,
    coalesce(extract(epoch FROM now() - oldest.timestamp), 0),
    coalesce(head.last_sequence, 0) - s.cursor - (
        SELECT coalesce(sum(gap.last - greatest(gap.first - 1, s.cursor)), 0)::bigint
        FROM brands_streamgap gap WHERE gap.brand_id = s.brand_id AND gap.last > s.cursor),
    s.failures,
    (SELECT count(*) FROM (SELECT FROM brands_quarantinedevent q
        WHERE q.brand_id = s.brand_id AND q.subscription_id = s.id AND q.retry_at IS NULL
        LIMIT 10000) parked)
FROM brands_subscription s
JOIN brands_brand brand ON brand.id = s.brand_id
LEFT JOIN brands_streamhead head ON head.brand_id = s.brand_id
LEFT JOIN LATERAL (
    SELECT e.timestamp FROM brands_event e
    WHERE e.brand_id = s.brand_id AND e.sequence > s.cursor
        AND e.sequence <= %s + coalesce((SELECT gap.last FROM brands_streamgap gap
            WHERE gap.brand_id = s.brand_id AND gap.first <= s.cursor + 1
            AND gap.last > s.cursor), s.cursor)
        AND NOT e.sequence = ANY(s.ahead)
        AND EXISTS (SELECT FROM unnest(s.event_types) pattern WHERE pattern = '*'
            OR pattern = e.type
            OR (right(pattern, 2) = '.*' AND starts_with(e.type, left(pattern, -1))))
        AND (s.purposes IS NULL OR e.purpose = '' OR e.purpose = ANY(s.purposes))
        AND (s.channels IS NULL OR e.channel = '' OR e.channel = ANY(s.channels))
    ORDER BY e.sequence LIMIT 1
) oldest ON true
WHERE s.disabled_reason <> 'removed' AND NOT brand.test
ORDER BY brand.slug, s.created_at
"""


class SubscriptionLag(NamedTuple):
    brand: str
    subscription: str
    #: `delivering`, `waiting` (throttled or failing) or `disabled`.
    state: str
    #: The age in seconds of the oldest wanted event that was not delivered; 0 if there is none.
    seconds: float
    #: Events of the stream behind the cursor, wanted or not.
    behind: int
    failures: int
    parked: int


class AttemptTotal(NamedTuple):
    brand: str
    subscription: str
    outcome: str
    tries: int
    #: Of all tries together, in milliseconds.
    latency_ms: int


def measure_lags() -> list[SubscriptionLag]:
    """Return the lag of each subscription."""
    with connection.cursor() as cursor:
        cursor.execute(QUERY, [FAR])
        return [SubscriptionLag(brand, str(id_), *rest) for brand, id_, *rest in cursor.fetchall()]


def count_attempts() -> list[AttemptTotal]:
    """Return how many attempts ended how, since each subscription was created."""
    counts = AttemptCount.objects.exclude(subscription__disabled_reason="removed")
    counts = counts.filter(subscription__brand__test=False)
    rows = counts.order_by("subscription__brand__slug", "subscription__created_at", "outcome")
    names = ("subscription__brand__slug", "subscription", "outcome", "tries", "latency_ms")
    return [AttemptTotal(brand, str(id_), *rest) for brand, id_, *rest in rows.values_list(*names)]
