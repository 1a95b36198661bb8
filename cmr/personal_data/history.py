"""A person's history of choices."""

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
    """The position of an entry in a history that may span several merged subjects."""

    recorded_at: datetime
    entry: uuid.UUID

    @classmethod
    def from_entry(cls, entry: LedgerEntry) -> HistoryCursor:
        return cls(entry.recorded_at, entry.pk)


def list_changes(
    person_id: uuid.UUID,
    *,
    limit: int,
    before: HistoryCursor | None = None,
    brand_id: int | None = None,
) -> list[LedgerEntry]:
    """Return at most *limit* changes, newest first; with *before*, only older ones.

    With a brand, return only the changes about that brand or about any brand.
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
    """Set the topic name of each entry, as the brand calls it today, in one query."""
    names = Topic.objects.names((entry.brand_id, entry.topic) for entry in entries)
    for entry in entries:
        code = entry.topic or ""
        entry.topic_name = names.get((entry.brand_id or 0, code), code)


def name_addresses(entries: Sequence[LedgerEntry]) -> None:
    """Set the address of each entry about one address, if it still belongs to the person."""
    wanted = {entry.contact_point_id for entry in entries} - {None}
    points = ContactPoint.objects.filter(identifier__in=wanted) if wanted else ()
    addresses = {point.identifier_id: point.value for point in points}
    for entry in entries:
        entry.address = addresses.get(entry.contact_point_id or 0, "")
