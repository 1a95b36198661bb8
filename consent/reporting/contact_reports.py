"""Reports of unwanted contact, judged by the person's choices at the moment of the contact."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db.models import QuerySet

from brands.models import Event
from consent import brand_events, checks
from consent.models import ContactReport, LedgerEntry, Relationship
from core.errors import DomainError


class InTheFuture(DomainError):
    """The reported contact is later than now."""

    code = "not_yet"
    field = "contacted_at"


def report_contact(
    relationship: Relationship,
    *,
    purpose: str,
    channel: str,
    contacted_at: datetime,
    message: str,
    now: datetime,
) -> ContactReport:
    """Store a person's report together with whether the brand was allowed to contact them.

    Raises:
        InTheFuture, and what `checks.build_bulk_question` raises
    """
    if contacted_at > now:
        raise InTheFuture("this must not be in the future")
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
    """Return the deadline for applying a choice; None if the brand has not received it yet.

    A choice made before the relationship was sent with the relationship's first event, so its
    deadline is the start of the relationship.
    """
    entry = LedgerEntry.objects.get(pk=entry_id)
    if entry.recorded_at < relationship.started_at:
        return relationship.started_at
    told = Event.objects.filter(
        brand=relationship.brand_id, cause=brand_events.build_cause(entry, relationship)
    )
    return told.values_list("honour_by", flat=True).first()


def list_contact_reports(person_id: uuid.UUID) -> QuerySet[ContactReport]:
    """Return the person's contact reports, newest first."""
    mine = ContactReport.objects.filter(relationship__person=person_id)
    related = mine.select_related("relationship__brand", "purpose", "because")
    return related.order_by("-reported_at", "-pk")
