"""The reason for a refusal, if the person gives it afterwards."""

from django.db import models
from django.db.models import Q

from consent.models.ledger import LedgerEntry, Reason
from consent.models.subject import Subject


class Explanation(models.Model):
    """A reason for one entry. It is separate, because an opt-out never waits for a reason."""

    entry = models.OneToOneField(LedgerEntry, on_delete=models.PROTECT, primary_key=True)
    #: The entry's subject, by which the table can be distributed.
    subject = models.ForeignKey(
        Subject,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    reason = models.CharField(max_length=40, choices=Reason.choices)
    given_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(reason__in=Reason.values), name="explanation_reason_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.entry_id}: {self.reason}"
