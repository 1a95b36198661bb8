"""The page that asks for the second factor."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from cryptography.hazmat.primitives.asymmetric import ec
from django.test import Client
from fido2.cose import ES256
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData

from cmr.models import Consumer
from tests.conftest import EMAIL, PASSWORD
from tests.factors import enrol


def encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def credential() -> dict[str, Any]:
    """Return what a browser sends when a security key is added."""
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    key = ES256.from_cryptography_key(public)  # type: ignore[no-untyped-call]
    data = AttestedCredentialData.create(b"\0" * 16, b"an id", key)
    flags = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.AT
    attested = AttestationObject.create(
        "none", AuthenticatorData.create(b"\0" * 32, flags, 0, data), {}
    )
    client = b'{"type": "webauthn.create", "challenge": "AAAA", "origin": "https://x.example"}'
    response = {"clientDataJSON": encode(client), "attestationObject": encode(attested)}
    return {
        "id": encode(b"an id"),
        "rawId": encode(b"an id"),
        "type": "public-key",
        "response": response,
    }


def page(language: str = "en") -> str:
    browser = Client(headers={"accept-language": language})
    browser.post("/account/login/", {"login": EMAIL, "password": PASSWORD})
    return browser.get("/account/factors/authenticate/").content.decode()


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Type the code of your app, or a recovery code."),
        ("de", "Geben Sie den Code Ihrer App oder einen Wiederherstellungscode ein."),
    ],
)
def test_second_factor_page_says_what_to_type(language: str, text: str, ana: Consumer) -> None:
    enrol(ana.user)
    assert text in page(language)


def test_second_factor_page_without_a_security_key_offers_none(ana: Consumer) -> None:
    enrol(ana.user)
    assert "security key" not in page() and "webauthn" not in page()


def test_second_factor_page_with_a_security_key_offers_it(ana: Consumer) -> None:
    data = {"name": "Key", "credential": credential()}
    Authenticator.objects.create(user=ana.user, type="webauthn", data=data)
    shown = page()
    assert "Use a security key" in shown and 'id="js_data"' in shown
