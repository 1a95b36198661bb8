"""Terms of implied consent."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from brands.models.catalogue import is_jurisdiction
from core import jurisdictions


class Ground(models.TextChoices):
    """The event that implies a consent."""

    PURCHASE = "purchase"
    INQUIRY = "inquiry"


class ImpliedTerm(models.Model):
    """The term of an implied consent in calendar months, by ground and jurisdiction.

    A row without a jurisdiction applies to any.
    """

    ground = models.CharField(max_length=8, choices=Ground.choices)
    jurisdiction = models.CharField(
        max_length=jurisdictions.LONGEST,
        null=True,
        blank=True,
        validators=[is_jurisdiction],
        help_text="As CA or CA-QC; empty is any.",
    )
    months = models.PositiveSmallIntegerField()
    law = models.CharField(max_length=100)

    class Meta:
        constraints = [
            # Also the index for every implied consent: ground = ? AND jurisdiction IN (…).
            models.UniqueConstraint(
                fields=["ground", "jurisdiction"], nulls_distinct=False, name="implied_term_once"
            ),
            models.CheckConstraint(
                condition=Q(ground__in=Ground.values), name="implied_term_ground_is_known"
            ),
            models.CheckConstraint(
                condition=Q(jurisdiction=None) | Q(jurisdiction__regex=jurisdictions.FORM),
                name="implied_term_jurisdiction_has_its_form",
            ),
            models.CheckConstraint(
                condition=Q(months__gte=1, months__lte=1_200), name="implied_term_of_some_months"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ground}, {self.jurisdiction or 'anywhere'}: {self.months} months"
