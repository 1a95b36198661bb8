"""A person's residence: as the person states it, else as the asking brand states it.

A brand's statement counts for this brand's questions alone. No brand can read the person's own.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence

from django.db.models.functions import Coalesce

from consent.models import Relationship, Subject

#: The same rule in SQL, for queries over `subject` and `relationship`; null if nobody stated it.
JURISDICTION_SQL = "coalesce(subject.jurisdiction, relationship.jurisdiction)"


def find_residence(subject: Subject, relationship: Relationship) -> str | None:
    """Return where *subject* lives for questions of the brand of *relationship*."""
    return subject.jurisdiction or relationship.jurisdiction


def find_stated_residence(person_id: uuid.UUID) -> str | None:
    """Return where the person says they live; None if they have not said."""
    return Subject.objects.values_list("jurisdiction", flat=True).get(pk=person_id)


def find_residence_for_brand(
    subject: Subject, brand_id: int | None, *, named_id: uuid.UUID
) -> str | None:
    """Return where *subject* lives for questions of this brand about the address of *named_id*.

    Loads the relationship of this address if needed. What the brand stated about another address
    does not count: otherwise it could learn that both belong to one person.
    """
    if subject.jurisdiction:
        return subject.jurisdiction
    stated = Relationship.objects.filter(subject=named_id, brand=brand_id)
    return stated.values_list("jurisdiction", flat=True).first()


def find_residence_for_brands(
    person_id: uuid.UUID, brand_ids: Sequence[int | None]
) -> Mapping[int | None, str | None]:
    """Return where the person lives, by brand.

    Only brands that have or had a relationship with the person are included.
    """
    mine = Relationship.objects.filter(person=person_id, brand_id__in=brand_ids)
    place = Coalesce("person__jurisdiction", "jurisdiction")
    return dict(mine.values_list("brand_id", place))
