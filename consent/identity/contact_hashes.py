"""SHA-256 hashes of the addresses by which a brand knows its people, for the brand's lists.

Note [Contact hashes]. We store only hashes of what the brand gave us itself, or received when the
person added it. To anyone with a list of addresses, a plain hash is as good as the address. So each
hash is encrypted with AES-SIV (RFC 5297), under a key that is in no database, and bound to one
brand: in another brand's list it does not decrypt. The same address gives the same bytes, so it is
stored once.
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
from core.db import Statement, fetch_rows
from core.errors import DomainError

INFO = b"cmr contact hashes 1"
KIND_OF = {"email": HashKind.EMAIL, "phone": HashKind.PHONE, "sha256": HashKind.UNKNOWN}
KEEP = """
INSERT INTO consent_contacthash (subject_id, relationship_id, kind, sealed)
SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::bytea[]) ON CONFLICT DO NOTHING
"""
#: The number of relationships that are processed before each commit.
BATCH = 1_000
#: FOR UPDATE, because otherwise a hash that is deleted meanwhile would be inserted again.
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
OF = """
SELECT relationship_id, kind, sealed FROM consent_contacthash
WHERE relationship_id IN (SELECT json_array_elements_text(%(ids)s::json)::uuid)
"""
ANY = """
SELECT relationship.brand_id, held.sealed
FROM (SELECT * FROM consent_contacthash ORDER BY relationship_id LIMIT 1) held
JOIN consent_relationship relationship
    ON relationship.subject_id = held.subject_id AND relationship.id = held.relationship_id
"""
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
WITHOUT = """
SELECT count(*) FROM consent_relationship relationship
WHERE brand_id = %(brand)s AND NOT EXISTS (
    SELECT FROM consent_contacthash held
    WHERE held.subject_id = relationship.subject_id
        AND held.relationship_id = relationship.id AND held.kind IN (%(kind)s, 'unknown')
)
"""


class HashUnreadable(DomainError):
    """A hash was encrypted under another key, or altered. A list without it would be wrong."""

    status = 503
    code = "hashes_unreadable"


class ContactHashes(NamedTuple):
    """A kind of address, and the SHA-256 of the normalised address itself."""

    kind: str
    sha256: bytes


def compute_contact_hashes(contact: Contact) -> list[ContactHashes]:
    """Return the hashes that a brand knows if it sends *contact*; none for its own reference.

    Raises:
        identity.InvalidAddress: the contact is not a valid address.
    """
    sha256 = identifiers.compute_contact_sha256(contact)
    ways = (kind for way, kind in KIND_OF.items() if getattr(contact, way) is not None)
    return [] if sha256 is None else [ContactHashes(next(ways), sha256)]


def store_contact_hashes(relationship: Relationship, known: Iterable[ContactHashes]) -> None:
    """Store the hashes by which the brand of *relationship* knows the person.

    Repeating it has no effect.
    """
    brand_id = relationship.brand_id
    store_sealed_hashes(
        (relationship.subject_id, relationship.pk, each.kind, seal_hash(each.sha256, brand_id))
        for each in known
    )


def store_sealed_hashes(rows: Iterable[tuple[uuid.UUID, uuid.UUID, str, bytes]]) -> None:
    """Store many hashes that are encrypted already."""
    if found := list(rows):
        columns: list[Any] = [list(column) for column in zip(*found, strict=True)]
        with connection.cursor() as cursor:
            cursor.execute(KEEP, columns)


def read_contact_hashes(
    brand_id: int, ids: Sequence[uuid.UUID]
) -> Mapping[uuid.UUID, list[ContactHashes]]:
    """Return the hashes by which the brand knows its people, by relationship.

    Raises:
        HashUnreadable: a stored hash cannot be decrypted.
    """
    found: dict[uuid.UUID, list[ContactHashes]] = defaultdict(list)
    for relationship, kind, sealed in fetch_rows(OF, {"ids": orjson.dumps(ids).decode()}):
        found[relationship].append(ContactHashes(kind, _open(bytes(sealed), brand_id)))
    return found


def format_hashes(known: Iterable[ContactHashes], kind: str) -> list[str]:
    """Return the distinct hashes in hexadecimal that are, or may be, of this *kind*; sorted."""
    return sorted({each.sha256.hex() for each in known if each.kind in (kind, HashKind.UNKNOWN)})


def count_people_without_hash(brand_id: int, kind: str) -> int:
    """Return how many of the brand's people have no hash that is, or may be, of this *kind*."""
    return int(fetch_rows(WITHOUT, {"brand": brand_id, "kind": kind})[0][0])


def check_hash_key() -> None:
    """Check the key before the first line of a list is written.

    Raises:
        HashUnreadable: the key does not decrypt a stored hash.
    """
    for brand_id, sealed in fetch_rows(ANY, {}):
        _open(bytes(sealed), brand_id)


def delete_former_hashes(relationship_ids: Iterable[uuid.UUID]) -> None:
    """Delete the hashes by which the same brands knew the previous owners of these addresses.

    Until the new owner starts a relationship with the brand, the brand's list still has the
    address.
    """
    ids = orjson.dumps(list(relationship_ids)).decode()
    FORGET_FORMER.ask({"ids": ids})


def reencrypt_hashes() -> int:
    """Encrypt all hashes with the current key. Return how many were encrypted with an older key.

    Raises:
        HashUnreadable: a stored hash cannot be decrypted.
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
    """Replace hashes encrypted with an older key. Under two keys, one hash would have two rows."""
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
    raise HashUnreadable("the key of this installation cannot decrypt the stored hashes")


def _place(brand_id: int) -> list[bytes]:
    return [b"brand %d" % brand_id]


@cache
def _cipher(key: str) -> AESSIV:
    return AESSIV(HKDF(hashes.SHA256(), 64, None, INFO).derive(key.encode()))
