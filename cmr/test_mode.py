"""Acts of a test brand's made-up people, triggered by the brand."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from brands.models import Brand
from consent import ledger, relationships
from consent.identity import Contact
from consent.ledger import Actor, NewChoice
from consent.models import LedgerEntry, Relationship

#: The source of their choices.
DOOR = "portal"
NOTE = "Made up in the console."


def create_test_person(brand: Brand, contact: Contact, *, now: datetime) -> Relationship:
    """Return the brand's relationship with this address. Create it if there is none.

    Raises:
        identity.InvalidAddress, relationships.EndedByPerson
    """
    return relationships.register_relationship(brand, contact, note=NOTE, now=now)[0]


def record_test_choice(
    brand: Brand, contact: Contact, choice: NewChoice, *, now: datetime
) -> tuple[LedgerEntry, Relationship]:
    """Record a choice as if made in the portal. Return its entry and the relationship.

    Raises:
        identity.InvalidAddress, relationships.NoRelationship, and what
        `ledger.record_choices` raises
    """
    with transaction.atomic():
        ledger.lock_subject(relationships.find_relationship(brand.pk, contact).subject_id)
        relationship = relationships.find_relationship(
            brand.pk, contact
        )  # the lock keeps it from ending
        (entry,) = ledger.record_choices(relationship.subject_id, [choice], by=Actor(DOOR), now=now)
    return entry, relationship
