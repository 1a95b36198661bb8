"""A choice about all brands that is being copied into each brand's event stream."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from consent.models.ledger import LedgerEntry
from consent.models.subject import Subject


class PropagationQuerySet(models.QuerySet["Propagation"]):
    def pending(self, person_id: uuid.UUID) -> PropagationQuerySet:
        """Return the person's pending choices with their entries, in the order of recording.

        The ids of entries do not have that order: within a millisecond they are random.
        """
        mine = self.filter(subject=person_id, done_at=None).select_related("entry")
        return mine.order_by("subject_seq", "pk")


class Propagation(models.Model):
    """A choice that is pending until the stream of every concerned brand has its event."""

    entry = models.OneToOneField(LedgerEntry, on_delete=models.PROTECT, primary_key=True)
    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="+", db_index=False)
    subject_seq = models.BigIntegerField()
    done_at = models.DateTimeField(null=True)

    objects = PropagationQuerySet.as_manager()

    class Meta:
        indexes = [
            # "Is any choice of this person pending?", a query for every choice about one brand.
            models.Index(
                fields=["subject", "subject_seq"],
                name="propagation_pending",
                condition=Q(done_at=None),
            ),
        ]
