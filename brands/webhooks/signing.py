"""Standard Webhooks 1.0.0: keys and signatures, symmetric (`v1`) and Ed25519 (`v1a`). Pure."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Callable, Iterable
from datetime import datetime

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

#: The prefix of a secret of each kind; a public key has `whpk_`.
PREFIX = {"v1": "whsec_", "v1a": "whsk_"}
PUBLIC_PREFIX = "whpk_"
SEED_BYTES = 32

#: Turns the text to sign into one signature of the header.
Sign = Callable[[bytes], str]


class MalformedSecret(ValueError):
    """Not `whsec_` and base64 of 24 to 64 bytes, nor `whsk_` and base64 of 32."""


def generate_secret(kind: str = "v1") -> str:
    return PREFIX[kind] + base64.b64encode(secrets.token_bytes(32)).decode()


class Signer:
    """Signs with several secrets at once, the newest first (zero-downtime rotation)."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self.signs = [_build_sign(secret) for secret in secrets]

    def build_headers(self, *, webhook_id: str, sent_at: datetime, body: bytes) -> dict[str, str]:
        """Return the headers of one request."""
        timestamp = str(int(sent_at.timestamp()))
        signed = f"{webhook_id}.{timestamp}.".encode() + body
        return {
            "content-type": "application/json",
            "webhook-id": webhook_id,
            "webhook-timestamp": timestamp,
            "webhook-signature": " ".join([sign(signed) for sign in self.signs]),
        }


def _build_sign(secret: str) -> Sign:
    key = decode_key(secret)
    if secret.startswith(PREFIX["v1a"]):
        private = Ed25519PrivateKey.from_private_bytes(key)
        return lambda signed: "v1a," + _base64(private.sign(signed))
    return lambda signed: "v1," + _base64(hmac.digest(key, signed, "sha256"))


def decode_key(secret: str) -> bytes:
    """Return the bytes that sign.

    Raises:
        MalformedSecret: *secret* does not have the form of the standard.
    """
    prefix, _, text = secret.partition("_")
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise MalformedSecret(f"the part after {prefix[:8]}_ is not base64") from error
    is_good = {"whsec": 24 <= len(key) <= 64, "whsk": len(key) == SEED_BYTES}.get(prefix, False)
    if not is_good:
        raise MalformedSecret(
            "a secret is whsec_ with base64 of 24 to 64 bytes, or whsk_ with base64 of 32 bytes"
        )
    return key


def build_public_key(secret: str) -> str:
    """Return the `whpk_…` that verifies what the `whsk_…` *secret* signs."""
    return PUBLIC_PREFIX + _base64(_public_bytes(secret))


def build_jwk(secret: str) -> dict[str, str]:
    """Return the public JSON Web Key (RFC 8037); its `kid` is the thumbprint (RFC 7638)."""
    x = base64.urlsafe_b64encode(_public_bytes(secret)).decode().rstrip("=")
    thumbprint = hashlib.sha256(orjson.dumps({"crv": "Ed25519", "kty": "OKP", "x": x})).digest()
    kid = base64.urlsafe_b64encode(thumbprint).decode().rstrip("=")
    # RFC 9864 deprecates "EdDSA" in favour of the algorithm's own name.
    return {"kty": "OKP", "crv": "Ed25519", "x": x, "kid": kid, "use": "sig", "alg": "Ed25519"}


def _public_bytes(secret: str) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(decode_key(secret)).public_key().public_bytes_raw()


def _base64(raw: bytes) -> str:
    return binascii.b2a_base64(raw, newline=False).decode()
