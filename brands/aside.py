"""What stands aside for a subscription: behind its cursor, and still to be sent.

Note [Standing aside]. An event that its endpoint refuses, while others pass, must not hold up
everybody. It steps aside, and the later events of the same person with it, so that their order
stays. While nothing else has passed since, it is a suspect: it may be the endpoint that is broken.
Suspects are tried again on the schedule, and at once when anything passes; those refused even then
are parked.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

import orjson

from brands import stream
from brands.parcels import Item
from brands.prepared import Statement

#: How many of those that are due one round takes.
AT_ONCE = 500

COUNTS = Statement(
    "SELECT count(*) FILTER (WHERE suspect), count(*) FROM (SELECT suspect FROM brands_setaside"
    " WHERE subscription_id = %(subscription)s LIMIT 1000) AS first"
)
DUE_ITEMS = Statement(
    "SELECT e.sequence, e.uid, e.subject, e.timestamp, e.body, head.ref, a.refusals"
    " FROM brands_setaside a"
    " JOIN brands_event e ON e.brand_id = %(brand)s AND e.sequence = a.sequence"
    " LEFT JOIN brands_subjecthead head"
    " ON head.brand_id = e.brand_id AND head.subject = e.subject"
    " WHERE a.subscription_id = %(subscription)s AND a.try_at <= statement_timestamp()"
    # Nobody overtakes an earlier event of the same person that is not to be tried yet.
    " AND NOT EXISTS (SELECT FROM brands_setaside b WHERE b.subscription_id = a.subscription_id"
    "  AND b.subject = a.subject AND b.sequence < a.sequence"
    "  AND (b.try_at IS NULL OR b.try_at > statement_timestamp()))"
    " ORDER BY a.sequence LIMIT %(limit)s"
)
HELD_UP = Statement(
    "SELECT DISTINCT subject FROM brands_setaside WHERE subscription_id = %(subscription)s"
    " AND subject = ANY(%(subjects)s::uuid[])"
    " AND (try_at IS NULL OR try_at > statement_timestamp())"
)
DONE = Statement(
    "DELETE FROM brands_setaside WHERE subscription_id = %(subscription)s"
    " AND sequence = ANY(%(sequences)s::bigint[])"
)
# An answer said yes to something, so a suspect that was refused twice is to blame itself: its
# person is parked. The others are tried once more, at once.
PARK_SUSPECTS = Statement(
    "UPDATE brands_setaside SET try_at = NULL, suspect = false"
    " WHERE subscription_id = %(subscription)s AND subject IN (SELECT subject FROM brands_setaside"
    " WHERE subscription_id = %(subscription)s AND suspect AND refusals > 1)"
)
HASTEN_SUSPECTS = Statement(
    "UPDATE brands_setaside SET try_at = statement_timestamp()"
    " WHERE subscription_id = %(subscription)s AND subject IN (SELECT subject FROM brands_setaside"
    " WHERE subscription_id = %(subscription)s AND suspect AND try_at > statement_timestamp())"
)
# Whoever joins a person that stands aside is tried when that person is, or parked like them.
PUT = Statement(
    "INSERT INTO brands_setaside AS held (subscription_id, sequence, subject, since, try_at,"
    " refusals, status, suspect)"
    " SELECT %(subscription)s::uuid, r.sequence, r.subject, statement_timestamp(),"
    " statement_timestamp() + make_interval(secs => r.wait), (r.status IS NOT NULL)::int,"
    " r.status, r.suspect"
    " FROM jsonb_to_recordset(%(rows)s::jsonb)"
    " AS r(sequence bigint, subject uuid, wait float, status int, suspect bool)"
    " ON CONFLICT (subscription_id, sequence) DO UPDATE SET try_at = EXCLUDED.try_at,"
    " suspect = EXCLUDED.suspect, status = coalesce(EXCLUDED.status, held.status),"
    " refusals = least(held.refusals + EXCLUDED.refusals, 30000)"
)
JOIN = Statement(
    "INSERT INTO brands_setaside (subscription_id, sequence, subject, since, try_at, refusals,"
    " suspect) SELECT %(subscription)s::uuid, r.sequence, r.subject, statement_timestamp(),"
    " (SELECT a.try_at FROM brands_setaside a WHERE a.subscription_id = %(subscription)s::uuid"
    "  AND a.subject = r.subject ORDER BY a.sequence DESC LIMIT 1), 0, false"
    " FROM jsonb_to_recordset(%(rows)s::jsonb) AS r(sequence bigint, subject uuid)"
    " ON CONFLICT (subscription_id, sequence) DO NOTHING"
)


def counts(subscription_id: uuid.UUID) -> tuple[int, int]:
    """How many suspects there are, and how many stand aside at all (both up to 1,000)."""
    ((suspects, everybody),) = COUNTS.ask({"subscription": subscription_id})
    return suspects, everybody


def due_items(subscription_id: uuid.UUID, brand_id: int, *, limit: int) -> list[Item]:
    given = {"subscription": subscription_id, "brand": brand_id, "limit": limit}
    return [
        Item(sequence, uid, subject, timestamp, stream.put_ref(body, ref), True, refusals)
        for sequence, uid, subject, timestamp, body, ref, refusals in DUE_ITEMS.ask(given)
    ]


def held_up(subscription_id: uuid.UUID, subjects: Iterable[uuid.UUID]) -> set[uuid.UUID]:
    """Those of *subjects* who stand aside and are not to be tried yet."""
    given = {"subscription": subscription_id, "subjects": array(subjects)}
    return {subject for (subject,) in HELD_UP.ask(given)}


def done(subscription_id: uuid.UUID, sequences: Sequence[int]) -> None:
    """These were delivered: nothing of them stands aside any more."""
    if sequences:
        DONE.ask({"subscription": subscription_id, "sequences": array(sequences)})


def judge_suspects(subscription_id: uuid.UUID) -> None:
    """Something passed: park the suspects that had a second chance, and give it to the others."""
    PARK_SUSPECTS.ask({"subscription": subscription_id})
    HASTEN_SUSPECTS.ask({"subscription": subscription_id})


def put(
    subscription_id: uuid.UUID,
    refused: Item,
    followers: Iterable[Item],
    *,
    status: int | None,
    wait: timedelta | None,
) -> None:
    """Set *refused* aside and its person's later events with it; with no *wait*, parked."""
    seconds = None if wait is None else wait.total_seconds()
    rows: list[dict[str, Any]] = [_row(refused, seconds, status=status, suspect=wait is not None)]
    rows += [_row(item, seconds) for item in followers]
    PUT.ask({"subscription": subscription_id, "rows": orjson.dumps(rows).decode()})


def join(subscription_id: uuid.UUID, items: Sequence[Item]) -> None:
    """Events of people who stand aside already: each waits for what its person waits for."""
    if items:
        rows = [{"sequence": item.sequence, "subject": item.subject} for item in items]
        JOIN.ask({"subscription": subscription_id, "rows": orjson.dumps(rows).decode()})


def _row(
    item: Item, wait: float | None, *, status: int | None = None, suspect: bool = False
) -> dict[str, Any]:
    return {
        "sequence": item.sequence,
        "subject": item.subject,
        "wait": wait,
        "status": status,
        "suspect": suspect,
    }


def array(values: Iterable[object]) -> str:
    """As PostgreSQL reads an array of numbers or ids."""
    return "{" + ",".join(map(str, values)) + "}"
