"""Where a person lives, as far as anybody said: their own word, else the asking brand's.

A brand's word is for that brand's questions alone, and the person's is for no brand to read.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence

from django.db.models.functions import Coalesce

from consent.models import Relationship, Subject

#: The same for queries over `subject` and `relationship`; null while nobody said anything.
JURISDICTION_SQL = "coalesce(subject.jurisdiction, relationship.jurisdiction)"


def find_residence(subject: Subject, relationship: Relationship) -> str | None:
    """Where *subject* lives, as the brand of *relationship* is to be answered."""
    return subject.jurisdiction or relationship.jurisdiction


def find_stated_residence(person_id: uuid.UUID) -> str | None:
    """Where the person says they live; None while they have not said."""
    return Subject.objects.values_list("jurisdiction", flat=True).get(pk=person_id)


def find_residence_for_brand(subject: Subject, brand_id: int | None) -> str | None:
    """The same, of a person whose relationship is not at hand."""
    return subject.jurisdiction or find_residence_for_brands(subject.pk, [brand_id]).get(brand_id)


def find_residence_for_brands(
    person_id: uuid.UUID, brand_ids: Sequence[int | None]
) -> Mapping[int | None, str | None]:
    """The same, for each of the brands that the person has or had a relationship with."""
    mine = Relationship.objects.filter(person=person_id, brand_id__in=brand_ids)
    place = Coalesce("person__jurisdiction", "jurisdiction")
    return dict(mine.values_list("brand_id", place))
