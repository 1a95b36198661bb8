"""Detection of events that are missing from a stream.

A stream is numbered 1, 2, 3 without holes, as a whole and for each subject
(Notes [Dense sequence] and [Counter of a relationship] in `brands.events.stream`). Numbers that a
restore skipped count as if their events existed (`brands.events.restore_gaps`). So deleted events
are detected, unless the counters were reset as well.
"""

from __future__ import annotations

from collections.abc import Iterator

from brands.models import Brand
from core.db import fetch_rows

# One statement is one snapshot, so events appended in the meantime cannot look like holes. The
# number after the head's is added as if it were the next event. Example: events 1, 2, 5 with the
# head at 6 give the rows 1, 2, 5, 7, and so the holes 3-4 and 6-6. With the head at 4 the rows are
# 1, 2, 5, 5. The numbers are numeric, because adding 1 to the largest bigint would be an error.
# Numbers that a restore skipped are one row, as if they were one long event.
HOLES = """
SELECT previous + 1, first - 1 FROM (
    SELECT first, lag(last, 1, 0::numeric) OVER (ORDER BY first) AS previous FROM (
        SELECT sequence::numeric AS first, sequence::numeric AS last
        FROM brands_event WHERE brand_id = %(brand)s
        UNION ALL
        SELECT first::numeric, last::numeric FROM brands_streamgap WHERE brand_id = %(brand)s
        UNION ALL
        SELECT beyond.first, beyond.first FROM (SELECT 1::numeric + coalesce(
            (SELECT last_sequence FROM brands_streamhead WHERE brand_id = %(brand)s), 0
        ) AS first) beyond
    ) numbers
) pairs
WHERE first <> previous + 1 ORDER BY first
"""
MISCOUNTED = """
SELECT subject, coalesce(events.many, 0), coalesce(head.last_seq, 0)
FROM (
    SELECT subject, many + (
        SELECT coalesce(sum(gap.last - gap.first + 1), 0) FROM brands_streamgap gap
        WHERE gap.brand_id = %(brand)s AND gap.first > began
    ) AS many
    FROM (
        SELECT subject, count(*) AS many, min(sequence) AS began
        FROM brands_event WHERE brand_id = %(brand)s GROUP BY subject
    ) counted
) events
FULL JOIN (
    SELECT subject, last_seq FROM brands_subjecthead WHERE brand_id = %(brand)s
) head USING (subject)
WHERE events.many IS DISTINCT FROM head.last_seq ORDER BY subject
"""
# It searches the bytes, because a damaged body may not be valid JSON. A quote within a JSON string
# is escaped, so no string looks like this key.
MISNUMBERED = """
SELECT sequence, place FROM (
  SELECT sequence, told, is_wrong, place + (
      SELECT coalesce(sum(gap.last - gap.first + 1), 0) FROM brands_streamgap gap
      WHERE gap.brand_id = %(brand)s AND gap.first > began AND gap.last < sequence
  ) AS place
  FROM (
    SELECT sequence, row_number() OVER following AS place, told,
           first_value(sequence) OVER following AS began,
           told IS DISTINCT FROM lag(told, 1, 0::numeric) OVER following + 1 AS is_wrong
    FROM (
        SELECT sequence, subject, substring(
            encode(body, 'escape') FROM '"subject_seq": ?([0-9]{1,18})[,}]'
        )::numeric AS told
        FROM brands_event WHERE brand_id = %(brand)s
    ) numbers
    WINDOW following AS (PARTITION BY subject ORDER BY sequence)
  ) numbered
  WHERE is_wrong
) suspected
WHERE told IS DISTINCT FROM place ORDER BY sequence
"""
APPLIED_TOO_FAR = """
SELECT max(through) FROM brands_acknowledgement WHERE brand_id = %(brand)s
HAVING max(through) > coalesce(
    (SELECT last_sequence FROM brands_streamhead WHERE brand_id = %(brand)s), 0
)
"""


def find_missing_events(brand: Brand) -> Iterator[str]:
    """Yield a message for each missing or misnumbered event in the brand's stream."""
    values = {"brand": brand.pk}
    for first, last in fetch_rows(HOLES, values):
        yield _describe_hole(int(first), int(last))
    for subject, many, counted in fetch_rows(MISCOUNTED, values):
        yield f"subject {subject} has {many} events, their counter says {counted}"
    for sequence, place in fetch_rows(MISNUMBERED, values):
        yield f"event {sequence} is not numbered as event {place} of its subject"
    for (through,) in fetch_rows(APPLIED_TOO_FAR, values):
        yield f"the brand applied event {through}, which is not there"


def _describe_hole(first: int, last: int) -> str:
    if first > last:
        return f"event {first - 1} is beyond the head"
    return f"event {first} is missing" if first == last else f"events {first} to {last} are missing"
