"""Recording a message from a person as a choice of that person.

Note [Through a brand's hands]. Messages reach us through the brand or its provider, and nobody else
can confirm that they were written. A refusal counts as the person's own: a brand that invents one
binds only itself. A consent counts as the brand's report, with the words as evidence. It does not
lift a refusal of the person's own; otherwise a brand could write the consent itself.

Note [Alike]. The answer never says whether anything was recorded: a caller who reports an address
must not learn whether we know it. A refusal from an address without a relationship to the brand is
kept, for this one address. It takes effect once the brand registers the address or its owner proves
it. It reveals nothing about the owner's other addresses to the brand. A consent from such an
address is not kept.
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
from consent.ledger import Actor, ChoiceTerms, LiftRefused, NewChoice
from consent.models import Identifier, LedgerEntry

PURPOSE = "marketing"
#: Message ids of this form are kept in clear; of any other id, the digest is kept.
PLAIN = re.compile(r"[\w.:=/+ -]{1,200}")


@dataclass(frozen=True, slots=True)
class RecordedMessage:
    """A refusal of, or consent to, marketing on one channel."""

    contact: Contact
    channel: str
    #: A `consent.models.Source`.
    source: str
    #: The medium or provider that it came by: "sms", "Postmark".
    by: str
    #: What the person wrote or did, in words that contain no address.
    what: str
    #: When the person wrote or did it.
    at: datetime
    #: The sender's id of the message, the same when it is sent again; None if unknown.
    name: str | None = None
    campaign: str = ""

    @property
    def origin(self) -> str:
        """Return the beginning of its evidence, which is unique for each message with a name."""
        return f"{self.by} {_without_address(self.name, self.contact)}: " if self.name else ""

    @property
    def evidence(self) -> str:
        return f"{self.origin or f'{self.by}: '}{self.what}, {self.at.isoformat()}"


def resolve_message_scope(brand: Brand, channel: str) -> Scope:
    """Return the scope of a refusal or consent on *channel*: the brand's marketing."""
    return Scope(brand.pk, PURPOSE, channel)


def record_refusal(brand: Brand, heard: RecordedMessage, *, now: datetime) -> LedgerEntry | None:
    """Record the person's refusal. Return None if it is already known."""
    relationship = relationships.find_any_relationship(brand.pk, heard.contact)
    with transaction.atomic():
        scope = resolve_message_scope(brand, heard.channel)
        if relationship is not None:
            subject_id = relationship.subject_id
        else:
            address = _find_address(brand, heard.contact)
            scope, subject_id = scope._replace(contact_point=address.pk), address.subject_id
        person = ledger.lock_subject(subject_id)  # so that of two at once the second sees the first
        known = choices.has_refused(person.pk, scope, now=now)
        if known or _is_repeat(person.pk, brand, heard, _find_contact_points(subject_id, scope)):
            return None
        choice = NewChoice(
            scope,
            ChoiceTerms("deny", evidence=heard.evidence, campaign=heard.campaign, made_at=heard.at),
        )
        return ledger.record_choices(subject_id, [choice], by=Actor(heard.source), now=now)[0]


def _find_address(brand: Brand, contact: Contact) -> Identifier:
    """Return the identifier of an address that has no relationship with the brand."""
    digest = identity.compute_contact_digest(contact)
    assert digest is not None  # a message has an address, never a brand's reference
    return identity.find_or_create_identifier(digest, made_up_by=brand if brand.test else None)


def record_consent(brand: Brand, heard: RecordedMessage, *, now: datetime) -> LedgerEntry | None:
    """Record a consent as the brand's report.

    Return None if the address is unknown, if the message is already recorded, or if the person's
    own refusal is in force.
    """
    try:
        relationship = relationships.find_relationship(brand.pk, heard.contact)
    except relationships.NoRelationship:
        return None
    choice = NewChoice(
        resolve_message_scope(brand, heard.channel),
        ChoiceTerms(
            "grant",
            evidence=heard.evidence,
            made_at=heard.at,
        ),
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
    """Return a filter for the entries that a message from this subject's address can have made.

    It leaves out the person's other addresses. Otherwise a brand could submit one message for two
    addresses and see, from what is not recorded, that both belong to one person.
    """
    own = Q(contact_point=find_contact_point(subject_id))
    return own if scope.contact_point else own | Q(contact_point=None)


def _is_repeat(person_id: uuid.UUID, brand: Brand, heard: RecordedMessage, points: Q) -> bool:
    """Return whether this message from this address is already recorded for the person."""
    said = LedgerEntry.objects.of_person(person_id).filter(points, brand=brand)
    named = Q(text__evidence__startswith=heard.origin)
    # The evidence was erased with the account, so compare the time instead.
    erased = Q(text=None, evidence_digest__isnull=False, made_at=heard.at)
    return bool(heard.origin) and said.filter(named | erased).exists()


def _without_address(name: str, contact: Contact) -> str:
    """Return a message's name, or its digest if the name might reveal the address."""
    address = contact.email.lower() if contact.email else re.sub(r"\D", "", contact.phone or "")
    if PLAIN.fullmatch(name) and address not in name.lower():
        return name
    return f"sha256:{hashlib.sha256(name.encode()).hexdigest()}"
