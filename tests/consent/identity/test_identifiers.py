"""Normalising phone numbers and addresses; invalid ones are refused."""

from __future__ import annotations

import hashlib

import pytest
from django.utils import timezone

from brands.models import Brand
from consent.checks import single
from consent.checks.single import Asked
from consent.identity import identifiers
from consent.identity.identifiers import Contact, InvalidAddress
from consent.imports.rows import BadRow, Reader
from tests.conftest import Api

PHONE = "+4915112345678"


@pytest.mark.parametrize(
    "text", ["+1 555 1234", "+44 1111", f"{PHONE} ext. 5", f"{PHONE};ext=7", f"{PHONE}.0",
             "4915112345678.0", "4915112345678", "+52 1 555 1234"],
)  # fmt: skip
def test_normalise_phone_invalid_number_is_refused(text: str, as_acme: Api, acme: Brand) -> None:
    with pytest.raises(InvalidAddress):
        identifiers.normalise_phone(text)
    answer = as_acme.post("relationships", {"contact": {"phone": text}, "note": "n"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_contact")
    with pytest.raises(BadRow) as refused:
        Reader(acme, now=timezone.now()).read_row({"phone": text})
    assert (refused.value.field, refused.value.code) == ("phone", "invalid_contact")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("+1 555 1234", "area code"),
        (f"{PHONE} ext. 5", "extension"),
        (f"{PHONE};ext=7", "extension"),
        ("+52 1 55 1234 56789", "length"),
        ("4915112345678.0", "spreadsheet"),
        ("4915112345678", "country code"),
    ],
)
def test_normalise_phone_invalid_number_explains_why(text: str, reason: str) -> None:
    with pytest.raises(InvalidAddress, match=reason):
        identifiers.normalise_phone(text)


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("+1 212 555 1234", "+12125551234"),
        ("+52 1 55 1234 5678", "+525512345678"),
        ("+5215512345678", "+525512345678"),
        ("+52 55 1234 5678", "+525512345678"),
        ("+54 11 15 2345-6789", "+5491123456789"),
        ("+54 9 11 2345-6789", "+5491123456789"),
        ("+39 06 1234 5678", "+390612345678"),
        ("+49 (151) 1234-5678", PHONE),
        ("whatsapp:+4915112345678", PHONE),
    ],
)
def test_normalise_phone_spellings_become_e164(text: str, normal: str) -> None:
    assert identifiers.normalise_phone(text) == normal


def test_contact_sha256_of_number_uses_e164() -> None:
    contact = Contact(phone="+49 151 12345678")
    assert identifiers.compute_contact_sha256(contact) == hashlib.sha256(PHONE.encode()).digest()


@pytest.mark.parametrize("sender", ["+5215512345678", "5215512345678", "525512345678"])
def test_inbound_sms_any_spelling_finds_person(sender: str, as_acme: Api, acme: Brand) -> None:
    known = {"contact": {"phone": "+52 55 1234 5678"}, "note": "n"}
    assert as_acme.post("relationships", known).status_code == 201
    yes = {"purpose": "marketing", "channel": "sms"}
    granted = {"contact": known["contact"], "scope": yes, "decision": "grant", "evidence": "form"}
    assert as_acme.post("choices", granted).status_code == 201
    said = as_acme.post("inbound/sms", {"from": sender, "text": "STOP"})
    assert (said.status_code, said.json()["understood"]) == (200, "stop")
    asked = Asked(acme.pk, Contact(phone="+525512345678"), "marketing", "sms")
    assert single.check_contact(asked, now=timezone.now()).rule == "person_denied"


def test_normalise_email_needless_quotes_are_removed() -> None:
    assert identifiers.normalise_email('"Ana"@example.org') == "ana@example.org"
    assert identifiers.normalise_email('"ana.b"@example.org') == "ana.b@example.org"


@pytest.mark.parametrize("text", ['"a b"@example.org', '"a@b"@example.org', '"a"b@example.org'])
def test_normalise_email_needed_quotes_are_refused(text: str) -> None:
    with pytest.raises(InvalidAddress):
        identifiers.normalise_email(text)
