"""Skipping numbers after a restore, so that none is given to two events.

Note [Restored]. A restored database knows only the events up to the backup. Brands may have been
told later ones, whose numbers would be used again, for other events: a reader who has 1–150 of a
stream that goes on at 101 would take the new 101–150 for what it has. So each stream goes on at a
number that the clock gives: one more for each 10 µs since 2020. No stream is told events as fast
as that, so all numbers that were given before are lower, whatever was restored in between, and
however often. The counter of each relationship goes on further by as many as its stream: it grew by
no more than its stream did. Example, restored at 9000 by the clock:

    backup                at 100, Ana's newest event is her 4th
    handed out and lost   101–150, of which one was Ana's 5th
    after the restore     the next event is 9001; if it is Ana's, it is her 8905th

The gap 101–9000 is kept, and so it can be told from a hole. A reader at 100 goes on with 9001. A
reader at 101–8999 has events that are no longer in the record, so it is refused. 9000 is where the
stream ends right after the restore.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from core.db import Statement

BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)
#: Below 2^53, the last number that JavaScript counts exactly, until the year 4800.
STEP = timedelta(microseconds=10)
#: How much further a stream goes on that is beyond its number by a clock that is wrong.
JUMP = 100_000_000

# All in one statement, so that each part sees the heads as they were.
OPEN = Statement("""
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
""")


def compute_restart_number(now: datetime) -> int:
    """Return the number at which a stream ends that is restored at *now*."""
    return max(0, (now - BEGINNING) // STEP)


def open_restore_gaps(*, now: datetime) -> int:
    """Let every stream go on at its number by the clock; return how many streams there are.

    Call it as the owner, after a restore and before anything is appended.
    """
    opened = OPEN.ask({"number": compute_restart_number(now), "jump": JUMP, "now": now.isoformat()})
    return len(opened)
