"""Asking an endpoint whether it is there, and whether it wants to be told at all.

Nobody may have us send to a server that is not theirs: before the first event an endpoint is sent
a challenge, signed like everything else, and has to answer with the nonce that is in it.
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

from brands import outbound, webhooks
from brands.models import Outcome, Subscription
from brands.outbound import Answer
from brands.signing import Signer

#: Seconds that an endpoint has to answer: somebody waits for it on a thread of the web server.
PATIENCE = 5.0

#: One at a time in each process, so that slow endpoints do not take all the threads there are.
_turn = threading.Lock()


class Busy(Exception):
    """This process is waiting for another endpoint; try again in a moment."""


class NotProven(Exception):
    """The endpoint did not answer the challenge as it must; the text says how it did."""


def ping(subscription: Subscription, *, now: datetime) -> Answer:
    """Send a message that means nothing, now, whatever the subscription waits for.

    Raises:
        Busy
    """
    return _ask(subscription, "ping", {}, now=now)


def prove(subscription: Subscription, *, now: datetime) -> None:
    """Have the endpoint show that it wants to be told.

    Raises:
        Busy, NotProven
    """
    nonce = secrets.token_urlsafe(24)
    answer = _ask(subscription, "subscription.challenge", {"challenge": nonce}, now=now)
    if answer.outcome is not Outcome.DELIVERED:
        how = answer.status or answer.outcome.label.lower()
        raise NotProven(f"the endpoint did not take the challenge: {how}")
    if not hmac.compare_digest(_echoed(answer.text).encode(), nonce.encode()):
        raise NotProven("the endpoint's answer is not the challenge that it was sent")
    Subscription.objects.filter(pk=subscription.pk, url=subscription.url).update(proven_at=now)


def is_owed(subscription: Subscription) -> bool:
    """Whether the endpoint has yet to be proven."""
    return bool(settings.WEBHOOK_PROOF) and subscription.proven_at is None


def _echoed(text: str) -> str:
    """The challenge in an answer: its whole text, or JSON's `challenge`."""
    try:
        body = orjson.loads(text)
    except orjson.JSONDecodeError:
        return text.strip()
    return str(body.get("challenge")) if isinstance(body, dict) else str(body)


def _ask(subscription: Subscription, kind: str, data: dict[str, Any], *, now: datetime) -> Answer:
    body = orjson.dumps(
        {"type": kind, "timestamp": now, "data": {"subscription": subscription.pk, **data}},
        option=orjson.OPT_UTC_Z,
    )
    signer = Signer(webhooks.secrets_of(subscription, now=now))
    headers = signer.headers(webhook_id=f"msg_{uuid.uuid4().hex}", sent_at=now, body=body)
    if not _turn.acquire(blocking=False):
        raise Busy("another endpoint is being asked; try again in a moment")
    try:
        return asyncio.run(_post(subscription.url, body, headers))
    finally:
        _turn.release()


async def _post(url: str, body: bytes, headers: dict[str, str]) -> Answer:
    async with outbound.client(seconds=PATIENCE) as session:
        return await outbound.post(session, url, body=body, headers=headers)
