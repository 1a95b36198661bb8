""" "This brand contacted me after my no": judged by the ledger as it stood then."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db.models import QuerySet

from brands.models import Event
from consent import brand_events, checks
from consent.models import ContactReport, LedgerEntry, Relationship


class InTheFuture(ValueError):
    """Nothing can have come later than now."""


def report_contact(
    relationship: Relationship,
    *,
    purpose: str,
    channel: str,
    contacted_at: datetime,
    message: str,
    now: datetime,
) -> ContactReport:
    """Keep what the person reports, with whether the brand might have sent it.

    Raises:
        InTheFuture, and what `batches.question` raises
    """
    if contacted_at > now:
        raise InTheFuture("this moment has not come yet")
    asked = checks.build_bulk_question(relationship.brand_id, purpose=purpose, channel=channel)
    decided = checks.check_relationships_as_of([relationship], asked, as_of=contacted_at)
    decision = decided[relationship.pk]
    return ContactReport.objects.create(
        relationship=relationship,
        subject_id=relationship.subject_id,
        purpose_id=purpose,
        channel=channel,
        contacted_at=contacted_at,
        message=message,
        reported_at=now,
        allowed=decision.allowed,
        rule=decision.rule,
        because_id=(because := decision.because.entry if decision.because else None),
        honour_by=_honour_by(relationship, because) if because else None,
    )


def _honour_by(relationship: Relationship, entry_id: uuid.UUID) -> datetime | None:
    """Return by when the brand had to have applied a choice; None while it was not told.

    What stood when the relationship began was told with its beginning.
    """
    entry = LedgerEntry.objects.get(pk=entry_id)
    if entry.recorded_at < relationship.started_at:
        return relationship.started_at
    told = Event.objects.filter(
        brand=relationship.brand_id, cause=brand_events.build_cause(entry, relationship)
    )
    return told.values_list("honour_by", flat=True).first()


def list_contact_reports(person_id: uuid.UUID) -> QuerySet[ContactReport]:
    """What they reported, newest first."""
    mine = ContactReport.objects.filter(relationship__person=person_id)
    related = mine.select_related("relationship__brand", "purpose", "because")
    return related.order_by("-reported_at", "-pk")
