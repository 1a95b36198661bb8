"""Receiving webhooks (Standard Webhooks 1.0.0)."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import msgspec
from standardwebhooks import Webhook, WebhookVerificationError

from cmr_client.answers import Delivery, Event
from cmr_client.events import event_of
from cmr_client.problems import BadSignature

BATCH = "events.batch"
PREFIX = "whsec_"


@dataclass(frozen=True, kw_only=True)
class _Message:
    type: str
    timestamp: datetime
    data: msgspec.Raw
    sequence: int | None = None


def verify_webhook(body: bytes, headers: Mapping[str, str], secret: str) -> Delivery:
    """Verify a webhook from its raw *body* and *headers*, and return the delivery.

    The secret is the subscription's `whsec_…`. A repeated delivery has the same `id`; ignore it.

    Raises:
        BadSignature
        ValueError: the secret is malformed.
    """
    signer = signer_of(secret)
    try:
        signer.verify(body, dict(headers), json_parse=False)
        message = msgspec.json.decode(body, type=_Message)
        events = _events(body, message)
    except (WebhookVerificationError, ValueError) as error:  # also of base64, UTF-8 and JSON
        title = "This webhook is not from the service, or altered"
        raise BadSignature("bad_signature", title, str(error)) from error
    given = {name.lower(): value for name, value in headers.items()}
    return Delivery(
        id=given["webhook-id"],
        type=message.type,
        timestamp=message.timestamp,
        events=events,
        data=msgspec.json.decode(message.data),
    )


def signer_of(secret: str) -> Webhook:
    """Return the signer of a secret.

    Raises:
        ValueError: the secret is malformed.
    """
    bare = secret.removeprefix(PREFIX)
    try:
        base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except ValueError as error:
        raise ValueError("a secret is whsec_ and base64") from error
    if not bare:
        raise ValueError("the secret is empty")
    return Webhook(secret)


def _events(body: bytes, message: _Message) -> list[Event]:
    if message.type == BATCH:
        return [
            event_of(bytes(each))
            for each in msgspec.json.decode(message.data, type=list[msgspec.Raw])
        ]
    return [event_of(body)] if message.sequence is not None else []
