"""What became of a choice at each brand that it concerns: told, delivered, applied, or overdue."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import OuterRef, Q, Subquery

from brands import receipts
from brands.models import Acknowledgement, Brand, Event
from consent.models import LedgerEntry, Propagation, Relationship


@dataclass(frozen=True, slots=True)
class Fate:
    """How far a choice has come with one brand."""

    brand: Brand
    recorded_at: datetime
    #: Its place in the brand's stream; None while it has not been put there.
    sequence: int | None = None
    delivered_at: datetime | None = None
    applied_at: datetime | None = None
    honour_by: datetime | None = None

    def state(self, now: datetime) -> str:
        """`recorded`, `delivered`, `applied`; or `overdue`, until it is applied after all."""
        if self.applied_at:
            return "applied"
        if self.honour_by and self.honour_by < now:
            return "overdue"
        return "delivered" if self.delivered_at else "recorded"


def fates(entry: LedgerEntry) -> list[Fate]:
    """Of each brand that was told of the entry, or is still to be told, by name."""
    events = _events(entry)
    delivered = receipts.first_deliveries(events)
    told = [_fate(entry, each, delivered.get((each.brand_id, each.sequence))) for each in events]
    known = {fate.brand.pk for fate in told}
    waiting = [Fate(b, entry.recorded_at) for b in _to_be_told(entry) if b.pk not in known]
    return sorted([*told, *waiting], key=lambda fate: (fate.brand.name, fate.brand.pk))


def _events(entry: LedgerEntry) -> list[Event]:
    """By the index of causes, which begins with the brand."""
    brands = [entry.brand_id] if entry.brand_id else _brands_of(entry)
    acknowledged = Acknowledgement.objects.filter(
        brand=OuterRef("brand_id"), through__gte=OuterRef("sequence")
    )
    events = Event.objects.filter(brand__in=brands, cause=entry.pk).select_related("brand")
    first = acknowledged.order_by("through").values("made_at")[:1]
    return list(events.annotate(applied_at=Subquery(first)))


def _brands_of(entry: LedgerEntry) -> list[int]:
    mine = Relationship.objects.filter(subject=entry.subject_id)
    return list(mine.values_list("brand_id", flat=True).distinct())


def _fate(entry: LedgerEntry, event: Event, delivered_at: datetime | None) -> Fate:
    applied_at: datetime | None = event.applied_at  # type: ignore[attr-defined]
    return Fate(
        event.brand,
        entry.recorded_at,
        event.sequence,
        # Who says that they applied it have it, if not by a webhook of ours.
        delivered_at or applied_at,
        applied_at,
        event.honour_by,
    )


def _to_be_told(entry: LedgerEntry) -> Iterable[Brand]:
    """The brands into whose streams a choice about any brand has yet to go."""
    pending = Propagation.objects.filter(entry=entry, done_at=None)
    if not pending.exists():
        return []
    concerned = Q(relationships__subject=entry.subject_id, relationships__ended_at=None)
    return Brand.objects.filter(concerned)
