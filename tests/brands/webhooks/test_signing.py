"""Signatures after Standard Webhooks 1.0.0, verified by its public library."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from joserfc.jwk import OKPKey
from standardwebhooks import Webhook, WebhookVerificationError

from brands.webhooks import signing

BODY = '{"type":"preference.denied","data":{"ref":"ä"}}'.encode()


def headers(*secrets: str) -> dict[str, str]:
    signer = signing.Signer(secrets)
    return signer.build_headers(webhook_id="evt_1", sent_at=datetime.now(UTC), body=BODY)


def test_sign_with_secret_verifies_with_public_library() -> None:
    secret = signing.generate_secret()
    assert Webhook(secret).verify(BODY, headers(secret))["type"] == "preference.denied"


def test_sign_during_rotation_verifies_with_both_secrets() -> None:
    old, new = signing.generate_secret(), signing.generate_secret()
    for secret in (old, new):
        Webhook(secret).verify(BODY, headers(new, old))


def test_sign_other_secret_or_body_does_not_verify() -> None:
    secret = signing.generate_secret()
    with pytest.raises(WebhookVerificationError):
        Webhook(signing.generate_secret()).verify(BODY, headers(secret))
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(BODY.replace(b"denied", b"grants"), headers(secret))


@pytest.mark.parametrize(
    "secret", ["", "whsec_", "whsec_c2hvcnQ=", "whsec_***", "c2VjcmV0" * 5, "whsk_c2hvcnQ="]
)
def test_decode_key_malformed_secret_is_refused(secret: str) -> None:
    with pytest.raises(signing.MalformedSecret):
        signing.decode_key(secret)


def public_key(jwk: dict[str, str]) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(jwk["x"] + "="))


def test_sign_with_key_pair_verifies_with_public_key() -> None:
    secret = signing.generate_secret("v1a")
    made = headers(secret)
    version, _, signature = made["webhook-signature"].partition(",")
    signed = f"{made['webhook-id']}.{made['webhook-timestamp']}.".encode() + BODY
    public = public_key(signing.build_jwk(secret))
    assert version == "v1a"
    public.verify(base64.b64decode(signature), signed)
    with pytest.raises(InvalidSignature):
        public.verify(base64.b64decode(signature), signed + b" ")


def test_public_key_is_same_in_both_forms() -> None:
    secret = signing.generate_secret("v1a")
    bare = signing.build_public_key(secret).removeprefix("whpk_")
    assert base64.b64decode(bare) == public_key(signing.build_jwk(secret)).public_bytes_raw()


def test_key_id_of_standard_example_is_its_thumbprint() -> None:
    """RFC 8037, appendix A.3."""
    seed = base64.urlsafe_b64decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=")
    jwk = signing.build_jwk("whsk_" + base64.b64encode(seed).decode())
    assert jwk["kid"] == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def test_sign_with_secret_and_key_pair_has_both_signatures() -> None:
    shared, pair = signing.generate_secret(), signing.generate_secret("v1a")
    made = headers(pair, shared)
    assert [each[:3] for each in made["webhook-signature"].split()] == ["v1a", "v1,"]
    Webhook(shared).verify(BODY, made)


def test_jwk_of_key_pair_verifies_with_public_library() -> None:
    old, new = signing.generate_secret("v1a"), signing.generate_secret("v1a")
    made = headers(new, old)
    signed = f"{made['webhook-id']}.{made['webhook-timestamp']}.".encode() + BODY
    for secret, each in zip((new, old), made["webhook-signature"].split(), strict=True):
        key = OKPKey.import_key({**signing.build_jwk(secret)})
        assert key.kid == key.thumbprint()
        assert not key.is_private
        public = key.public_key
        assert isinstance(public, Ed25519PublicKey)
        public.verify(base64.b64decode(each.removeprefix("v1a,")), signed)
