"""What a person did, with what stood on the same scope before."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db import connection
from django.db.models import Q

from brands.models import Topic
from consent.models import LedgerEntry


@dataclass(frozen=True, slots=True)
class Change:
    """`before` is the decision of the entry before on exactly this scope, or None."""

    entry: LedgerEntry
    before: str | None


class Place(NamedTuple):
    """Where an entry stands in a history that may be of several merged subjects."""

    recorded_at: datetime
    entry: uuid.UUID

    @classmethod
    def of(cls, change: Change) -> Place:
        return cls(change.entry.recorded_at, change.entry.pk)


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


def changes(
    person_id: uuid.UUID, *, limit: int, before: Place | None = None, brand_id: int | None = None
) -> list[Change]:
    """The newest changes, or those that come before a place; at most *limit*, newest first.

    With a brand only those that are about it alone, or about any brand.
    """
    entries = LedgerEntry.objects.of_person(person_id).select_related("brand", "purpose")
    if brand_id is not None:
        entries = entries.filter(Q(brand=brand_id) | Q(brand=None))
    if before is not None:
        same_time = Q(recorded_at=before.recorded_at, pk__lt=before.entry)
        entries = entries.filter(Q(recorded_at__lt=before.recorded_at) | same_time)
    return with_before(list(entries.order_by("-recorded_at", "-pk")[:limit]))


def with_before(entries: Sequence[LedgerEntry]) -> list[Change]:
    name_topics(entries)
    earlier = _decisions_before(entries)
    return [Change(entry, earlier.get(entry.id)) for entry in entries]


def name_topics(entries: Sequence[LedgerEntry]) -> None:
    """Give each entry that has a topic its name, as the brand has it today, in one query."""
    names = Topic.objects.names((entry.brand_id, entry.topic) for entry in entries)
    for entry in entries:
        code = entry.topic or ""
        entry.topic_name = names.get((entry.brand_id or 0, code), code)


def _decisions_before(entries: Sequence[LedgerEntry]) -> dict[uuid.UUID, str]:
    with connection.cursor() as cursor:
        cursor.execute(BEFORE, [[entry.id for entry in entries]])
        return dict(cursor.fetchall())
