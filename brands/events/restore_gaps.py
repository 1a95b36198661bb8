"""Gaps in the numbering after a restore, so that no number is used for two events.

Note [Restored]. A restored database has only the events up to the backup. Brands may have received
later events, whose numbers would be used again for other events. Suppose a reader has events 1–150
and the restored stream continues at 101. The reader would then skip the new events 101–150 as
known.

So each stream continues at a number that is derived from the clock: 1 for each 10 µs since 2020. No
stream grows as fast as that. So all numbers used before are lower, however often and from whatever
backup the database was restored. The counter of each relationship is increased by as much as that
of its stream, because it cannot have grown more than its stream. Example of a restore when the
clock gives 9000:

    backup                at 100, Ana's newest event is her 4th
    sent and lost         101–150, of which one was Ana's 5th
    after the restore     the next event is 9001; if it is Ana's, it is her 8905th

The gap 101–9000 is stored, so that it can be distinguished from missing events. A reader at 100
continues with 9001. A reader at 101–8999 has events that are no longer in the stream, so it is
refused. 9000 is accepted: it is where the stream ends right after the restore.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from core.db import fetch_rows

BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)
#: Below 2^53, the last number that JavaScript counts exactly, until the year 4800.
STEP = timedelta(microseconds=10)
#: How many numbers are skipped if a stream is already beyond the clock's number, because the clock
#: is or was wrong.
JUMP = 100_000_000

# It is one statement, so that each part sees the heads as they were before.
OPEN = """
WITH opened AS (
    INSERT INTO brands_streamgap (brand_id, first, last, made_at)
    SELECT brand.id, coalesce(head.last_sequence, 0) + 1,
        CASE WHEN %(number)s::bigint > coalesce(head.last_sequence, 0) THEN %(number)s::bigint
             ELSE head.last_sequence + %(jump)s::bigint END,
        %(now)s::text::timestamptz
    FROM brands_brand brand LEFT JOIN brands_streamhead head ON head.brand_id = brand.id
    RETURNING brand_id, first, last
), within_subjects AS (
    UPDATE brands_subjecthead head SET last_seq = head.last_seq + opened.last - opened.first + 1
    FROM opened WHERE opened.brand_id = head.brand_id
)
INSERT INTO brands_streamhead (brand_id, last_sequence) SELECT brand_id, last FROM opened
ON CONFLICT (brand_id) DO UPDATE SET last_sequence = EXCLUDED.last_sequence
RETURNING brand_id
"""


def compute_restart_number(now: datetime) -> int:
    """Return the last number of the gap in a stream that is restored at *now*."""
    return max(0, (now - BEGINNING) // STEP)


def open_restore_gaps(*, now: datetime) -> int:
    """Open a gap in every stream up to the clock's number. Return the number of streams.

    Call it as the owner of the database, after a restore and before any event is appended.
    """
    given = {"number": compute_restart_number(now), "jump": JUMP, "now": now.isoformat()}
    return len(fetch_rows(OPEN, given))
