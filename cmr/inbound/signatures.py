"""Verifying the signatures of providers, each by its own scheme."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from brands.webhooks import Signer
from cmr.inbound.posts import NotSigned, Post

#: How far the time of a signature may be from ours.
TOLERANCE = timedelta(minutes=5)
#: Mailgun retries for eight hours and may send the first signature again.
MAILGUN_TOLERANCE = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Signature:
    #: Loads the key from the brand's text; raises `ValueError` for an invalid key.
    load: Callable[[str], Any]
    #: Whether a post is signed by this key at a time. It may raise if a part is missing.
    is_valid: Callable[[Post, Any, datetime], bool]

    def verify(self, post: Post, key: str, *, now: datetime) -> None:
        """Check that a post is signed by *key*.

        Raises:
            NotSigned
        """
        try:
            is_valid = self.is_valid(post, self.load(key), now)
        except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise NotSigned("the signature cannot be read") from error
        if not is_valid:
            raise NotSigned("the signature is missing or wrong")


def _load_ascii(key: str) -> bytes:
    return key.encode("ascii")


# -- Signatures of the whole body ----------------------------------------------------------------


def _sign_body_in(header: str) -> Signature:
    """Return the scheme with an HMAC-SHA256 of the body, in hexadecimal in a header."""

    def is_valid(post: Post, key: bytes, now: datetime) -> bool:
        return _is_same(post.headers[header], hmac.new(key, post.body, "sha256").hexdigest())

    return Signature(_load_ascii, is_valid)


def _load_public_key(key: str) -> ec.EllipticCurvePublicKey:
    loaded = serialization.load_der_public_key(base64.b64decode(key, validate=True))
    if not isinstance(loaded, ec.EllipticCurvePublicKey):
        raise ValueError("not a key on an elliptic curve")
    return loaded


def _is_signed_by_sendgrid(post: Post, key: ec.EllipticCurvePublicKey, now: datetime) -> bool:
    signature = base64.b64decode(post.headers["X-Twilio-Email-Event-Webhook-Signature"])
    sent_at = post.headers["X-Twilio-Email-Event-Webhook-Timestamp"]
    try:
        key.verify(signature, sent_at.encode() + post.body, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def _load_signer(key: str) -> Signer:
    return Signer([key])


def _is_signed_by_resend(post: Post, signer: Signer, now: datetime) -> bool:
    """Verify by the scheme of Standard Webhooks, with the older header names of Svix."""
    sent_at = datetime.fromtimestamp(int(post.headers["svix-timestamp"]), tz=UTC)
    name = post.headers["svix-id"]
    expected = signer.build_headers(webhook_id=name, sent_at=sent_at, body=post.body)
    given = post.headers["svix-signature"].split(" ")
    is_ours = any(_is_same(each, expected["webhook-signature"]) for each in given)
    return is_ours and abs(now - sent_at) <= TOLERANCE


# -- Signatures of the URL and the form ----------------------------------------------------------


def _sign_form_in(header: str) -> Signature:
    """Return the scheme with an HMAC-SHA1 of the URL and sorted fields, in base64 in a header."""

    def is_valid(post: Post, key: bytes, now: datetime) -> bool:
        fields = [
            f"{name}{value}"
            for name in sorted(post.fields)
            for value in sorted(set(post.fields[name]))
        ]
        made = hmac.new(key, (post.url + "".join(fields)).encode(), "sha1").digest()
        return _is_same(post.headers[header], base64.b64encode(made).decode())

    return Signature(_load_ascii, is_valid)


# -- Mailgun: a signature of a token alone -------------------------------------------------------


def find_mailgun_signature(post: Post) -> Mapping[str, Any]:
    """Return `timestamp`, `token` and `signature` of an event or a route."""
    if "token" in post.form:
        return {name: post.form[name] for name in ("timestamp", "token", "signature")}
    return dict(post.json()["signature"])


def _is_signed_by_mailgun(post: Post, key: bytes, now: datetime) -> bool:
    """Return whether the token is signed.

    The signature does not cover the content, so `inlets.use_token` binds the token to it.
    """
    given = find_mailgun_signature(post)
    signed = f"{given['timestamp']}{given['token']}".encode()
    sent_at = datetime.fromtimestamp(int(given["timestamp"]), tz=UTC)
    is_ours = _is_same(given["signature"], hmac.new(key, signed, "sha256").hexdigest())
    return is_ours and abs(now - sent_at) <= MAILGUN_TOLERANCE


# -- Vonage --------------------------------------------------------------------------------------

#: By the length of the signature in hexadecimal. Vonage's default, MD5, is not accepted.
VONAGE_HASHES = {64: "sha256", 128: "sha512"}


def _is_signed_by_vonage(post: Post, key: bytes, now: datetime) -> bool:
    scheme, _, token = post.headers.get("Authorization", "").partition(" ")
    if scheme == "Bearer":
        return _is_vonage_token(token, post.body, key)
    fields: dict[str, Any] = post.form or post.json()
    given = str(fields.pop("sig")).lower()
    # Vonage replaces its separators within a value by underscores.
    parts = [
        f"&{name}={str(value).replace('&', '_').replace('=', '_')}"
        for name, value in sorted(fields.items())
    ]
    made = hmac.new(key, "".join(parts).encode(), VONAGE_HASHES[len(given)])
    return _is_same(given, made.hexdigest())


def _is_vonage_token(token: str, body: bytes, key: bytes) -> bool:
    """Return whether a JWT (RFC 7519) is signed by HS256 and covers this body."""
    head, claims, signature = token.split(".")
    if orjson.loads(_decode_part(head))["alg"] != "HS256":
        return False
    made = hmac.new(key, f"{head}.{claims}".encode(), "sha256").digest()
    about = orjson.loads(_decode_part(claims))["payload_hash"]
    is_ours = hmac.compare_digest(made, _decode_part(signature))
    return is_ours and _is_same(about, hashlib.sha256(body).hexdigest())


def _decode_part(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _is_same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())


#: By provider. A provider that is missing here signs nothing, or not with a key of the brand's.
SIGNATURES = {
    "mailersend": _sign_body_in("Signature"),
    "mailgun": Signature(_load_ascii, _is_signed_by_mailgun),
    "mailgun_route": Signature(_load_ascii, _is_signed_by_mailgun),
    "mailtrap": _sign_body_in("Mailtrap-Signature"),
    "mandrill": _sign_form_in("X-Mandrill-Signature"),
    "resend": Signature(_load_signer, _is_signed_by_resend),
    "sendgrid": Signature(_load_public_key, _is_signed_by_sendgrid),
    "sendgrid_parse": Signature(_load_public_key, _is_signed_by_sendgrid),
    "twilio": _sign_form_in("X-Twilio-Signature"),
    "vonage": Signature(_load_ascii, _is_signed_by_vonage),
}
