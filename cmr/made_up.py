"""What the people whom a test brand made up do, at the brand's word."""

from __future__ import annotations

from datetime import datetime

from brands.models import Brand
from consent import ledger, people, relationships
from consent.identifiers import Contact
from consent.ledger import Actor, NewChoice
from consent.models import LedgerEntry, Relationship

#: The door through which they act.
DOOR = "portal"
NOTE = "Made up in the console."


def meet(brand: Brand, contact: Contact, *, now: datetime) -> Relationship:
    """The brand's relationship with whoever has this address, begun where there is none.

    Raises:
        identifiers.InvalidAddress, relationships.EndedByPerson
    """
    return relationships.register(brand, contact, note=NOTE, now=now)[0]


def say(brand: Brand, contact: Contact, choice: NewChoice, *, now: datetime) -> LedgerEntry:
    """They say it in the portal.

    Raises:
        identifiers.InvalidAddress, people.NoRelationship, and what `ledger.record` does
    """
    person = people.find(brand.pk, contact).person_id
    return ledger.record(person, [choice], by=Actor(DOOR), now=now)[0]
