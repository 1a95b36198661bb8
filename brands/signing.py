"""Standard Webhooks 1.0.0: secrets and symmetric (`v1`) signatures. Pure."""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime

PREFIX = "whsec_"


class MalformedSecret(ValueError):
    """Not `whsec_` and base64 of 24 to 64 bytes."""


def new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def key_of(secret: str) -> bytes:
    """The bytes that sign.

    Raises:
        MalformedSecret: *secret* is not of the standard's form.
    """
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise MalformedSecret("the part after whsec_ is not base64") from error
    if not secret.startswith(PREFIX) or not 24 <= len(key) <= 64:
        raise MalformedSecret("a secret is whsec_ and base64 of 24 to 64 bytes")
    return key


def headers(
    *, webhook_id: str, sent_at: datetime, body: bytes, secrets: Iterable[str]
) -> dict[str, str]:
    """The three headers of one try, with a signature for each of *secrets* (old and new)."""
    timestamp = str(int(sent_at.timestamp()))
    signed = b".".join([webhook_id.encode(), timestamp.encode(), body])
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(_sign(signed, secret) for secret in secrets),
    }


def _sign(signed: bytes, secret: str) -> str:
    digest = hmac.new(key_of(secret), signed, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()
