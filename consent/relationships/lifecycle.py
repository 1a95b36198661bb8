"""The start and the end of a relationship."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction

from brands import events
from brands.models import Brand
from consent import brand_events, identity, ledger, preferences
from consent.brand_events import EventTimes, build_recipient
from consent.identity import Contact, ContactHashes
from consent.ledger import Actor
from consent.models import Relationship, Subject
from consent.models.relationship import ONE_PERSON_A_REFERENCE
from core import jurisdictions
from core.db import new_id
from core.errors import DomainError


class EndedByPerson(DomainError):
    """A brand tried to restart a relationship that the person ended."""

    status = 409
    code = "person_ended_relationship"
    field = "contact"


class RefTaken(DomainError):
    """The brand's reference already belongs to another person."""

    status = 409
    code = "ref_taken"
    field = "ref"


@dataclass(frozen=True, slots=True)
class _Own:
    """What the brand states about a person. None means not stated."""

    ref: str | None
    jurisdiction: str | None


def start_relationship(
    subject_id: uuid.UUID,
    brand: Brand,
    *,
    by: Actor,
    now: datetime,
    ref: str | None = None,
    note: str = "",
    jurisdiction: str | None = None,
    contacts: Sequence[ContactHashes] = (),
) -> tuple[Relationship, bool]:
    """Start or restart a relationship by the one address of *subject_id*.

    Return it, and whether it was started: False if it was active already. The brand receives an
    event with the person's earlier choices, and with the *contacts* by which it may recognise the
    person. The contacts are stored for the brand's lists. The brand's *ref* and the *jurisdiction*
    that it states replace the earlier values.

    Raises:
        EndedByPerson: a brand tries to restart what the person ended.
        RefTaken: *ref* belongs to another person.
        jurisdictions.UnknownJurisdiction: *jurisdiction* is not a known code.
    """
    own = _Own(
        ref, None if jurisdiction is None else jurisdictions.is_known_jurisdiction(jurisdiction)
    )
    try:
        with transaction.atomic():
            person = ledger.lock_subject(subject_id)
            found = Relationship.objects.filter(subject=subject_id, brand=brand).first()
            if found and found.ended_at is None:
                return _with(found, own, now), False
            found = found or Relationship(subject_id=subject_id, person=person, brand=brand)
            begun = _begin(found, by=by, now=now, own=own, note=note)
            _tell_start(begun, person, contacts)
            identity.delete_former_hashes([begun.pk])
            identity.store_contact_hashes(begun, contacts)
    except IntegrityError as error:
        if ONE_PERSON_A_REFERENCE in str(error):
            raise RefTaken(f"the reference {ref!r} belongs to another person") from error
        raise
    return begun, True


def register_relationship(
    brand: Brand,
    contact: Contact,
    *,
    now: datetime,
    note: str,
    ref: str | None = None,
    jurisdiction: str | None = None,
) -> tuple[Relationship, bool]:
    """Start a relationship with the owner of the *contact*'s address, as stated by the brand.

    An unknown address gets a new subject. For a test brand the new person is a fictitious one.

    Raises:
        identity.InvalidAddress: the contact is not a valid address.
        EndedByPerson, RefTaken, jurisdictions.UnknownJurisdiction: as for `start_relationship`.
    """
    digest = identity.compute_contact_digest(contact)
    assert digest is not None  # a reference alone cannot register anybody
    made_up_by = brand if brand.test else None
    # a refused registration must not leave a new person behind
    with transaction.atomic():
        relationship, is_new = start_relationship(
            identity.find_or_create_identifier(digest, made_up_by=made_up_by).subject_id,
            brand,
            by=Actor("brand_api", brand.pk),
            now=now,
            ref=ref,
            note=note,
            jurisdiction=jurisdiction,
        )
        identity.store_contact_hashes(relationship, identity.compute_contact_hashes(contact))
    return relationship, is_new


def end_relationship(relationship: Relationship, *, by: Actor, now: datetime) -> bool:
    """End the relationship and notify the brand. Return False if it was over already."""
    with transaction.atomic():
        subject = ledger.lock_subject(relationship.person_id)
        rows = Relationship.objects.active().filter(pk=relationship.pk)
        if rows.update(ended_at=now, ended_by=by.maker) == 0:
            return False
        relationship.ended_at, relationship.ended_by = now, by.maker
        recipient = build_recipient(relationship)
        standing = brand_events.read_current_state(recipient, subject.pk, subject.jurisdiction)
        times = EventTimes(now)
        pending = list(ledger.build_pending_events(standing, subject.pk, times))
        ended = brand_events.build_relationship_ended(
            recipient, ended_by=by.maker, at=times.take_next(), cause=new_id()
        )
        ledger.append_brand_events([*pending, ended])
    return True


def _begin(found: Relationship, *, by: Actor, now: datetime, own: _Own, note: str) -> Relationship:
    if by.maker == "brand" and found.ended_by == "person":
        raise EndedByPerson("the person ended this relationship")
    if found.ended_at:
        preferences.store_past_relationship(found, until=now)
    found.ended_at, found.ended_by, found.started_at = None, "", now
    found.origin, found.origin_note = by.maker, note
    _take(found, own)
    found.save()
    return found


def _take(relationship: Relationship, own: _Own) -> None:
    relationship.ref = own.ref or relationship.ref
    relationship.jurisdiction = own.jurisdiction or relationship.jurisdiction


def _with(relationship: Relationship, own: _Own, now: datetime) -> Relationship:
    if own.jurisdiction not in (None, relationship.jurisdiction):
        preferences.store_past_relationship(relationship, until=now)
    before = relationship.ref, relationship.jurisdiction
    _take(relationship, own)
    if (relationship.ref, relationship.jurisdiction) != before:
        relationship.save(update_fields=["ref", "jurisdiction"])
        events.set_references(relationship.brand_id, {relationship.subject_id: relationship.ref})
    return relationship


def _tell_start(
    relationship: Relationship, person: Subject, contacts: Sequence[ContactHashes]
) -> None:
    recipient = build_recipient(relationship)
    started = brand_events.build_relationship_started(
        brand_events.read_current_state(recipient, person.pk, person.jurisdiction),
        origin=relationship.origin,
        contacts=[{"kind": each.kind, "sha256": each.sha256.hex()} for each in contacts],
        at=relationship.started_at,
        cause=new_id(),
    )
    ledger.append_brand_events([started])
