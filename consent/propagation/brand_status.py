"""The status of a choice at each brand: recorded, delivered, applied or overdue."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import OuterRef, Subquery

from brands import webhooks, workspaces
from brands.models import Acknowledgement, Brand, Event
from consent import brand_events
from consent.models import LedgerEntry, Propagation, Relationship


@dataclass(frozen=True, slots=True)
class BrandStatus:
    """The progress of a choice at one brand."""

    brand: Brand
    recorded_at: datetime
    #: Its position in the brand's stream; None if it is not in the stream yet.
    sequence: int | None = None
    delivered_at: datetime | None = None
    applied_at: datetime | None = None
    honour_by: datetime | None = None
    #: Whether the brand is connected, so that someone can receive the choice.
    is_connected: bool = True

    def state(self, now: datetime) -> str:
        """Return `not_connected`, `recorded`, `delivered`, `applied`, or `overdue`.

        An overdue choice stays overdue until it is applied.
        """
        if self.applied_at:
            return "applied"
        if not self.is_connected:
            return "delivered" if self.delivered_at else "not_connected"
        if self.honour_by and self.honour_by < now:
            return "overdue"
        return "delivered" if self.delivered_at else "recorded"


def list_brand_statuses(entry: LedgerEntry, *, now: datetime) -> list[BrandStatus]:
    """Return the status at each brand that has or awaits an event of the entry, ordered by name."""
    events = _events(entry)
    delivered = webhooks.find_first_deliveries(events)
    told = [
        _build_status(entry, each, delivered.get((each.brand_id, each.sequence))) for each in events
    ]
    known = {fate.brand.pk for fate in told}
    waiting = [
        BrandStatus(b, entry.recorded_at) for b in _list_pending_brands(entry) if b.pk not in known
    ]
    slowest = {fate.brand.pk: fate for fate in sorted([*told, *waiting], key=_progress)[::-1]}
    ordered = sorted(slowest.values(), key=lambda fate: (fate.brand.name, fate.brand.pk))
    return _without_vain_dates(ordered, now)


def _without_vain_dates(known: Sequence[BrandStatus], now: datetime) -> list[BrandStatus]:
    """Remove the deadline of brands that no one operates: no one there will apply the choice."""
    connected = workspaces.find_connected_brands((fate.brand.pk for fate in known), now=now)
    return [
        fate if fate.brand.pk in connected else replace(fate, is_connected=False, honour_by=None)
        for fate in known
    ]


def _progress(fate: BrandStatus) -> tuple[bool, bool]:
    """Return a sort key.

    A brand with several relationships has an event of each; the slowest counts.
    """
    return fate.applied_at is not None, fate.delivered_at is not None


def _events(entry: LedgerEntry) -> list[Event]:
    """Return the events of the entry.

    The query uses the index of causes, which begins with the brand.
    """
    known = list(_relationships(entry))
    brands = {each.brand_id for each in known}
    causes = [brand_events.build_cause(entry, each) for each in known]
    acknowledged = Acknowledgement.objects.filter(
        brand=OuterRef("brand_id"), through__gte=OuterRef("sequence")
    )
    events = Event.objects.filter(brand__in=brands, cause__in=causes).select_related("brand")
    first = acknowledged.order_by("through").values("made_at")[:1]
    return list(events.annotate(applied_at=Subquery(first)))


def _relationships(entry: LedgerEntry) -> Iterable[Relationship]:
    mine = Relationship.objects.filter(person=entry.subject.person_id)
    return mine if entry.brand_id is None else mine.filter(brand=entry.brand_id)


def _build_status(entry: LedgerEntry, event: Event, delivered_at: datetime | None) -> BrandStatus:
    applied_at: datetime | None = event.applied_at  # type: ignore[attr-defined]
    return BrandStatus(
        event.brand,
        entry.recorded_at,
        event.sequence,
        # A brand that reports it as applied must have received it, even if not by a webhook.
        delivered_at or applied_at,
        applied_at,
        event.honour_by,
    )


def _list_pending_brands(entry: LedgerEntry) -> Iterable[Brand]:
    """Return the brands whose streams still await a choice about any brand."""
    pending = Propagation.objects.filter(entry=entry, done_at=None)
    if not pending.exists():
        return []
    mine = Relationship.objects.active().filter(person=entry.subject.person_id)
    return Brand.objects.filter(pk__in=mine.values("brand"))
