"""Lookup of the relationship that a brand means by a contact."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from consent import identity
from consent.identity import Contact, InvalidAddress
from consent.models import Identifier, Relationship
from core.errors import DomainError

NOT_YOURS = "you have no relationship with this contact"


class NoRelationship(DomainError):
    """The brand has no relationship with this contact.

    Known and unknown addresses are not distinguished.
    """

    status = 404
    code = "no_relationship"
    field = "contact"


def find_relationship(brand_id: int, contact: Contact) -> Relationship:
    """Return the brand's active relationship with the person behind *contact*.

    Raises:
        NoRelationship: there is no active relationship.
        identity.InvalidAddress: the contact is not a valid address.
    """
    found = find_any_relationship(brand_id, contact)
    if found is None or found.ended_at is not None:
        raise NoRelationship(NOT_YOURS)
    return found


#: The result for one of many contacts.
Found = Relationship | NoRelationship | InvalidAddress
#: The number of contacts that are looked up at once.
CHUNK = 1_000


def find_relationships(brand_id: int, contacts: Sequence[Contact]) -> Iterator[Found]:
    """Yield the active relationship with each contact, in their order, or an exception."""
    for start in range(0, len(contacts), CHUNK):
        for found in find_any_relationships(brand_id, contacts[start : start + CHUNK]):
            is_over = isinstance(found, Relationship) and found.ended_at is not None
            yield NoRelationship(NOT_YOURS) if is_over else found


def find_any_relationships(brand_id: int, contacts: Sequence[Contact]) -> Iterator[Found]:
    """Yield the relationship with each contact, active or ended, in three queries in total."""
    digests = [_digest(contact) for contact in contacts]
    known = Identifier.objects.filter(digest__in=[d for d in digests if isinstance(d, bytes)])
    subjects = {bytes(each): subject for each, subject in known.values_list("digest", "subject")}
    mine = Relationship.objects.filter(brand_id=brand_id).select_related("brand")
    of_subjects = {each.subject_id: each for each in mine.filter(subject__in=subjects.values())}
    refs = [each.ref for each in contacts if each.ref]
    by_ref = {each.ref: each for each in mine.of_references(brand_id, refs)}
    for contact, digest in zip(contacts, digests, strict=True):
        if isinstance(digest, InvalidAddress):
            yield digest
            continue
        subject = subjects.get(digest) if digest else None
        found = of_subjects.get(subject) if subject else by_ref.get(contact.ref)
        yield found or NoRelationship(NOT_YOURS)


def _digest(contact: Contact) -> bytes | InvalidAddress | None:
    try:
        return identity.compute_contact_digest(contact)
    except InvalidAddress as error:
        return error


def find_any_relationship(brand_id: int, contact: Contact) -> Relationship | None:
    """Return the relationship with the person behind *contact*, active or ended, if there is one.

    Raises:
        identity.InvalidAddress: the contact is not a valid address.
    """
    mine = Relationship.objects.filter(brand_id=brand_id)
    digest = identity.compute_contact_digest(contact)
    if digest is None:
        return mine.of_references(brand_id, [contact.ref]).first()
    subjects = Identifier.objects.filter(digest=digest).values("subject_id")
    return mine.filter(subject_id__in=subjects).first()
