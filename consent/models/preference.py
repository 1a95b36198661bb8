"""Current preferences: a projection of the ledger, which can be rebuilt from it."""

from django.db import models
from django.db.models import Q

from consent.models.ledger import Basis, DecisionKind, LedgerEntry, LimitPer, Maker, ScopeFields
from consent.models.subject import Subject


class Preference(ScopeFields):
    """The newest entry of one slot: person × scope × decision × maker × basis.

    Note [Slots]. One slot for each scope is not enough, for three reasons. When a pause ends, the
    grant beneath it counts again. When a grant expires, the refusal that it had lifted counts
    again. A brand's choice must never replace the person's. A `clear` keeps its slot too, so that
    an older choice that arrives later stays cleared. `resolution.fold` is the same rule over
    entries; a property test compares the two.
    """

    subject = models.ForeignKey(
        Subject, on_delete=models.PROTECT, related_name="preferences", db_index=False
    )
    decision = models.CharField(max_length=6, choices=DecisionKind.choices)
    maker = models.CharField(max_length=6, choices=Maker.choices)
    basis = models.CharField(max_length=7, choices=Basis.choices)
    entry = models.ForeignKey(
        LedgerEntry, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    subject_seq = models.BigIntegerField()
    made_at = models.DateTimeField()
    until = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    limit_max = models.PositiveIntegerField(null=True)
    limit_per = models.CharField(max_length=5, null=True, choices=LimitPer.choices)

    class Meta:
        indexes = [
            # For the same query as the ledger's index.
            models.Index(
                fields=["contact_point"],
                name="preference_of_contact_point",
                condition=Q(contact_point__isnull=False),
            ),
        ]
        constraints = [
            # Also the index for every check: subject = ? AND (brand = ? OR brand IS NULL).
            models.UniqueConstraint(
                fields=[
                    "subject",
                    "brand",
                    "purpose",
                    "channel",
                    "topic",
                    "contact_point",
                    "trait_kind",
                    "trait_category",
                    "trait",
                    "decision",
                    "maker",
                    "basis",
                ],
                nulls_distinct=False,
                name="preference_one_per_slot",
            ),
        ]
