"""Shards: an import's rows are shared out by person, so that several processes can apply them.

Note [Shards]. A row's bucket is a hash of its address, or of its reference if it has no address.
Shard 1 of 3 has the rows of the buckets 1, 4, 7, …. So all rows of an address are in one shard,
which applies them in their order. `prepare_shards` moves the rows for which that is not enough:

- Rows with different buckets that are about one person go into the bucket of one of them.
- Rows whose reference belongs to several persons, in the file or before it, go into bucket 0 with
  all rows of these persons: whose the reference is depends on their order.

Each shard moves its own cursor in the transaction of each batch. A shard whose worker was killed
goes on at its cursor. A batch holds its shard's row, so a shard has one worker at a time, and a
key-share lock of the import. `cancel_import` and workers of earlier versions take the import's row
for themselves, so they wait for the batches of all shards, or leave the import to them. Applied
rows are deleted with their batch, so a worker of an earlier version, which knows no shards, finds
only the others.
"""

from __future__ import annotations

import uuid
import zlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q

from consent.imports import rows
from consent.models import Import, ImportRow, ImportShard
from core.db import Row, fetch_rows

#: The number of rows for which another shard is worth its process.
ROWS_PER_SHARD = 5_000
BUCKETS = 1 << 15
#: A shard without a committed batch for this time has no worker, or a slow one.
IDLE = timedelta(seconds=20)
#: Hashes stand for persons and references: two with the same hash share a bucket, which is safe.
#: Each look-up in a large table is a subquery by its key, so that the statement takes a time in
#: proportion to the rows whatever PostgreSQL knows of a table that was just filled.
ALIGN = """
WITH staged AS MATERIALIZED (
    SELECT given.place, coalesce(given.bucket, 0) AS bucket, given.ref AS said,
        hashtextextended(given.ref, 0) AS ref,
        hashtextextended(coalesce((
            SELECT coalesce(known.merged_into_id, known.id)::text FROM consent_subject known
            WHERE known.id = (
                SELECT subject_id FROM consent_identifier WHERE digest = given.digest
            )
        ), encode(given.digest, 'hex')), 0) AS person
    FROM consent_importrow given WHERE given.job_id = %(job)s AND given.place > %(cursor)s
), named AS MATERIALIZED (
    SELECT ref, person FROM staged WHERE ref IS NOT NULL AND person IS NOT NULL
    UNION ALL
    SELECT hashtextextended(said, 0), hashtextextended((
        SELECT coalesce(known.merged_into_id, known.id)::text FROM consent_subject known
        WHERE known.id = (
            SELECT subject_id FROM consent_brandreference
            WHERE brand_id = %(brand)s AND ref = given.said
        )
    ), 0)
    FROM (SELECT DISTINCT said FROM staged WHERE said IS NOT NULL) given
), owner AS MATERIALIZED (
    SELECT ref, min(person) AS person, min(person) <> max(person) AS is_shared
    FROM named GROUP BY ref
), sharing AS (
    SELECT DISTINCT named.person FROM named JOIN owner USING (ref) WHERE owner.is_shared
), placed AS MATERIALIZED (
    SELECT staged.place, staged.bucket, coalesce(staged.person, owner.person, staged.ref) AS person,
        coalesce(owner.is_shared, false) AS is_shared
    FROM staged LEFT JOIN owner USING (ref)
), aligned AS (
    SELECT placed.person,
        CASE WHEN bool_or(placed.is_shared OR sharing.person IS NOT NULL) THEN 0
        ELSE min(placed.bucket) END AS bucket
    FROM placed LEFT JOIN sharing USING (person)
    GROUP BY placed.person
    HAVING min(placed.bucket) <> max(placed.bucket)
        OR bool_or(placed.is_shared OR sharing.person IS NOT NULL)
)
UPDATE consent_importrow held SET bucket = aligned.bucket
FROM placed JOIN aligned USING (person)
WHERE held.job_id = %(job)s AND held.place = placed.place AND placed.bucket <> aligned.bucket
"""
# It waits for the import's row: SKIP LOCKED also skips a row in which another shard just counts.
CLAIM = """
SELECT greatest(shard.cursor, job.cursor), job.shards
FROM consent_importshard shard JOIN consent_import job ON job.id = shard.job_id
WHERE shard.job_id = %(job)s AND shard.number = %(number)s AND shard.ended_at IS NULL
    AND job.state = 'applying'
FOR NO KEY UPDATE OF shard SKIP LOCKED FOR KEY SHARE OF job
"""
DELETE = """
DELETE FROM consent_importrow WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM consent_importrow WHERE job_id = %(job)s AND place = ANY(%(places)s::int8[])
    FOR UPDATE SKIP LOCKED
))
"""


def compute_bucket(row: rows.Row) -> int:
    """Return the bucket of a row: the same for all rows with its address, or its reference."""
    if row.digest is not None:
        return int.from_bytes(row.digest[:2], "big") % BUCKETS
    return zlib.crc32((row.ref or "").encode()) % BUCKETS


# -- Before the rows are applied -------------------------------------------------------------------


def prepare_shards(import_id: uuid.UUID) -> None:
    """Choose the number of shards, and move the rows that have to be in one shard with others.

    Do nothing if that was done, or if another worker does it.
    """
    with transaction.atomic():
        waiting = Import.objects.filter(pk=import_id, state=Import.State.APPLYING, shards=None)
        if (job := waiting.select_for_update(skip_locked=True).first()) is None:
            return
        shards = _choose_number(job)
        if shards > 1:
            _align_buckets(job)
        ImportShard.objects.bulk_create(
            ImportShard(job=job, number=number, cursor=job.cursor) for number in range(shards)
        )
        waiting.update(shards=shards)


def _choose_number(job: Import) -> int:
    most: int = settings.IMPORT_SHARDS
    return max(1, min(most, (job.rows - job.dealt_with) // ROWS_PER_SHARD))


def _align_buckets(job: Import) -> None:
    with connection.cursor() as cursor:
        values: dict[str, Any] = {"job": job.pk, "cursor": job.cursor, "brand": job.brand_id}
        # Without statistics PostgreSQL may take the rows for few and compare each with each.
        cursor.execute("SET LOCAL enable_nestloop = off")
        cursor.execute(ALIGN, values)
        cursor.execute("SET LOCAL enable_nestloop = on")


def list_shards(import_id: uuid.UUID) -> list[int]:
    """Return the numbers of the shards that have not ended."""
    shards = ImportShard.objects.filter(job=import_id, ended_at=None).order_by("number")
    return list(shards.values_list("number", flat=True))


def list_idle_shards(import_id: uuid.UUID, *, now: datetime) -> list[int]:
    """Return the numbers of the shards that seem to have no worker, the longest idle first."""
    shards = ImportShard.objects.filter(
        Q(moved_at=None) | Q(moved_at__lt=now - IDLE), job=import_id, ended_at=None
    )
    return [each.number for each in sorted(shards, key=_by_idleness)]


def _by_idleness(shard: ImportShard) -> tuple[bool, float, int]:
    moved_at = shard.moved_at
    return moved_at is not None, moved_at.timestamp() if moved_at else 0.0, shard.number


# -- While they are applied ------------------------------------------------------------------------


class Shard(NamedTuple):
    """A shard that this transaction holds."""

    job_id: uuid.UUID
    number: int
    cursor: int
    #: The number of shards of the import.
    shards: int

    def list_rows(self, fields: Sequence[str], *, size: int) -> list[Row]:
        """Return these columns of its next rows, in order."""
        columns = ", ".join(f'"{name}"' for name in fields)
        return fetch_rows(
            f"SELECT {columns} FROM consent_importrow"
            " WHERE job_id = %(job)s AND place > %(cursor)s"
            " AND coalesce(bucket, 0) %% %(shards)s = %(number)s ORDER BY place LIMIT %(size)s",
            {"job": self.job_id, "size": size} | self._asdict(),
        )

    def move(self, places: Sequence[int], *, now: datetime) -> None:
        """Move the cursor past these rows, and delete them."""
        self._update(cursor=places[-1], moved_at=now)
        with connection.cursor() as cursor:
            # Rows that an erasure holds are left for the end: waiting for it could be a deadlock.
            cursor.execute(DELETE, {"job": self.job_id, "places": list(places)})

    def end(self, *, now: datetime) -> None:
        self._update(ended_at=now)

    def _update(self, **values: object) -> None:
        ImportShard.objects.filter(job=self.job_id, number=self.number).update(**values)


def claim_shard(import_id: uuid.UUID, number: int) -> Shard | None:
    """Lock a shard until the transaction ends. Return None if it has ended or is locked.

    The import cannot be cancelled meanwhile.
    """
    found = fetch_rows(CLAIM, {"job": import_id, "number": number})
    return Shard(import_id, number, *found[0]) if found else None


def wait_for_batches(import_id: uuid.UUID) -> None:
    """Lock all shards until the transaction ends, each as soon as its batch has ended."""
    list(ImportShard.objects.filter(job=import_id).order_by("number").select_for_update())


def has_open_shard(import_id: uuid.UUID) -> bool:
    return ImportShard.objects.filter(job=import_id, ended_at=None).exists()


def delete_rows(import_id: uuid.UUID) -> None:
    """Delete the rows that are left of an import that is over."""
    ImportRow.objects.filter(job=import_id).delete()
