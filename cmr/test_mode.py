"""What the people whom a test brand made up do, at the brand's word."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from brands.models import Brand
from consent import ledger, relationships
from consent.identity import Contact
from consent.ledger import Actor, NewChoice
from consent.models import LedgerEntry, Relationship

#: The door through which they act.
DOOR = "portal"
NOTE = "Made up in the console."


def create_test_person(brand: Brand, contact: Contact, *, now: datetime) -> Relationship:
    """The brand's relationship with whoever has this address, begun where there is none.

    Raises:
        identifiers.InvalidAddress, relationships.EndedByPerson
    """
    return relationships.register_relationship(brand, contact, note=NOTE, now=now)[0]


def record_test_choice(
    brand: Brand, contact: Contact, choice: NewChoice, *, now: datetime
) -> tuple[LedgerEntry, Relationship]:
    """They say it in the portal; the entry, and the relationship of whoever said it.

    Raises:
        identifiers.InvalidAddress, people.NoRelationship, and what `ledger.record` does
    """
    with transaction.atomic():
        ledger.lock_subject(relationships.find_relationship(brand.pk, contact).subject_id)
        relationship = relationships.find_relationship(
            brand.pk, contact
        )  # nobody ends it while it is locked
        (entry,) = ledger.record_choices(relationship.subject_id, [choice], by=Actor(DOOR), now=now)
    return entry, relationship
