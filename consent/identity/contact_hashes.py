"""The SHA-256 of the addresses by which a brand knows its people, for its lists to give back.

Note [Contact hashes]. Only what the brand gave us itself, or was told when the person added it. A
plain hash is as good as the address to whoever has a list of addresses, so each is sealed with
AES-SIV (RFC 5297) under a key that is in no database, and for one brand: in another's list it does
not open. The same address gives the same bytes, so it is kept once.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from typing import Any, NamedTuple

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import connection, transaction

from consent.identity import identifiers
from consent.identity.identifiers import Contact
from consent.models import HashKind, Relationship
from core.db import Statement

INFO = b"cmr contact hashes 1"
KIND_OF = {"email": HashKind.EMAIL, "phone": HashKind.PHONE, "sha256": HashKind.UNKNOWN}
KEEP = """
INSERT INTO consent_contacthash (subject_id, relationship_id, kind, sealed)
SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::bytea[]) ON CONFLICT DO NOTHING
"""
#: So many relationships are looked at before what was done is committed.
BATCH = 1_000
#: Locked, or a hash that is taken away meanwhile would be put back.
NEXT = """
SELECT held.subject_id, held.relationship_id, held.kind, held.sealed, relationship.brand_id
FROM consent_contacthash held
JOIN consent_relationship relationship
    ON relationship.subject_id = held.subject_id AND relationship.id = held.relationship_id
WHERE held.relationship_id IN (
    SELECT DISTINCT relationship_id FROM consent_contacthash
    WHERE relationship_id > %(last)s ORDER BY relationship_id LIMIT %(batch)s
)
ORDER BY held.relationship_id FOR UPDATE OF held
"""
DROP = """
DELETE FROM consent_contacthash held
USING unnest(%s::uuid[], %s::uuid[], %s::text[], %s::bytea[])
    AS old (subject_id, relationship_id, kind, sealed)
WHERE held.subject_id = old.subject_id AND held.relationship_id = old.relationship_id
    AND held.kind = old.kind AND held.sealed = old.sealed
"""
OF = Statement("""
SELECT relationship_id, kind, sealed FROM consent_contacthash
WHERE relationship_id IN (SELECT json_array_elements_text(%(ids)s::json)::uuid)
""")
ANY = Statement("""
SELECT relationship.brand_id, held.sealed
FROM (SELECT * FROM consent_contacthash ORDER BY relationship_id LIMIT 1) held
JOIN consent_relationship relationship
    ON relationship.subject_id = held.subject_id AND relationship.id = held.relationship_id
""")
FORGET_FORMER = Statement("""
WITH RECURSIVE begun AS (
    SELECT brand_id, subject_id FROM consent_relationship
    WHERE id IN (SELECT json_array_elements_text(%(ids)s::json)::uuid)
), before AS (
    SELECT begun.brand_id, address.former_id FROM begun
    JOIN consent_identifier address ON address.subject_id = begun.subject_id
    WHERE address.former_id IS NOT NULL
    UNION
    SELECT before.brand_id, older.former_id FROM before
    JOIN consent_identifier older ON older.id = before.former_id
    WHERE older.former_id IS NOT NULL
)
DELETE FROM consent_contacthash held USING before
JOIN consent_identifier former ON former.id = before.former_id
JOIN consent_relationship known
    ON known.subject_id = former.subject_id AND known.brand_id = before.brand_id
WHERE held.subject_id = known.subject_id AND held.relationship_id = known.id
""")
WITHOUT = Statement("""
SELECT count(*) FROM consent_relationship relationship
WHERE brand_id = %(brand)s AND NOT EXISTS (
    SELECT FROM consent_contacthash held
    WHERE held.subject_id = relationship.subject_id
        AND held.relationship_id = relationship.id AND held.kind IN (%(kind)s, 'unknown')
)
""")


class HashUnreadable(Exception):
    """A hash was sealed under another key, or altered. A list that left it out would be wrong."""


class ContactHashes(NamedTuple):
    """A kind of address, and the SHA-256 of the normalised address itself."""

    kind: str
    sha256: bytes


def compute_contact_hashes(contact: Contact) -> list[ContactHashes]:
    """What a brand that gives *contact* knows; nothing by its own reference.

    Raises:
        identifiers.InvalidAddress
    """
    sha256 = identifiers.compute_contact_sha256(contact)
    ways = (kind for way, kind in KIND_OF.items() if getattr(contact, way) is not None)
    return [] if sha256 is None else [ContactHashes(next(ways), sha256)]


def store_contact_hashes(relationship: Relationship, known: Iterable[ContactHashes]) -> None:
    """Keep what the brand of *relationship* knows the person by; again changes nothing."""
    brand_id = relationship.brand_id
    store_sealed_hashes(
        (relationship.subject_id, relationship.pk, each.kind, seal_hash(each.sha256, brand_id))
        for each in known
    )


def store_sealed_hashes(rows: Iterable[tuple[uuid.UUID, uuid.UUID, str, bytes]]) -> None:
    """The same of many, sealed already."""
    if found := list(rows):
        columns: list[Any] = [list(column) for column in zip(*found, strict=True)]
        with connection.cursor() as cursor:
            cursor.execute(KEEP, columns)


def read_contact_hashes(
    brand_id: int, ids: Sequence[uuid.UUID]
) -> Mapping[uuid.UUID, list[ContactHashes]]:
    """What the brand knows the people of its relationships by.

    Raises:
        Unreadable
    """
    found: dict[uuid.UUID, list[ContactHashes]] = defaultdict(list)
    for relationship, kind, sealed in OF.ask({"ids": orjson.dumps(ids).decode()}):
        found[relationship].append(ContactHashes(kind, _open(bytes(sealed), brand_id)))
    return found


def format_hashes(known: Iterable[ContactHashes], kind: str) -> list[str]:
    """Each once, of those that are, or can be, of this *kind*."""
    return sorted({each.sha256.hex() for each in known if each.kind in (kind, HashKind.UNKNOWN)})


def count_people_without_hash(brand_id: int, kind: str) -> int:
    """How many of the brand's people have no hash that can be of this kind."""
    return int(WITHOUT.ask({"brand": brand_id, "kind": kind})[0][0])


def check_hash_key() -> None:
    """Raises Unreadable, before the first line of a list is written rather than after it."""
    for brand_id, sealed in ANY.ask({}):
        _open(bytes(sealed), brand_id)


def delete_former_hashes(relationship_ids: Iterable[uuid.UUID]) -> None:
    """Take away the hashes by which the same brands knew whoever had these addresses before.

    Until its new owner deals with the brand, the brand's list goes on naming the address.
    """
    ids = orjson.dumps(list(relationship_ids)).decode()
    FORGET_FORMER.ask({"ids": ids})


def reencrypt_hashes() -> int:
    """Seal all hashes with the key of today; return how many were sealed with an older one.

    Raises:
        Unreadable
    """
    last, changed = uuid.UUID(int=0), 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(NEXT, {"last": last, "batch": BATCH})
            rows = cursor.fetchall()
            changed += _seal_again(rows)
        if not rows:
            return changed
        last = max(row[1] for row in rows)


def _seal_again(rows: Sequence[tuple[uuid.UUID, uuid.UUID, str, bytes, int]]) -> int:
    """Replace those that an older key sealed: the same hash under two keys would be two rows."""
    old, new = [], []
    for subject, relationship, kind, held, brand_id in rows:
        sealed = seal_hash(_open(bytes(held), brand_id), brand_id)
        if sealed != bytes(held):
            old.append((subject, relationship, kind, bytes(held)))
            new.append((subject, relationship, kind, sealed))
    store_sealed_hashes(new)
    if old:
        with connection.cursor() as cursor:
            cursor.execute(DROP, [list(column) for column in zip(*old, strict=True)])
    return len(old)


def seal_hash(sha256: bytes, brand_id: int) -> bytes:
    return _cipher(settings.CONTACT_HASHES_KEY).encrypt(sha256, _place(brand_id))


def _open(sealed: bytes, brand_id: int) -> bytes:
    for key in (settings.CONTACT_HASHES_KEY, *settings.CONTACT_HASHES_OLD_KEYS):
        with suppress(InvalidTag):
            return _cipher(key).decrypt(sealed, _place(brand_id))
    raise HashUnreadable("the key of this installation does not open the hashes")


def _place(brand_id: int) -> list[bytes]:
    return [b"brand %d" % brand_id]


@cache
def _cipher(key: str) -> AESSIV:
    return AESSIV(HKDF(hashes.SHA256(), 64, None, INFO).derive(key.encode()))
