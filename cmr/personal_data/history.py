"""What a person did."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.db.models import Q

from brands.models import Topic
from cmr.models import ContactPoint
from consent.models import LedgerEntry


class HistoryCursor(NamedTuple):
    """Where an entry stands in a history that may be of several merged subjects."""

    recorded_at: datetime
    entry: uuid.UUID

    @classmethod
    def of(cls, entry: LedgerEntry) -> HistoryCursor:
        return cls(entry.recorded_at, entry.pk)


def list_changes(
    person_id: uuid.UUID,
    *,
    limit: int,
    before: HistoryCursor | None = None,
    brand_id: int | None = None,
) -> list[LedgerEntry]:
    """The newest changes, or those that come before a place; at most *limit*, newest first.

    With a brand only those that are about it alone, or about any brand.
    """
    entries = LedgerEntry.objects.of_person(person_id).select_related("brand", "purpose", "text")
    if brand_id is not None:
        entries = entries.filter(Q(brand=brand_id) | Q(brand=None))
    if before is not None:
        same_time = Q(recorded_at=before.recorded_at, pk__lt=before.entry)
        entries = entries.filter(Q(recorded_at__lt=before.recorded_at) | same_time)
    found = list(entries.order_by("-recorded_at", "-pk")[:limit])
    name_topics(found)
    name_addresses(found)
    return found


def name_topics(entries: Sequence[LedgerEntry]) -> None:
    """Give each entry that has a topic its name, as the brand has it today, in one query."""
    names = Topic.objects.names((entry.brand_id, entry.topic) for entry in entries)
    for entry in entries:
        code = entry.topic or ""
        entry.topic_name = names.get((entry.brand_id or 0, code), code)


def name_addresses(entries: Sequence[LedgerEntry]) -> None:
    """Give each entry that is about one address this address, while it is still the person's."""
    wanted = {entry.contact_point_id for entry in entries} - {None}
    points = ContactPoint.objects.filter(identifier__in=wanted) if wanted else ()
    addresses = {point.identifier_id: point.value for point in points}
    for entry in entries:
        entry.address = addresses.get(entry.contact_point_id or 0, "")
