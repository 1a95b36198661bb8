"""How far each subscription is behind, for whoever watches the service.

Those that were removed, and those of test mode, are left out: nobody is to be woken for them, and
their number only grows.
"""

from __future__ import annotations

from typing import NamedTuple

from django.db import connection

#: How many events beyond the cursor are looked at for one that the subscription wants.
FAR = 10_000

# The oldest event that it wants and has not got; its index is the stream's own key.
QUERY = """
SELECT brand.slug, s.id,
    CASE WHEN s.disabled_at IS NOT NULL THEN 'disabled'
         WHEN s.next_try_at > now() THEN 'waiting' ELSE 'delivering' END,
    coalesce(extract(epoch FROM now() - oldest.timestamp), 0),
    coalesce(head.last_sequence, 0) - s.cursor - (
        SELECT coalesce(sum(gap.last - greatest(gap.first - 1, s.cursor)), 0)::bigint
        FROM brands_streamgap gap WHERE gap.brand_id = s.brand_id AND gap.last > s.cursor),
    s.failures,
    (SELECT count(*) FROM (SELECT FROM brands_setaside a
        WHERE a.subscription_id = s.id AND a.try_at IS NULL LIMIT 10000) parked)
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
COUNTS = """
SELECT brand.slug, s.id, held.outcome, held.tries, held.latency_ms
FROM brands_attemptcount held
JOIN brands_subscription s ON s.id = held.subscription_id
JOIN brands_brand brand ON brand.id = s.brand_id
WHERE s.disabled_reason <> 'removed' AND NOT brand.test
ORDER BY brand.slug, s.created_at, held.outcome
"""


class Lag(NamedTuple):
    brand: str
    subscription: str
    #: `delivering`, `waiting` (throttled or failing) or `disabled`.
    state: str
    #: The age of the oldest event that it wants and has not got, in seconds; 0 if there is none.
    seconds: float
    #: Events of the stream after its cursor, wanted or not.
    behind: int
    failures: int
    parked: int


class Tries(NamedTuple):
    brand: str
    subscription: str
    outcome: str
    tries: int
    latency_ms: int


def lags() -> list[Lag]:
    with connection.cursor() as cursor:
        cursor.execute(QUERY, [FAR])
        return [Lag(brand, str(id_), *rest) for brand, id_, *rest in cursor.fetchall()]


def tries() -> list[Tries]:
    """Return how many tries ended how, since each subscription began."""
    with connection.cursor() as cursor:
        cursor.execute(COUNTS)
        return [Tries(brand, str(id_), *rest) for brand, id_, *rest in cursor.fetchall()]
