"""Iteration over a brand's people in batches: all of them, or only those with changes."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator

from core.db import fetch_rows

#: The number of relationships in a batch.
BATCH = 2_000
#: The number of changed ids per query. Each such query reads the events from *since* again, so it
#: fetches many more ids than a batch.
STRIDE = 100_000
EVERYONE = """
SELECT id FROM consent_relationship
WHERE brand_id = %(brand)s AND id > %(after)s ORDER BY id LIMIT %(limit)s
"""
ACTIVE = """
SELECT id FROM consent_relationship
WHERE brand_id = %(brand)s AND id > %(after)s AND ended_at IS NULL ORDER BY id LIMIT %(limit)s
"""
# MATERIALIZED and LATERAL keep the planner from walking through all relationships in id order.
CHANGED = """
WITH told AS MATERIALIZED (
    SELECT DISTINCT subject FROM brands_event
    WHERE brand_id = %(brand)s AND sequence > %(since)s
)
SELECT known.id FROM told CROSS JOIN LATERAL (
    SELECT id FROM consent_relationship
    WHERE subject_id = told.subject AND brand_id = %(brand)s LIMIT 1
) known
WHERE known.id > %(after)s ORDER BY known.id LIMIT %(limit)s
"""
# Pending rows are few, so the query begins with them. It uses the index `propagation_pending`.
PENDING = """
SELECT known.id, pending.entry_id FROM consent_propagation pending
JOIN consent_relationship known ON known.person_id = pending.subject_id
    AND known.brand_id = %(brand)s AND known.ended_at IS NULL
WHERE pending.done_at IS NULL
"""
#: The ids of a batch or a stride, in ascending order.
Ids = list[uuid.UUID]


def iterate_relationships(brand_id: int, *, since: int | None, ended: bool = True) -> Iterator[Ids]:
    """Yield a brand's relationships, or only those with an event after the sequence *since*.

    Without *since*, *ended* says whether to include relationships that are over. With *since* they
    are always included.
    """
    if since is None:
        return _walk(EVERYONE if ended else ACTIVE, BATCH, brand=brand_id)
    return _changed(brand_id, since)


def find_pending_relationships(brand_id: int) -> dict[uuid.UUID, set[uuid.UUID]]:
    """Return the active relationships with pending choices about any brand, each with the entries.

    A choice is pending while it is not yet in all streams. This brand may have its event already.
    """
    pending: dict[uuid.UUID, set[uuid.UUID]] = {}
    for relationship, entry in fetch_rows(PENDING, {"brand": brand_id}):
        pending.setdefault(relationship, set()).add(entry)
    return pending


def split_ids(ids: Iterable[uuid.UUID]) -> Iterator[Ids]:
    """Yield *ids* in ascending order, one batch at a time."""
    ordered = sorted(ids)
    for first in range(0, len(ordered), BATCH):
        yield ordered[first : first + BATCH]


def _changed(brand_id: int, since: int) -> Iterator[Ids]:
    for ids in _walk(CHANGED, STRIDE, brand=brand_id, since=since):
        yield from split_ids(ids)


def _walk(sql: str, limit: int, **values: int) -> Iterator[Ids]:
    last = uuid.UUID(int=0)
    while rows := fetch_rows(sql, {"after": last, "limit": limit, **values}):
        yield [each for (each,) in rows]
        last = rows[-1][0]
