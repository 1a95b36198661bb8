"""First deliveries: when an event first reached any of its brand's endpoints."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import connection

from brands.models import Event, Outcome

# It stays SQL: pairs of (brand, sequence) as two arrays, joined with three tables.
FIRST = """
SELECT event.brand_id, event.sequence, min(attempt.started_at)
FROM unnest(%s::bigint[], %s::bigint[]) AS event(brand_id, sequence)
JOIN brands_subscription subscription ON subscription.brand_id = event.brand_id
JOIN brands_attempt attempt
    ON attempt.brand_id = event.brand_id AND attempt.subscription_id = subscription.id
    AND attempt.sequence = event.sequence AND attempt.outcome = %s
GROUP BY event.brand_id, event.sequence
"""


def find_first_deliveries(events: Iterable[Event]) -> dict[tuple[int, int], datetime]:
    """Return, by brand and sequence, the start of the first attempt that was answered with a 2xx.

    Events that were never delivered are left out.
    """
    keys = [(event.brand_id, event.sequence) for event in events]
    brands, sequences = [brand for brand, _ in keys], [sequence for _, sequence in keys]
    with connection.cursor() as cursor:
        cursor.execute(FIRST, [brands, sequences, Outcome.DELIVERED])
        return {(brand, sequence): at for brand, sequence, at in cursor.fetchall()}
