"""What the product signs is taken, and nothing else."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from brands.webhooks.delivery.batching import PendingEvent, build_request
from brands.webhooks.signing import Signer, generate_secret
from cmr_client import BadSignature, verify_webhook

SECRET = generate_secret()
NOW = datetime.now(UTC)
PING = b'{"type":"ping","timestamp":"2026-11-22T02:04:33.299273Z","data":{"hello":true}}'


def item(sequence: int) -> PendingEvent:
    body = (
        b'{"type":"preference.denied","timestamp":"2026-11-22T02:04:33.299273Z",'
        b'"sequence":%d,"data":{"subject":{"id":"1","ref":"caf\xc3\xa9"}}}' % sequence
    )
    return PendingEvent(sequence, uuid.uuid4(), uuid.uuid4(), NOW, body)


def sign(
    body: bytes, *secrets: str, at: datetime | None = None, webhook_id: str = "evt_1"
) -> dict[str, str]:
    sent_at = at or datetime.now(UTC)
    return Signer(secrets or [SECRET]).build_headers(
        webhook_id=webhook_id, sent_at=sent_at, body=body
    )


def test_verify_webhook_single_event() -> None:
    request = build_request([item(7)], batch=1)
    headers = sign(request.body, webhook_id=request.webhook_id)
    told = verify_webhook(request.body, {k.title(): v for k, v in headers.items()}, SECRET)
    assert (told.id, told.type) == (request.webhook_id, "preference.denied")
    (event,) = told.events
    assert (event.sequence, event.data["subject"]["ref"]) == (7, "café")
    assert event.body == request.body


def test_verify_webhook_batch() -> None:
    items = [item(7), item(9)]
    request = build_request(items, batch=100)
    told = verify_webhook(request.body, sign(request.body), SECRET)
    assert told.type == "events.batch"
    assert [event.body for event in told.events] == [each.body for each in items]


def test_verify_webhook_ping() -> None:
    told = verify_webhook(PING, sign(PING), SECRET)
    assert (told.type, told.events, told.data) == ("ping", [], {"hello": True})


def test_verify_webhook_during_rotation() -> None:
    new = generate_secret()
    for secret in (new, SECRET):
        assert verify_webhook(PING, sign(PING, new, SECRET), secret).type == "ping"


@pytest.mark.parametrize(
    ("body", "headers", "secret"),
    [
        (PING.replace(b"true", b"null"), sign(PING), SECRET),
        (PING, sign(PING), generate_secret()),
        (PING, sign(PING, at=NOW - timedelta(minutes=6)), SECRET),
        (PING, {**sign(PING), "webhook-id": "evt_2"}, SECRET),
        (PING, {**sign(PING), "webhook-signature": "nonsense"}, SECRET),
        (PING, {**sign(PING), "webhook-timestamp": "now"}, SECRET),
        (PING, {}, SECRET),
        (b"\xff", sign(b"\xff"), SECRET),
        (b"[]", sign(b"[]"), SECRET),
    ],
    ids="altered other-secret old other-id nonsense no-time no-headers no-text no-event".split(),
)
def test_verify_webhook_other_message_is_refused(
    body: bytes, headers: dict[str, str], secret: str
) -> None:
    with pytest.raises(BadSignature) as refused:
        verify_webhook(body, headers, secret)
    assert refused.value.code == "bad_signature"


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_é", "whsec_a b", "whpk_abc"])
def test_verify_webhook_malformed_secret_raises(secret: str) -> None:
    with pytest.raises(ValueError, match="secret"):
        verify_webhook(PING, sign(PING), secret)
