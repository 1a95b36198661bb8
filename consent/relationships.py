"""Beginning and ending a relationship."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction

from brands import jurisdictions, stream
from brands.models import Brand
from brands.ordered_ids import new_id
from consent import contact_hashes, identifiers, ledger, notices, past_states
from consent.contact_hashes import KnownBy
from consent.event_times import EventTimes
from consent.identifiers import Contact
from consent.ledger import Actor
from consent.models import Relationship, Subject
from consent.models.relationship import ONE_PERSON_A_REFERENCE
from consent.recipients import build_recipient


class EndedByPerson(Exception):
    """A brand cannot restart what the person ended."""


class RefTaken(Exception):
    """The brand's reference already stands for another person."""


@dataclass(frozen=True, slots=True)
class _Own:
    """The brand's own word on a person; None is unsaid."""

    ref: str | None
    jurisdiction: str | None


def start(
    subject_id: uuid.UUID,
    brand: Brand,
    *,
    by: Actor,
    now: datetime,
    ref: str | None = None,
    note: str = "",
    jurisdiction: str | None = None,
    contacts: Sequence[KnownBy] = (),
) -> tuple[Relationship, bool]:
    """Begin, or begin again, by the one address that *subject_id* stands for; says whether there
    was anything to do.

    The brand is told, with what the person had said before and the *contacts* by which it may
    recognise them, which are kept for its lists. Its *ref*, and the *jurisdiction* where it says
    they live, take the place of those before.

    Raises:
        EndedByPerson, RefTaken, jurisdictions.UnknownJurisdiction
    """
    own = _Own(ref, None if jurisdiction is None else jurisdictions.known(jurisdiction))
    try:
        with transaction.atomic():
            person = ledger.lock(subject_id)
            found = Relationship.objects.filter(subject=subject_id, brand=brand).first()
            if found and found.ended_at is None:
                return _with(found, own, now), False
            found = found or Relationship(subject_id=subject_id, person=person, brand=brand)
            begun = _begin(found, by=by, now=now, own=own, note=note)
            _tell_start(begun, person, contacts)
            contact_hashes.forget_former([begun.pk])
            contact_hashes.keep(begun, contacts)
    except IntegrityError as error:
        if ONE_PERSON_A_REFERENCE in str(error):
            raise RefTaken(f"the reference {ref!r} stands for another person") from error
        raise
    return begun, True


def register(
    brand: Brand,
    contact: Contact,
    *,
    now: datetime,
    note: str,
    ref: str | None = None,
    jurisdiction: str | None = None,
) -> tuple[Relationship, bool]:
    """Begin with whoever has the *contact*'s address, at the brand's word; a test brand makes
    them up.

    Raises:
        identifiers.InvalidAddress, and what `start` does
    """
    digest = identifiers.digest_of_contact(contact)
    assert digest is not None  # a reference alone is nobody new
    made_up_by = brand if brand.test else None
    with transaction.atomic():  # or a refused registration would leave a person behind
        relationship, is_new = start(
            identifiers.find_or_create(digest, made_up_by=made_up_by).subject_id,
            brand,
            by=Actor("brand_api", brand.pk),
            now=now,
            ref=ref,
            note=note,
            jurisdiction=jurisdiction,
        )
        contact_hashes.keep(relationship, contact_hashes.known_by(contact))
    return relationship, is_new


def end(relationship: Relationship, *, by: Actor, now: datetime) -> bool:
    """End it and tell the brand; False when it was over already."""
    with transaction.atomic():
        subject = ledger.lock(relationship.person_id)
        rows = Relationship.objects.active().filter(pk=relationship.pk)
        if rows.update(ended_at=now, ended_by=by.maker) == 0:
            return False
        relationship.ended_at, relationship.ended_by = now, by.maker
        recipient = build_recipient(relationship)
        standing = notices.read_standing(recipient, subject.pk, subject.jurisdiction)
        times = EventTimes(now)
        pending = list(ledger.pending_for(standing, subject.pk, times))
        ended = notices.of_end(recipient, ended_by=by.maker, at=times.take_next(), cause=new_id())
        ledger.tell_brands([*pending, ended])
    return True


def _begin(found: Relationship, *, by: Actor, now: datetime, own: _Own, note: str) -> Relationship:
    if by.maker == "brand" and found.ended_by == "person":
        raise EndedByPerson("the person ended this relationship")
    if found.ended_at:
        past_states.keep_relationship(found, until=now)
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
        past_states.keep_relationship(relationship, until=now)
    before = relationship.ref, relationship.jurisdiction
    _take(relationship, own)
    if (relationship.ref, relationship.jurisdiction) != before:
        relationship.save(update_fields=["ref", "jurisdiction"])
        stream.set_refs(relationship.brand_id, {relationship.subject_id: relationship.ref})
    return relationship


def _tell_start(relationship: Relationship, person: Subject, contacts: Sequence[KnownBy]) -> None:
    recipient = build_recipient(relationship)
    started = notices.of_start(
        notices.read_standing(recipient, person.pk, person.jurisdiction),
        origin=relationship.origin,
        contacts=[{"kind": each.kind, "sha256": each.sha256.hex()} for each in contacts],
        at=relationship.started_at,
        cause=new_id(),
    )
    ledger.tell_brands([started])
