"""Counters of what people decided: each event is counted exactly once.

Note [Counting]. One statement reads a batch of a brand's event stream, counts it and adds the
counts to four tables. These are the finest table and its sums by brand, by campaign and over all
brands, which most reports read. The same statement moves the cursor. The counts therefore always
match the stream up to the cursor, whenever a worker is killed. Only `unsubscribes` is not a plain
sum over events: a person who leaves by a campaign counts once. `Unsubscribed` holds the people
already counted.

Note [People]. A person who refused on three days of a period is one person, so the number of people
is not a sum over days. `Decided` holds the days on which each person decided. `PeopleCount` holds
how many people decided on a `day`, by the day `before` on which each had last done so. In any
period a person has exactly one such day whose `before` lies before the period. The people of a
period are therefore the sum of the rows with `day` in the period and `before` before it.

Worked example: refusals on the 3rd, 5th and 9th are the rows (3, never), (5, 3) and (9, 5). For the
period from the 4th to the 9th only (5, 3) has a `before` that is earlier than the 4th: one person.

People are counted by brand: somebody who deals with two brands is two relationships. `PeopleCount`
has separate rows for each of `GRAINS`, so counts of people by one of them are fast. Counts by
several of them, or by another dimension, are computed from `Decided` person by person. An arrival
(`arrived`) has as `before` the day on which the person last ended the relationship. The people in a
relationship during a period are therefore those at its start plus the arrivals whose `before` lies
before it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from django.db import connection, transaction
from django.db.models import F

from brands import events
from brands.models import Brand, StreamHead
from consent.models import (
    BrandCount,
    CampaignCount,
    DailyCount,
    Decided,
    MetricsCursor,
    PeopleCount,
    Refusal,
    TotalCount,
    Unsubscribed,
)
from consent.reporting.snapshots import lock_brand_row

BATCH = 2_000

#: Each counter, and the events it counts. A `clear` is neither an opt-in nor an opt-out.
COUNTED = {
    "opt_outs": "decision = 'deny'",
    "opt_ins": "decision = 'grant'",
    "pauses": "decision = 'pause'",
    "limits": "decision = 'limit'",
    "re_opt_ins": ("decision = 'grant' AND before IN ('deny', 'pause') AND source <> 'brand_api'"),
    "unsubscribes": "sequence IN (SELECT sequence FROM newly)",
    "explained": "type = 'preference.explained'",
    "started": "type = 'relationship.started'",
    "ended": "type = 'relationship.ended'",
}
COUNTERS = tuple(COUNTED)
#: The acts that people are counted by, and the events of each.
KINDS = {
    "opted_out": COUNTED["opt_outs"],
    "opted_in": COUNTED["opt_ins"],
    "paused": COUNTED["pauses"],
    "limited": COUNTED["limits"],
    "re_opted_in": COUNTED["re_opt_ins"],
}
#: The dimensions by which people are counted in addition to brand and day; "" for none.
GRAINS = ("", "purpose", "channel", "reason", "source")
#: The key columns of each table of counts.
FINEST = "brand_id day purpose channel topic campaign reason source".split()
BY_BRAND = ["day", "brand_id"]
BY_CAMPAIGN = ["day", "brand_id", "campaign"]
OF_ALL = "day purpose channel reason source".split()


Table = type[DailyCount | BrandCount | CampaignCount | TotalCount]


def _adding(model: Table, kind: list[str], *, which: str = "true") -> str:
    """Return the SQL that adds the rows of `counted` to one table, in key order."""
    columns, counters = ", ".join(kind), ", ".join(COUNTERS)
    sums = ", ".join(f"sum({name})" for name in COUNTERS)
    added = ", ".join(f"{name} = held.{name} + EXCLUDED.{name}" for name in COUNTERS)
    return (
        f"INSERT INTO {model._meta.db_table} AS held ({columns}, {counters})"
        f" SELECT {columns}, {sums} FROM counted WHERE {which}"
        f" GROUP BY {columns} ORDER BY {columns}"
        f" ON CONFLICT ({columns}) DO UPDATE SET {added}"
    )


# A `merge` repeats choices that the person had made before, for other brands. It is therefore not
# an unsubscribe.
COUNT = """
WITH told AS MATERIALIZED (
    SELECT sequence, type, decision, before, subject, brand_id,
           (timestamp AT TIME ZONE 'UTC')::date AS day,
           purpose, channel, topic, campaign, reason, source
    FROM brands_event
    WHERE brand_id = %(brand)s AND sequence > %(after)s AND sequence <= %(through)s
), leaving AS (
    SELECT DISTINCT ON (campaign, subject) campaign, subject, sequence FROM told
    WHERE decision = 'deny' AND campaign <> '' AND source <> 'brand_api'
    ORDER BY campaign, subject, sequence
), newly AS (
    INSERT INTO consent_unsubscribed (brand_id, campaign, subject, sequence)
    SELECT %(brand)s, campaign, subject, sequence FROM leaving
    ON CONFLICT (brand_id, campaign, subject) DO NOTHING
    RETURNING sequence
), counted AS MATERIALIZED (
    SELECT {kind}, {counts}
    FROM told
    WHERE decision IN ('deny', 'grant', 'pause', 'limit')
        OR type IN ('preference.explained', 'relationship.started', 'relationship.ended')
    GROUP BY {kind}
), {adding}
""".format(
    kind=", ".join(FINEST),
    counts=", ".join(f"count(*) FILTER (WHERE {which}) AS {n}" for n, which in COUNTED.items()),
    adding=f"""finest AS ({_adding(DailyCount, FINEST)}),
    by_brand AS ({_adding(BrandCount, BY_BRAND)}),
    by_campaign AS ({_adding(CampaignCount, BY_CAMPAIGN, which="campaign <> ''")}),
    moved AS (
        UPDATE consent_metricscursor SET sequence = %(through)s,
            people = people + coalesce((SELECT sum(started - ended) FROM counted), 0)
        WHERE brand_id = %(brand)s
    )""",
)
#: `COUNT_AGAIN` leaves the totals alone, because the caller rebuilds them afterwards.
COUNT_ALL = COUNT + _adding(TotalCount, OF_ALL)
COUNT_AGAIN = COUNT + "SELECT"


SCOPE = "purpose, channel, topic, campaign, reason, source"
# For each person whose days change, subtract the old rows and add the new ones. The order in which
# events arrive therefore does not matter.
COUNT_PEOPLE = """
WITH told AS MATERIALIZED (
    SELECT sequence, subject, type, decision, before, (timestamp AT TIME ZONE 'UTC')::date AS day,
           {scope}
    FROM brands_event
    WHERE brand_id = %(brand)s AND sequence > %(after)s AND sequence <= %(through)s
        AND (decision IN ('deny', 'grant', 'pause', 'limit')
            OR type IN ('relationship.started', 'relationship.ended'))
), added AS MATERIALIZED (
    SELECT DISTINCT subject, kind, day, {scope}
    FROM told, LATERAL (VALUES {kinds}, ('ended', type = 'relationship.ended')) AS k (kind, holds)
    WHERE holds
), held AS MATERIALIZED (
    SELECT subject, kind, day, {scope} FROM consent_decided
    WHERE brand_id = %(brand)s AND subject IN (SELECT subject FROM told)
), days AS MATERIALIZED (
    SELECT subject, kind, grain, value, day, bool_or(counted) AS counted
    FROM (SELECT *, true AS counted FROM held UNION ALL SELECT *, false FROM added) AS every,
         LATERAL (VALUES {grains}) AS g (grain, value)
    WHERE kind <> 'ended'
    GROUP BY subject, kind, grain, value, day
), arrived AS (
    SELECT type, day, coalesce(
        max(day) FILTER (WHERE type = 'relationship.ended') OVER (
            PARTITION BY subject ORDER BY sequence
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ), ended.last) AS before
    FROM told LEFT JOIN (
        SELECT subject, max(day) AS last FROM held WHERE kind = 'ended' GROUP BY subject
    ) AS ended USING (subject)
), changes AS (
    SELECT kind, grain, value, day, lag(day) OVER chain AS before, 1 AS people
    FROM days WINDOW chain AS (PARTITION BY subject, kind, grain, value ORDER BY day)
    UNION ALL
    SELECT kind, grain, value, day, lag(day) OVER chain, -1
    FROM days WHERE counted WINDOW chain AS (PARTITION BY subject, kind, grain, value ORDER BY day)
    UNION ALL
    SELECT 'arrived', '', '', day, before, 1 FROM arrived WHERE type = 'relationship.started'
), remembered AS (
    INSERT INTO consent_decided (brand_id, subject, kind, day, {scope})
    SELECT %(brand)s, subject, kind, day, {scope} FROM added ON CONFLICT DO NOTHING
)
INSERT INTO consent_peoplecount AS counts (brand_id, kind, grain, value, day, before, people)
SELECT %(brand)s, kind, grain, value, day, coalesce(before, '0001-01-01'), sum(people)
FROM changes GROUP BY 2, 3, 4, 5, 6 HAVING sum(people) <> 0
ON CONFLICT (brand_id, grain, day, kind, value, before)
DO UPDATE SET people = counts.people + EXCLUDED.people
""".format(
    scope=SCOPE,
    kinds=", ".join(f"('{kind}', {which})" for kind, which in KINDS.items()),
    grains=", ".join(f"('{grain}', {grain or repr('')})" for grain in GRAINS),
)
#: Delete the rows that later events reduced to zero.
DROP_EMPTY = "DELETE FROM consent_peoplecount WHERE brand_id = %(brand)s AND people = 0"


def count_new_events() -> int:
    """Count the new events of every stream. Return the number of events read."""
    return sum(_roll_up_brand(brand_id) for brand_id in find_brands_behind())


def find_brands_behind() -> list[int]:
    """Return the ids of the brands whose stream is ahead of their cursor, or without a cursor."""
    heads = StreamHead.objects.live()
    done = heads.filter(brand__metricscursor__sequence=F("last_sequence"))
    return list(heads.exclude(pk__in=done.values("pk")).values_list("brand_id", flat=True))


def _roll_up_brand(brand_id: int) -> int:
    read = 0
    while batch := _roll_up_batch(brand_id):
        read += batch
    return read


def _roll_up_batch(brand_id: int) -> int:
    """Count one batch and return its size.

    Return 0 at the end of the stream, or if another worker holds the cursor.
    """
    with lock_brand_row(MetricsCursor, brand_id) as cursor:
        if cursor is None:
            return 0
        through = events.find_window_end(brand_id, after=cursor.sequence, far=BATCH)
        if read := through - cursor.sequence:
            _count(COUNT_ALL, brand_id, after=cursor.sequence, through=through)
        return read


def _count(statement: str, brand_id: int, *, after: int, through: int) -> None:
    values = {"brand": brand_id, "after": after, "through": through}
    with connection.cursor() as cursor:
        for each in (statement, COUNT_PEOPLE, DROP_EMPTY):
            cursor.execute(each, values)


def rebuild_all_counts() -> Iterator[tuple[int, int]]:
    """Rebuild all counts brand by brand while the service runs, and the totals at the end.

    Yield the events done and the events in all, after each brand. Readers see a brand's old counts
    until its transaction commits. New events are counted as usual meanwhile.
    """
    cursors = list(MetricsCursor.objects.order_by("brand_id").values_list("brand_id", "sequence"))
    done, every = 0, sum(sequence for _, sequence in cursors)
    for brand_id, sequence in cursors:
        rebuild_brand_counts(brand_id)
        done += sequence
        yield done, every
    rebuild_total_counts()


def rebuild_brand_counts(brand_id: int) -> None:
    """Rebuild one brand's counts up to its cursor. The totals of all brands stay unchanged."""
    with transaction.atomic():
        cursor = MetricsCursor.objects.select_for_update().get(brand_id=brand_id)
        for model in (DailyCount, BrandCount, CampaignCount, Unsubscribed, Decided, PeopleCount):
            model.objects.filter(brand_id=brand_id).delete()
        MetricsCursor.objects.filter(brand_id=brand_id).update(people=0)
        _count(COUNT_AGAIN, brand_id, after=0, through=cursor.sequence)


TOTALS = "WITH counted AS (SELECT * FROM consent_dailycount) " + _adding(TotalCount, OF_ALL)


def rebuild_total_counts() -> None:
    """Rebuild the totals of all brands from the finest counts.

    The table lock makes concurrent counters wait, so nothing is lost or counted twice.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE consent_totalcount IN SHARE ROW EXCLUSIVE MODE")
        TotalCount.objects.all().delete()
        cursor.execute(TOTALS)


def count_refusal(brand: Brand, kind: Refusal.Kind, *, now: datetime, times: int = 1) -> None:
    """Count a refused request of a brand.

    Call it outside the transaction of the refused change, which is rolled back.
    """
    if brand.test:
        return
    day = now.astimezone(UTC).date()
    row, _ = Refusal.objects.get_or_create(brand=brand, day=day, kind=kind)
    Refusal.objects.filter(pk=row.pk).update(count=F("count") + times)
