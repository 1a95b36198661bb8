"""The moment at which a choice ends by itself, and whether brands have received that."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import F, Q

from consent.models.ledger import LedgerEntry
from consent.models.subject import Subject


class EndingQuerySet(models.QuerySet["Ending"]):
    def due(self, now: datetime) -> EndingQuerySet:
        """Return the endings that are over and not processed, in the order of their ends."""
        return self.filter(done_at=None, ends_at__lte=now).order_by("ends_at", "entry_id")


class Ending(models.Model):
    """The end of a pause or of an expiring consent, one for each.

    Checks do not read it: they compare times with the clock, so a late worker makes no answer
    wrong.
    """

    entry = models.OneToOneField(LedgerEntry, on_delete=models.PROTECT, primary_key=True)
    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="+", db_index=False)
    ends_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)

    objects = EndingQuerySet.as_manager()

    class Meta:
        indexes = [
            # The worker's query: done_at IS NULL AND ends_at <= ? ORDER BY ends_at, entry.
            models.Index(fields=["ends_at", "entry"], name="ending_due", condition=Q(done_at=None)),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(done_at=None) | Q(done_at__gte=F("ends_at")),
                name="ending_not_done_before_it_ends",
            ),
        ]
