"""What a person did, with what stood on the same scope before."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection

from consent.models import LedgerEntry


@dataclass(frozen=True, slots=True)
class Change:
    """`before` is the decision of the entry before on exactly this scope, or None."""

    entry: LedgerEntry
    before: str | None


# "IS NOT DISTINCT FROM" since a null part means "any" and equals itself.
BEFORE = """
SELECT DISTINCT ON (entry.id) entry.id, earlier.decision
FROM consent_ledgerentry entry
JOIN consent_ledgerentry earlier ON earlier.subject_id = entry.subject_id
    AND earlier.subject_seq < entry.subject_seq
    AND earlier.brand_id IS NOT DISTINCT FROM entry.brand_id
    AND earlier.purpose_id IS NOT DISTINCT FROM entry.purpose_id
    AND earlier.channel IS NOT DISTINCT FROM entry.channel
    AND earlier.topic IS NOT DISTINCT FROM entry.topic
    AND earlier.contact_point_id IS NOT DISTINCT FROM entry.contact_point_id
WHERE entry.id = ANY(%s)
ORDER BY entry.id, earlier.subject_seq DESC
"""


def changes(subject_id: uuid.UUID, *, before_seq: int | None, limit: int) -> list[Change]:
    """The newest changes, or those below *before_seq*; at most *limit*, newest first."""
    entries = LedgerEntry.objects.filter(subject_id=subject_id).select_related("brand")
    if before_seq is not None:
        entries = entries.filter(subject_seq__lt=before_seq)
    page = list(entries.order_by("-subject_seq")[:limit])
    earlier = _decisions_before(page)
    return [Change(entry, earlier.get(entry.id)) for entry in page]


def _decisions_before(entries: Sequence[LedgerEntry]) -> dict[uuid.UUID, str]:
    with connection.cursor() as cursor:
        cursor.execute(BEFORE, [[entry.id for entry in entries]])
        return dict(cursor.fetchall())
