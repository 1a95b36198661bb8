"""A brand's people, some thousand at a time: all of them, or those of whom something changed."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from brands.prepared import Statement

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
#: The ids of a batch, or a stride, in their order.
Ids = list[uuid.UUID]


def of(brand_id: int, *, since: int | None, ended: bool = True) -> Iterator[Ids]:
    """A brand's relationships; *since* a sequence, those of which it was told anything after it.

    Without *ended* the whole roll leaves out those that are over; in what changed they always are.
    """
    if since is None:
        return _walk(EVERYONE if ended else ACTIVE, BATCH, brand=brand_id)
    return _changed(brand_id, since)


def _changed(brand_id: int, since: int) -> Iterator[Ids]:
    for ids in _walk(CHANGED, STRIDE, brand=brand_id, since=since):
        for first in range(0, len(ids), BATCH):
            yield ids[first : first + BATCH]


def _walk(statement: Statement, limit: int, **values: int) -> Iterator[Ids]:
    last = uuid.UUID(int=0)
    while rows := statement.ask({"after": last, "limit": limit, **values}):
        yield [each for (each,) in rows]
        last = rows[-1][0]
