"""The ids by which a brand reads ledger entries, different for each relationship.

The ledger's own id of an entry is the same for every brand, so two brands could match their people
by it. Instead, a brand reads a digest of the entry and the relationship. The digest is keyed, so
nobody can derive the ledger's id. It is the same each time, so a brand can compare a check's
`because` with its events. Receipts belong to the person and have the ledger's own id.
"""

from __future__ import annotations

import hashlib
import uuid
from functools import cache

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

INFO = b"cmr entry ids of relationships 1"


def build_entry_id(entry: uuid.UUID, relationship: uuid.UUID) -> uuid.UUID:
    """Return the id of *entry* for the brand of *relationship*: a UUID of version 8 (RFC 9562)."""
    text = entry.bytes + relationship.bytes
    raw = int.from_bytes(hashlib.blake2b(text, key=_key(), digest_size=16).digest(), "big")
    raw = raw & ~(0xF << 76) | 8 << 76
    return uuid.UUID(int=raw & ~(0x3 << 62) | 0x2 << 62)


@cache
def _key() -> bytes:
    pepper = str(settings.IDENTIFIER_PEPPER).encode()
    return HKDF(hashes.SHA256(), 32, None, INFO).derive(pepper)
