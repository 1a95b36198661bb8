"""A brand's people, some thousand at a time: all of them, or those of whom something changed."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator

from core.db import Statement

#: So many are read and answered at once.
BATCH = 2_000
#: Of who changed so many ids are found at once: each time the events are read from the first on.
STRIDE = 100_000
EVERYONE = Statement("""
SELECT id FROM consent_relationship
WHERE brand_id = %(brand)s AND id > %(after)s ORDER BY id LIMIT %(limit)s
""")
ACTIVE = Statement("""
SELECT id FROM consent_relationship
WHERE brand_id = %(brand)s AND id > %(after)s AND ended_at IS NULL ORDER BY id LIMIT %(limit)s
""")
# Left to itself the planner may walk through all relationships in the order of their ids.
CHANGED = Statement("""
WITH told AS MATERIALIZED (
    SELECT DISTINCT subject FROM brands_event
    WHERE brand_id = %(brand)s AND sequence > %(since)s
)
SELECT known.id FROM told CROSS JOIN LATERAL (
    SELECT id FROM consent_relationship
    WHERE subject_id = told.subject AND brand_id = %(brand)s LIMIT 1
) known
WHERE known.id > %(after)s ORDER BY known.id LIMIT %(limit)s
""")
# What is not done yet is few, so it comes first; the index `propagation_pending` has it.
PENDING = Statement("""
SELECT known.id, pending.entry_id FROM consent_propagation pending
JOIN consent_relationship known ON known.person_id = pending.subject_id
    AND known.brand_id = %(brand)s AND known.ended_at IS NULL
WHERE pending.done_at IS NULL
""")
#: The ids of a batch, or a stride, in their order.
Ids = list[uuid.UUID]


def iterate_relationships(brand_id: int, *, since: int | None, ended: bool = True) -> Iterator[Ids]:
    """A brand's relationships; *since* a sequence, those of which it was told anything after it.

    Without *ended* the whole roll leaves out those that are over; in what changed they always are.
    """
    if since is None:
        return _walk(EVERYONE if ended else ACTIVE, BATCH, brand=brand_id)
    return _changed(brand_id, since)


def find_pending_relationships(brand_id: int) -> dict[uuid.UUID, set[uuid.UUID]]:
    """Return the active relationships of whoever said something about any brand that is not yet in
    all streams, each with the entries; this brand may have been told of it already."""
    pending: dict[uuid.UUID, set[uuid.UUID]] = {}
    for relationship, entry in PENDING.ask({"brand": brand_id}):
        pending.setdefault(relationship, set()).add(entry)
    return pending


def split_ids(ids: Iterable[uuid.UUID]) -> Iterator[Ids]:
    """Return *ids* in their order, as many at a time as are read at once."""
    ordered = sorted(ids)
    for first in range(0, len(ordered), BATCH):
        yield ordered[first : first + BATCH]


def _changed(brand_id: int, since: int) -> Iterator[Ids]:
    for ids in _walk(CHANGED, STRIDE, brand=brand_id, since=since):
        yield from split_ids(ids)


def _walk(statement: Statement, limit: int, **values: int) -> Iterator[Ids]:
    last = uuid.UUID(int=0)
    while rows := statement.ask({"after": last, "limit": limit, **values}):
        yield [each for (each,) in rows]
        last = rows[-1][0]
