"""Consent survival: a life table for each brand, from which pages draw Kaplan–Meier curves.

Note [Lives]. A grant lives from the choice that gave it until one of these: a refusal of the same
scope or a wider one, a `clear`, or the person ending the relationship. While it lives, another
grant of the same scope changes nothing. A pause does not end it, because the grant resumes by
itself. A grant that expired, that the brand ended together with the relationship, or that still
counts is censored: observed only until then. Days are whole periods of 24 hours, rounded down.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import connection

from brands import events
from consent.models import YesLife, YesSnapshot
from consent.reporting.snapshots import find_stale_brands, lock_brand_row, refresh_every_brand

#: A snapshot is refreshed when it is older than this.
EVERY = timedelta(hours=6)

# Find for each grant the first later event that ends it. Grants of one scope that the same event
# ends are one life, which begins with the first of them. Choices about a single contact point are
# left out.
LIVES = """
WITH told AS MATERIALIZED (
    SELECT sequence, type, decision, subject, purpose, channel, topic, source, timestamp,
           position('"ended_by":"person"'::bytea IN body) > 0 AS by_person
    FROM brands_event
    WHERE brand_id = %(brand)s AND sequence <= %(through)s
        AND (decision IN ('grant', 'deny', 'clear')
                AND position('"contact_point":null'::bytea IN body) > 0
            OR type IN ('relationship.ended', 'preference.expired'))
), yes AS (
    SELECT DISTINCT ON (given.sequence)
           given.sequence, given.subject, given.purpose, given.channel, given.topic, given.source,
           given.timestamp, later.sequence AS over, later.timestamp AS over_at,
           coalesce(later.decision IN ('deny', 'clear')
               OR later.type = 'relationship.ended' AND later.by_person, false) AS ended
    FROM told given
    LEFT JOIN told later ON later.subject = given.subject AND later.sequence > given.sequence AND (
        later.type = 'relationship.ended'
        OR later.decision = 'deny'
            AND later.purpose IN ('', given.purpose) AND later.channel IN ('', given.channel)
            AND later.topic IN ('', given.topic)
        OR (later.decision = 'clear' OR later.type = 'preference.expired')
            AND (later.purpose, later.channel, later.topic)
                = (given.purpose, given.channel, given.topic))
    WHERE given.decision = 'grant'
    ORDER BY given.sequence, later.sequence
), lives AS (
    SELECT DISTINCT ON (subject, purpose, channel, topic, coalesce(over, 0))
           channel, source, timestamp, over_at, ended
    FROM yes ORDER BY subject, purpose, channel, topic, coalesce(over, 0), sequence
)
INSERT INTO consent_yeslife (brand_id, cohort, channel, source, days, ended, count)
SELECT %(brand)s, date_trunc('month', timestamp AT TIME ZONE 'UTC')::date, channel, source,
       greatest(0, floor(extract(epoch FROM coalesce(over_at, %(now)s) - timestamp) / 86400)),
       ended, count(*)
FROM lives GROUP BY 1, 2, 3, 4, 5, 6
"""


def refresh_due_survival(*, now: datetime) -> int:
    """Refresh stale survival snapshots. Return the number of brands refreshed."""
    due = find_stale_brands(YesSnapshot, before=now - EVERY)
    return sum(refresh_survival(brand_id, now=now) for brand_id in due)


def refresh_all_survival(*, now: datetime) -> Iterator[int]:
    """Refresh every brand's survival snapshot. Yield each brand's id when it is done."""
    return refresh_every_brand(partial(refresh_survival, now=now))


def refresh_survival(brand_id: int, *, now: datetime) -> bool:
    """Refresh one brand's survival snapshot. Return False if another worker is doing so."""
    with lock_brand_row(YesSnapshot, brand_id, as_of=now, sequence=0) as snapshot:
        if snapshot is None:
            return False
        YesLife.objects.filter(brand_id=brand_id).delete()
        snapshot.as_of, snapshot.sequence = now, events.read_last_sequence(brand_id)
        with connection.cursor() as cursor:
            values: dict[str, Any] = {"brand": brand_id, "through": snapshot.sequence, "now": now}
            cursor.execute(LIVES, values)
        snapshot.save()
    return True
