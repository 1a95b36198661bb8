"""Amazon's notification service (SNS): verifying its messages and reading their topic.

Note [Amazon's signature]. Each message names the URL of the certificate that verifies it. We trust
a certificate because of its URL: an SNS host of Amazon's, over TLS. A message that names another
URL counts as not signed. Amazon also signs for any other AWS customer's topic, so an inlet is bound
to one topic.
"""

from __future__ import annotations

import asyncio
import base64
import re
import threading
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from django.utils.dateparse import parse_datetime

from cmr.inbound.posts import NotSigned
from core import http

#: URLs of Amazon's signing certificates.
CERTIFICATE_URL = re.compile(
    r"https://sns\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?/SimpleNotificationService-\w{1,100}\.pem",
    re.ASCII,
)
#: URLs at which Amazon has a subscription confirmed.
SUBSCRIBE_URL = re.compile(r"https://sns\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?/\S{1,1900}")
#: SNS retries for one hour; an older message may be a replay.
OLDEST = timedelta(hours=1, minutes=5)
TOLERANCE = timedelta(minutes=5)
#: The signed fields, in this order, for each type of message.
_CONFIRMATION = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": _CONFIRMATION,
    "UnsubscribeConfirmation": _CONFIRMATION,
}
HASHES: dict[str, hashes.HashAlgorithm] = {"1": hashes.SHA1(), "2": hashes.SHA256()}  # noqa: S303

#: In seconds: the timeout of fetching a certificate, and how long it is cached.
PATIENCE = 5.0
KEPT = 86_400.0
MAX_CERTIFICATE_BYTES = 20_000
MOST_CERTIFICATES = 20
#: Cached certificates by URL, each with its expiry as a time of `time.monotonic`.
_kept: dict[str, tuple[float, x509.Certificate]] = {}
#: One certificate is fetched at a time, so that slow answers occupy one thread only.
_turn = threading.Lock()


class NoCertificate(Exception):
    """The certificate could not be fetched now. Amazon will retry."""


def verify(message: Mapping[str, Any], *, now: datetime) -> str:
    """Return the topic (its ARN) of a message that Amazon signed.

    Raises:
        NotSigned, NoCertificate
    """
    try:
        signature = base64.b64decode(message["Signature"], validate=True)
        signed = _write_signed(message)
        hashed = HASHES[message["SignatureVersion"]]
        _check_age(message["Timestamp"], now)
        url = str(message["SigningCertURL"])
        topic = str(message["TopicArn"])
    except (LookupError, TypeError, ValueError) as error:
        raise NotSigned("Amazon's signature is missing or cannot be read") from error
    if not CERTIFICATE_URL.fullmatch(url):
        raise NotSigned("the certificate is not at Amazon")
    try:
        _find_key(url, now).verify(signature, signed, padding.PKCS1v15(), hashed)
    except InvalidSignature as error:
        raise NotSigned("Amazon's signature is wrong") from error
    return topic


def _write_signed(message: Mapping[str, Any]) -> bytes:
    """Return the text that is signed: each present field's name and value, one line each."""
    names = SIGNED[message["Type"]]
    lines = [f"{name}\n{message[name]}\n" for name in names if message.get(name) is not None]
    return "".join(lines).encode()


def _check_age(text: str, now: datetime) -> None:
    sent_at = parse_datetime(text)
    if sent_at is None or not now - OLDEST <= sent_at <= now + TOLERANCE:
        raise ValueError("too old, or of the future")


def _find_key(url: str, now: datetime) -> rsa.RSAPublicKey:
    certificate = _find_certificate(url)
    key = certificate.public_key()
    is_good = certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc
    if not is_good or not isinstance(key, rsa.RSAPublicKey):
        raise NotSigned("the certificate is not valid now")
    return key


def _find_certificate(url: str) -> x509.Certificate:
    if kept := _find_kept(url):
        return kept
    if not _turn.acquire(timeout=PATIENCE):
        raise NoCertificate("other certificates are being fetched")
    try:
        return _find_kept(url) or _fetch(url)
    finally:
        _turn.release()


def _find_kept(url: str) -> x509.Certificate | None:
    until, certificate = _kept.get(url, (0.0, None))
    return certificate if until > time.monotonic() else None


def _fetch(url: str) -> x509.Certificate:
    body = asyncio.run(_get(url))
    try:
        certificate = x509.load_pem_x509_certificate(body or b"")
    except ValueError as error:
        raise NoCertificate("Amazon's certificate could not be fetched") from error
    if len(_kept) >= MOST_CERTIFICATES:
        forget_certificates()
    _kept[url] = time.monotonic() + KEPT, certificate
    return certificate


def forget_certificates() -> None:
    """Empty the cache, so that each certificate is fetched again."""
    _kept.clear()


async def _get(url: str) -> bytes | None:
    async with http.open_session(seconds=PATIENCE) as session:
        return await http.fetch(session, url, most=MAX_CERTIFICATE_BYTES)
