"""Signatures as Standard Webhooks 1.0.0 wants them; its public library is the judge."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from brands import signing

BODY = '{"type":"preference.denied","data":{"ref":"ä"}}'.encode()


def headers(*secrets: str) -> dict[str, str]:
    return signing.headers(
        webhook_id="evt_1", sent_at=datetime.now(UTC), body=BODY, secrets=secrets
    )


def test_the_public_library_verifies_what_we_sign() -> None:
    secret = signing.new_secret()
    assert Webhook(secret).verify(BODY, headers(secret))["type"] == "preference.denied"


def test_during_rotation_both_secrets_verify() -> None:
    old, new = signing.new_secret(), signing.new_secret()
    for secret in (old, new):
        Webhook(secret).verify(BODY, headers(new, old))


def test_another_secret_or_a_changed_byte_does_not_verify() -> None:
    secret = signing.new_secret()
    with pytest.raises(WebhookVerificationError):
        Webhook(signing.new_secret()).verify(BODY, headers(secret))
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(BODY.replace(b"denied", b"grants"), headers(secret))


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_c2hvcnQ=", "whsec_***", "c2VjcmV0" * 5])
def test_a_malformed_secret_is_refused(secret: str) -> None:
    with pytest.raises(signing.MalformedSecret):
        signing.key_of(secret)
