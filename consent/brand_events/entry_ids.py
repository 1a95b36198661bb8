"""The ids by which a brand reads ledger entries: another one for each relationship.

The ledger's own id of an entry is the same for everybody whom it concerns, so two brands would
join their people by it. A brand reads a digest of entry and relationship in its place. It is keyed,
so that nobody can work out the ledger's id, and it is the same each time, so that a brand can
compare a check's `because` with its events. Receipts are the person's, and have the real id.
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
