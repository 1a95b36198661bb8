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


class NamedEntry(NamedTuple):
    """An entry with what a page calls the things that it is about."""

    entry: LedgerEntry
    #: The brand's name for the topic today, or the topic's code; empty without a topic.
    topic: str
    #: The address that the entry is about; empty for any address, or one that was removed.
    address: str


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
    return list(entries.order_by("-recorded_at", "-pk")[:limit])


def name_entries(
    entries: Sequence[LedgerEntry], *, with_addresses: bool = True
) -> list[NamedEntry]:
    """Return the entries with their names, by one query for topics and one for addresses.

    Without *with_addresses* no address is named, for readers who may not be the person.
    """
    topics = Topic.objects.names((entry.brand_id, entry.topic) for entry in entries)
    addresses = _read_addresses(entries) if with_addresses else {}
    return [
        NamedEntry(
            entry,
            topics.get((entry.brand_id or 0, entry.topic or ""), entry.topic or ""),
            addresses.get(entry.contact_point_id or 0, ""),
        )
        for entry in entries
    ]


def _read_addresses(entries: Sequence[LedgerEntry]) -> dict[int, str]:
    """Return the addresses that still belong to the person, by the id of their identifier."""
    wanted = {entry.contact_point_id for entry in entries} - {None}
    points = ContactPoint.objects.filter(identifier__in=wanted) if wanted else ()
    return {point.identifier_id: point.value for point in points}
