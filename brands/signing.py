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

#: What a secret of each kind begins with; a public key begins with `whpk_`.
PREFIX = {"v1": "whsec_", "v1a": "whsk_"}
PUBLIC_PREFIX = "whpk_"
SEED_BYTES = 32

#: From the signed text to a signature as it stands in the header.
Sign = Callable[[bytes], str]


class MalformedSecret(ValueError):
    """Not `whsec_` and base64 of 24 to 64 bytes, nor `whsk_` and base64 of 32."""


def new_secret(kind: str = "v1") -> str:
    return PREFIX[kind] + base64.b64encode(secrets.token_bytes(32)).decode()


class Signer:
    """Signs with each of some secrets: the new one first, the old one while it is still good."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self.signs = [_sign_of(secret) for secret in secrets]

    def headers(self, *, webhook_id: str, sent_at: datetime, body: bytes) -> dict[str, str]:
        """The headers of one try."""
        timestamp = str(int(sent_at.timestamp()))
        signed = f"{webhook_id}.{timestamp}.".encode() + body
        return {
            "content-type": "application/json",
            "webhook-id": webhook_id,
            "webhook-timestamp": timestamp,
            "webhook-signature": " ".join([sign(signed) for sign in self.signs]),
        }


def _sign_of(secret: str) -> Sign:
    key = key_of(secret)
    if secret.startswith(PREFIX["v1a"]):
        private = Ed25519PrivateKey.from_private_bytes(key)
        return lambda signed: "v1a," + _base64(private.sign(signed))
    return lambda signed: "v1," + _base64(hmac.digest(key, signed, "sha256"))


def key_of(secret: str) -> bytes:
    """The bytes that sign.

    Raises:
        MalformedSecret: *secret* is not of the standard's form.
    """
    prefix, _, text = secret.partition("_")
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise MalformedSecret(f"the part after {prefix[:8]}_ is not base64") from error
    is_good = {"whsec": 24 <= len(key) <= 64, "whsk": len(key) == SEED_BYTES}.get(prefix, False)
    if not is_good:
        raise MalformedSecret("a secret is whsec_ and base64 of 24 to 64 bytes, or whsk_ and 32")
    return key


def public_key_of(secret: str) -> str:
    """The `whpk_…` that verifies what a `whsk_…` signs."""
    return PUBLIC_PREFIX + _base64(_public_bytes(secret))


def jwk_of(secret: str) -> dict[str, str]:
    """The same as a JSON Web Key (RFC 8037), its `kid` the thumbprint (RFC 7638)."""
    x = base64.urlsafe_b64encode(_public_bytes(secret)).decode().rstrip("=")
    thumbprint = hashlib.sha256(orjson.dumps({"crv": "Ed25519", "kty": "OKP", "x": x})).digest()
    kid = base64.urlsafe_b64encode(thumbprint).decode().rstrip("=")
    # The algorithm's own name: RFC 9864 deprecates "EdDSA".
    return {"kty": "OKP", "crv": "Ed25519", "x": x, "kid": kid, "use": "sig", "alg": "Ed25519"}


def _public_bytes(secret: str) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(key_of(secret)).public_key().public_bytes_raw()


def _base64(raw: bytes) -> str:
    return binascii.b2a_base64(raw, newline=False).decode()
