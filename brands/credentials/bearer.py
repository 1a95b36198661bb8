"""Bearer credentials: shown once, stored as a digest only, compared in constant time."""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass

FORM = re.compile(r"(cmr_[a-z]+)_([0-9a-f]{16})_([A-Za-z0-9_-]{43})")


@dataclass(frozen=True, slots=True)
class Credential:
    """A new credential. `text` is shown to its owner only; the rest is stored in the database."""

    text: str
    prefix: str
    digest: bytes


def generate_credential(kind: str) -> Credential:
    """Return a new credential of *kind* ("cmr_live", "cmr_pat") with 256 random bits."""
    prefix = secrets.token_hex(8)
    text = f"{kind}_{prefix}_{secrets.token_urlsafe(32)}"
    return Credential(text, prefix, compute_digest(text))


def compute_digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def read_credential_prefix(text: str, *, kind: str) -> str | None:
    """Return the public prefix of a credential of *kind*; None for any other text."""
    match = FORM.fullmatch(text)
    return match[2] if match and match[1] == kind else None


def matches_digest(text: str, digest: bytes) -> bool:
    return hmac.compare_digest(compute_digest(text), digest)
