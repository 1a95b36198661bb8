"""How long a yes lasts, as a life table per brand; the pages draw Kaplan and Meier's curve of it.

Note [Lives]. A yes lives from the choice that gave it until a no to the same thing or to something
wider, until it is taken back, or until the person ends the relationship. While it lives, another
yes to the same thing changes nothing. A pause does not end it: it comes back by itself. A yes that
runs out by itself, or that the brand ended with the relationship, or that still stands, is counted
as seen for so long and no longer (censored). Days are whole ones of 24 hours, rounded down.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from brands import events
from brands.models import StreamHead
from consent.models import YesLife, YesSnapshot

#: A snapshot is not made anew sooner.
EVERY = timedelta(hours=6)

# Of every yes the first event after it that ends it. Yeses that the same event ends are one life,
# which began with the first of them. What is about one address only is left out.
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
    """Work out the lives of the brands that are due; return of how many."""
    heads = StreamHead.objects.live()
    fresh = YesSnapshot.objects.filter(as_of__gt=now - EVERY)
    due = heads.exclude(brand__in=fresh.values("brand"))
    return sum(
        refresh_survival(brand_id, now=now) for brand_id in due.values_list("brand_id", flat=True)
    )


def refresh_all_survival(*, now: datetime) -> Iterator[int]:
    """The same of every brand; yields each brand's id."""
    for brand_id in (
        StreamHead.objects.live().order_by("brand_id").values_list("brand_id", flat=True)
    ):
        refresh_survival(brand_id, now=now)
        yield brand_id


def refresh_survival(brand_id: int, *, now: datetime) -> bool:
    """Work out one brand's lives; False where another worker is at it."""
    YesSnapshot.objects.get_or_create(brand_id=brand_id, defaults={"as_of": now, "sequence": 0})
    with transaction.atomic():
        rows = YesSnapshot.objects.select_for_update(skip_locked=True)
        if not (snapshot := rows.filter(brand_id=brand_id).first()):
            return False
        YesLife.objects.filter(brand_id=brand_id).delete()
        snapshot.as_of, snapshot.sequence = now, events.read_last_sequence(brand_id)
        with connection.cursor() as cursor:
            values: dict[str, Any] = {"brand": brand_id, "through": snapshot.sequence, "now": now}
            cursor.execute(LIVES, values)
        snapshot.save()
    return True
