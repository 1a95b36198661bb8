"""Skipping numbers after a restore, so that none is given to two events.

Note [Restored]. A restored database knows only the events up to the backup. Brands may have been
told later ones, whose numbers would be used again, for other events: a reader who has 1–150 of a
stream that goes on at 101 would take the new 101–150 for what it has. So each stream, and the
counter of each relationship, goes on further than it can have come. Example, with a jump of 1,000:

    backup                at 100, Ana's newest event is her 4th
    handed out and lost   101–150, of which one was Ana's 5th
    after the restore     the next event is 1101; if it is Ana's, it is her 1005th

The gap 101–1100 is kept, and so it can be told from a hole. A reader at 100 goes on with 1101. A
reader at 101–1099 has events that are no longer in the record, so it is refused. 1100 is where the
stream ends right after the restore.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from brands.models import StreamGap
from brands.prepared import Statement

#: More events than one brand is told between two backups: some 1,000 a second for a day.
JUMP = 100_000_000

SKIP = Statement("""
INSERT INTO brands_streamhead (brand_id, last_sequence)
SELECT id, %(jump)s::bigint FROM brands_brand ORDER BY id
ON CONFLICT (brand_id) DO UPDATE
SET last_sequence = brands_streamhead.last_sequence + %(jump)s::bigint
RETURNING brand_id, last_sequence
""")
SKIP_WITHIN_SUBJECTS = Statement(
    "UPDATE brands_subjecthead SET last_seq = last_seq + %(jump)s::bigint"
)


def open_gaps(*, now: datetime, jump: int = JUMP) -> int:
    """Let every stream go on *jump* numbers further; return how many streams there are.

    Call it as the owner, after a restore and before anything is appended.
    """
    with transaction.atomic():
        heads = SKIP.ask({"jump": jump})
        SKIP_WITHIN_SUBJECTS.ask({"jump": jump})
        gaps = [
            StreamGap(brand_id=brand, first=end - jump + 1, last=end, made_at=now)
            for brand, end in heads
        ]
        StreamGap.objects.bulk_create(gaps)
    return len(gaps)
