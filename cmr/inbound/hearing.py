"""What a person said away from our pages becomes a choice of theirs.

Note [Through a brand's hands]. Messages come to us through the brand, or its provider, and nobody
else can say whether they were ever written. A no is taken as the person's own word: who makes one
up binds only themselves. A yes is taken as the brand's account of it, with the words as evidence:
it counts, but it lifts no no of the person's own, or a brand could write it to itself.

Note [Alike]. Nobody is told whether anything was recorded: who hears of an address must not learn
by it whether it is known. A no from an address with which the brand has no relationship is kept,
too, for this one address: it stands once the brand registers the address, or its owner proves it.
Of the owner's other addresses the brand hears nothing by it. A yes from such an address is not
kept.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from brands.models import Brand
from cmr import choices
from consent import identity, ledger, relationships
from consent.brand_events import find_contact_point
from consent.decision import Scope
from consent.identity import Contact
from consent.ledger import Actor, LiftRefused, NewChoice
from consent.models import Identifier, LedgerEntry

PURPOSE = "marketing"
#: Names of messages that are kept as they are; of any other, its digest.
PLAIN = re.compile(r"[\w.:=/+ -]{1,200}")


@dataclass(frozen=True, slots=True)
class RecordedMessage:
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


def resolve_message_scope(brand: Brand, channel: str) -> Scope:
    """What a no or yes is taken to be about."""
    return Scope(brand.pk, PURPOSE, channel)


def record_refusal(brand: Brand, heard: RecordedMessage, *, now: datetime) -> LedgerEntry | None:
    """Record the person's no; None where it is known already."""
    relationship = relationships.find_any_relationship(brand.pk, heard.contact)
    with transaction.atomic():
        scope = resolve_message_scope(brand, heard.channel)
        if relationship is not None:
            subject_id = relationship.subject_id
        else:
            address = _find_address(brand, heard.contact)
            scope, subject_id = scope._replace(contact_point=address.pk), address.subject_id
        person = ledger.lock_subject(subject_id)  # so that of two at once the second sees
        known = choices.has_refused(person.pk, scope, now=now)
        if known or _is_repeat(person.pk, brand, heard, _find_contact_points(subject_id, scope)):
            return None
        choice = NewChoice(
            scope, "deny", evidence=heard.evidence, campaign=heard.campaign, made_at=heard.at
        )
        return ledger.record_choices(subject_id, [choice], by=Actor(heard.source), now=now)[0]


def _find_address(brand: Brand, contact: Contact) -> Identifier:
    """Return the identifier of an address that the brand has no relationship with."""
    digest = identity.compute_contact_digest(contact)
    assert digest is not None  # what people write has an address, not a brand's reference
    return identity.find_or_create_identifier(digest, made_up_by=brand if brand.test else None)


def record_consent(brand: Brand, heard: RecordedMessage, *, now: datetime) -> LedgerEntry | None:
    """Record the brand's account of a yes; None where nobody is known, it is known already, or
    the person's own no stands."""
    try:
        relationship = relationships.find_relationship(brand.pk, heard.contact)
    except relationships.NoRelationship:
        return None
    choice = NewChoice(
        resolve_message_scope(brand, heard.channel),
        "grant",
        evidence=heard.evidence,
        made_at=heard.at,
    )
    with transaction.atomic():
        person = ledger.lock_subject(relationship.person_id)
        points = _find_contact_points(
            relationship.subject_id, resolve_message_scope(brand, heard.channel)
        )
        if _is_repeat(person.pk, brand, heard, points):
            return None
        try:
            actor = Actor("brand_api", brand.pk)
            return ledger.record_choices(relationship.subject_id, [choice], by=actor, now=now)[0]
        except LiftRefused:
            return None


def _find_contact_points(subject_id: uuid.UUID, scope: Scope) -> Q:
    """Return which entries a message of this subject's address can have made.

    Were those of the person's other addresses among them, a brand could hand on one message for
    two addresses, and see by what is not recorded that both are one person's.
    """
    own = Q(contact_point=find_contact_point(subject_id))
    return own if scope.contact_point else own | Q(contact_point=None)


def _is_repeat(person_id: uuid.UUID, brand: Brand, heard: RecordedMessage, points: Q) -> bool:
    """Whether the person's record holds this message already, of the address that it is from."""
    said = LedgerEntry.objects.of_person(person_id).filter(points, brand=brand)
    named = Q(text__evidence__startswith=heard.origin)
    # Its words were erased with the account: the time has to do.
    erased = Q(text=None, evidence_digest__isnull=False, made_at=heard.at)
    return bool(heard.origin) and said.filter(named | erased).exists()


def _without_address(name: str, contact: Contact) -> str:
    """A message's name, or its digest where the name might tell whose it is."""
    address = contact.email.lower() if contact.email else re.sub(r"\D", "", contact.phone or "")
    if PLAIN.fullmatch(name) and address not in name.lower():
        return name
    return f"sha256:{hashlib.sha256(name.encode()).hexdigest()}"
