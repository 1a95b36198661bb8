"""Verify that an endpoint wants our webhooks, by a challenge; and ping an endpoint.

Without it a brand could make us send to a server that is not theirs. Before the first event an
endpoint receives a signed challenge, and has to answer with the nonce in it.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
import threading
import uuid
from datetime import datetime
from typing import Any

import orjson
from django.conf import settings

from brands.models import Outcome, Subscription
from brands.webhooks.signing_keys import build_signer
from core import http
from core.errors import DomainError
from core.http import Answer

#: Seconds that an endpoint has to answer; a thread of the web server waits for it.
TIMEOUT = 5.0

#: One request at a time in each process, so that slow endpoints do not occupy every thread.
_lock = threading.Lock()


class VerificationBusy(DomainError):
    """Another endpoint is being verified by this process. Try again in a moment."""

    status = 429
    code = "busy"


class EndpointNotVerified(DomainError):
    """The endpoint did not answer the challenge correctly; the text says what it did."""

    code = "not_proven"


def ping_endpoint(subscription: Subscription, *, now: datetime) -> Answer:
    """Send a `ping` at once, whatever the subscription waits for. Return the answer.

    Raises:
        VerificationBusy
    """
    return _send_message(subscription, "ping", {}, now=now)


def verify_endpoint(subscription: Subscription, *, now: datetime) -> None:
    """Send a challenge, and record that the endpoint answered it.

    Raises:
        VerificationBusy, EndpointNotVerified
    """
    nonce = secrets.token_urlsafe(24)
    data = {"challenge": nonce}
    answer = _send_message(subscription, "subscription.challenge", data, now=now)
    if answer.outcome is not Outcome.DELIVERED:
        how = answer.status or answer.outcome.label.lower()
        raise EndpointNotVerified(f"the endpoint did not accept the challenge: {how}")
    if not hmac.compare_digest(_read_challenge(answer.text).encode(), nonce.encode()):
        raise EndpointNotVerified("the endpoint did not return the challenge that it was sent")
    Subscription.objects.filter(pk=subscription.pk, url=subscription.url).update(proven_at=now)


def needs_verification(subscription: Subscription) -> bool:
    return bool(settings.WEBHOOK_PROOF) and subscription.proven_at is None


def _read_challenge(text: str) -> str:
    """Return the challenge in an answer: the whole text, or `challenge` of a JSON object."""
    try:
        body = orjson.loads(text)
    except orjson.JSONDecodeError:
        return text.strip()
    return str(body.get("challenge")) if isinstance(body, dict) else str(body)


def _send_message(
    subscription: Subscription, kind: str, data: dict[str, Any], *, now: datetime
) -> Answer:
    body = orjson.dumps(
        {"type": kind, "timestamp": now, "data": {"subscription": subscription.pk, **data}},
        option=orjson.OPT_UTC_Z,
    )
    signer = build_signer(subscription, now=now)
    headers = signer.build_headers(webhook_id=f"msg_{uuid.uuid4().hex}", sent_at=now, body=body)
    if not _lock.acquire(blocking=False):
        raise VerificationBusy("another endpoint is being verified; try again in a moment")
    try:
        return asyncio.run(_post(subscription.url, body, headers))
    finally:
        _lock.release()


async def _post(url: str, body: bytes, headers: dict[str, str]) -> Answer:
    async with http.open_session(seconds=TIMEOUT) as session:
        return await http.post(session, url, body=body, headers=headers)
