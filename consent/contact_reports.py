""" "This brand contacted me after my no": judged by the ledger as it stood then."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db.models import QuerySet

from consent import batches, hindsight
from consent.models import ContactReport, Relationship


class InTheFuture(ValueError):
    """Nothing can have come later than now."""


def report(
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
    asked = batches.question(relationship.brand_id, purpose=purpose, channel=channel)
    decided = hindsight.of_relationships([relationship], asked, as_of=contacted_at)
    decision = decided[relationship.pk]
    return ContactReport.objects.create(
        relationship=relationship,
        purpose_id=purpose,
        channel=channel,
        contacted_at=contacted_at,
        message=message,
        reported_at=now,
        allowed=decision.allowed,
        rule=decision.rule,
        because_id=decision.because.entry if decision.because else None,
    )


def of_person(person_id: uuid.UUID) -> QuerySet[ContactReport]:
    """What they reported, newest first."""
    mine = ContactReport.objects.filter(relationship__person=person_id)
    related = mine.select_related("relationship__brand", "purpose", "because")
    return related.order_by("-reported_at", "-pk")
