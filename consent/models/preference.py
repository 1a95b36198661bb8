"""What stands: a projection of the ledger, rebuildable from it."""

from django.db import models
from django.db.models import Q

from consent.models.ledger import Basis, DecisionKind, LedgerEntry, LimitPer, Maker, ScopeFields
from consent.models.subject import Subject


class Preference(ScopeFields):
    """The newest entry of one slot: person × scope × decision × maker × basis.

    Note [Slots]. One slot a scope is not enough: a pause that ends gives back the yes beneath it,
    a yes that expires gives back the no it had lifted, and a brand's word must never push out the
    person's. A `clear` keeps its slot too, so that an older choice that arrives later stays
    cleared. `resolution.fold` is the same rule over entries; a property test holds them together.
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
            # As the ledger's.
            models.Index(
                fields=["contact_point"],
                name="preference_of_contact_point",
                condition=Q(contact_point__isnull=False),
            ),
        ]
        constraints = [
            # Also the index of every check: subject = ? AND (brand = ? OR brand IS NULL).
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
