"""A person's report that a brand contacted them without permission."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from brands.models import Channel, Purpose
from consent.models.ledger import LedgerEntry
from consent.models.relationship import Relationship
from consent.models.subject import Subject
from core.db import new_id

NOES = ("deny", "pause")


class State(models.TextChoices):
    """The verdict on a report."""

    ALLOWED = "allowed"
    NOT_ALLOWED = "not_allowed"  # although the person had not refused it
    IN_TIME = "after_no_in_time"  # the deadline for applying the refusal had not passed
    LATE = "after_no_late"


class ContactReport(models.Model):
    """A report, judged by the ledger's state at the time of the contact."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    relationship = models.ForeignKey(
        Relationship, on_delete=models.PROTECT, related_name="contact_reports"
    )
    #: The relationship's subject, by which the table can be distributed.
    subject = models.ForeignKey(
        Subject,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    purpose = models.ForeignKey(Purpose, on_delete=models.PROTECT, related_name="+")
    channel = models.CharField(max_length=10, choices=Channel.choices)
    contacted_at = models.DateTimeField()
    #: The message as the person pasted it; deleted when they erase their account.
    message = models.TextField(blank=True)
    reported_at = models.DateTimeField()
    #: Whether the brand was allowed to send it, and the rule that decided.
    allowed = models.BooleanField()
    rule = models.CharField(max_length=40)
    #: The choice that decided; null if a default decided or there was no relationship.
    because = models.ForeignKey(LedgerEntry, null=True, on_delete=models.PROTECT, related_name="+")

    #: The deadline for applying that choice; null if the brand had not received it yet.
    honour_by = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(contacted_at__lte=models.F("reported_at")),
                name="contact_report_of_the_past",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def state(self) -> State:
        if self.allowed:
            return State.ALLOWED
        if self.because is None or self.because.decision not in NOES:
            return State.NOT_ALLOWED
        late = self.honour_by is not None and self.contacted_at > self.honour_by
        return State.LATE if late else State.IN_TIME
