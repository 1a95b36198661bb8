"""When events arrived: the first of a brand's endpoints to take each counts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import connection

from brands.models import Event, Outcome

FIRST = """
SELECT told.brand_id, told.sequence, min(attempt.started_at)
FROM unnest(%s::bigint[], %s::bigint[]) AS told(brand_id, sequence)
JOIN brands_subscription subscription ON subscription.brand_id = told.brand_id
JOIN brands_attempt attempt ON attempt.subscription_id = subscription.id
    AND attempt.sequence = told.sequence AND attempt.outcome = %s
GROUP BY told.brand_id, told.sequence
"""


def first_deliveries(events: Iterable[Event]) -> dict[tuple[int, int], datetime]:
    """By brand and sequence, when the try began that was the first to be answered with a 2xx."""
    places = [(event.brand_id, event.sequence) for event in events]
    brands, sequences = [brand for brand, _ in places], [sequence for _, sequence in places]
    with connection.cursor() as cursor:
        cursor.execute(FIRST, [brands, sequences, Outcome.DELIVERED])
        return {(brand, sequence): at for brand, sequence, at in cursor.fetchall()}
