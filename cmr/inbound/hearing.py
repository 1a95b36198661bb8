"""What a person said away from our pages becomes a choice of theirs.

Note [Through a brand's hands]. Messages come to us through the brand, or its provider, and nobody
else can say whether they were ever written. A no is taken as the person's own word: who makes one
up binds only themselves. A yes is taken as the brand's account of it, with the words as evidence:
it counts, but it lifts no no of the person's own, or a brand could write it to itself.

Note [Alike]. Nothing is recorded of a contact with whom the brand has no relationship, and nobody
is told whether anything was: who hears of an address must not learn by it whether it is known.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from brands.models import Brand
from cmr import preferences
from consent import ledger, people
from consent.identifiers import Contact
from consent.ledger import Actor, LiftRefused, NewChoice
from consent.models import LedgerEntry, Relationship
from consent.resolution import Scope

PURPOSE = "marketing"
#: Names of messages that are kept as they are; of any other, its digest.
PLAIN = re.compile(r"[\w.:=/+ -]{1,200}")


@dataclass(frozen=True, slots=True)
class Heard:
    """A no or yes to marketing on one channel."""

    contact: Contact
    channel: str
    #: A `consent.models.Source`.
    source: str
    #: By whom or how it came: "sms", "Postmark".
    by: str
    #: What was said or done, in words that hold no address.
    what: str
    #: When it was said.
    at: datetime
    #: Whoever hands it on knows it by this, and hands it on again under the same; None is unknown.
    name: str | None = None
    campaign: str = ""

    @property
    def origin(self) -> str:
        """How its evidence begins. No two messages with a name have the same."""
        return f"{self.by} {_without_address(self.name, self.contact)}: " if self.name else ""

    @property
    def evidence(self) -> str:
        return f"{self.origin or f'{self.by}: '}{self.what}, {self.at.isoformat()}"


def scope_of(brand: Brand, channel: str) -> Scope:
    """What a no or yes is taken to be about."""
    return Scope(brand.pk, PURPOSE, channel)


def take_no(brand: Brand, heard: Heard, *, now: datetime) -> LedgerEntry | None:
    """Record the person's no; None where nobody is known, or it is known already."""
    if (relationship := people.ever(brand.pk, heard.contact)) is None:
        return None
    scope = scope_of(brand, heard.channel)
    with transaction.atomic():
        person = ledger.lock(relationship.person_id)  # so that of two at once the second sees
        known = preferences.has_refused(relationship, scope, now=now)
        if known or _is_repeat(relationship, heard):
            return None
        choice = NewChoice(
            scope, "deny", evidence=heard.evidence, campaign=heard.campaign, made_at=heard.at
        )
        return ledger.record(person.pk, [choice], by=Actor(heard.source), now=now)[0]


def take_yes(brand: Brand, heard: Heard, *, now: datetime) -> LedgerEntry | None:
    """Record the brand's account of a yes; None where nobody is known, it is known already, or
    the person's own no stands."""
    try:
        relationship = people.find(brand.pk, heard.contact)
    except people.NoRelationship:
        return None
    choice = NewChoice(
        scope_of(brand, heard.channel), "grant", evidence=heard.evidence, made_at=heard.at
    )
    with transaction.atomic():
        person = ledger.lock(relationship.person_id)
        if _is_repeat(relationship, heard):
            return None
        try:
            return ledger.record(person.pk, [choice], by=Actor("brand_api", brand.pk), now=now)[0]
        except LiftRefused:
            return None


def _is_repeat(relationship: Relationship, heard: Heard) -> bool:
    """Whether the person's record holds this message already."""
    said = LedgerEntry.objects.of_person(relationship.person_id).filter(brand=relationship.brand_id)
    return bool(heard.origin) and said.filter(evidence__startswith=heard.origin).exists()


def _without_address(name: str, contact: Contact) -> str:
    """A message's name, or its digest where the name might tell whose it is."""
    address = contact.email.lower() if contact.email else re.sub(r"\D", "", contact.phone or "")
    if PLAIN.fullmatch(name) and address not in name.lower():
        return name
    return f"sha256:{hashlib.sha256(name.encode()).hexdigest()}"
