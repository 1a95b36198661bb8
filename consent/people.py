"""Finding the relationship that a brand means by a contact."""

from __future__ import annotations

from consent import identifiers
from consent.identifiers import Contact
from consent.models import Identifier, Relationship


class NoRelationship(Exception):
    """The brand has none with this contact; known and unknown addresses are alike."""


def find(brand_id: int, contact: Contact) -> Relationship:
    """The brand's active relationship with the person behind *contact*.

    Raises:
        NoRelationship, identifiers.InvalidAddress
    """
    found = ever(brand_id, contact)
    if found is None or found.ended_at is not None:
        raise NoRelationship("you have no relationship with this contact")
    return found


def ever(brand_id: int, contact: Contact) -> Relationship | None:
    """The relationship with the person behind *contact*, be it over or not.

    Raises:
        identifiers.InvalidAddress
    """
    mine = Relationship.objects.filter(brand_id=brand_id)
    digest = identifiers.digest_of_contact(contact)
    if digest is None:
        return mine.filter(ref=contact.ref).first()
    subjects = Identifier.objects.filter(digest=digest).values("subject_id")
    return mine.filter(subject_id__in=subjects).first()
