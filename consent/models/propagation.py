"""A choice about any brand, on its way into each brand's stream."""

from django.db import models
from django.db.models import Q

from consent.models.ledger import LedgerEntry
from consent.models.subject import Subject


class Propagation(models.Model):
    """Pending until every concerned brand's stream has its event."""

    entry = models.OneToOneField(LedgerEntry, on_delete=models.PROTECT, primary_key=True)
    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="+", db_index=False)
    subject_seq = models.BigIntegerField()
    done_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            # "Is anything of this person still pending?", asked by every choice about one brand.
            models.Index(
                fields=["subject", "subject_seq"],
                name="propagation_pending",
                condition=Q(done_at=None),
            ),
        ]
