"""Finding the address or number of a sender."""

from __future__ import annotations

import pytest

from cmr.inbound.senders import add_country_code, find_address
from consent.models import Relationship
from tests.conftest import EMAIL, Api


@pytest.mark.parametrize(
    ("sender", "address"),
    [
        ("a@example.org", "a@example.org"),
        (" <a@example.org> ", "a@example.org"),
        ("Ana <a@example.org>", "a@example.org"),
        ('"Gomez, Ana" <a@example.org>', "a@example.org"),
        ("Gómez, Ana <a@example.org>", "a@example.org"),
        ("[Ext] Ana <a@example.org>", "a@example.org"),
        ("Ana @ Home <a@example.org>", "a@example.org"),
        ("eva@example.org <a@example.org>", "a@example.org"),
        ('"Eva <eva@example.org>" <a@example.org>', "a@example.org"),
        ('"Ana \\"A\\" G" <a@example.org>', "a@example.org"),
        ("a@example.org (Ana)", "a@example.org"),
        ("=?utf-8?q?G=C3=B3mez=2C?= <a@example.org>", "a@example.org"),
        ("Eva <eva@example.org>, Ana <a@example.org>", ""),
        ("<eva@example.org> <a@example.org>", ""),
        ("<<a@example.org>>", ""),
        ("Ana <a@example.org", ""),
        ('"' * 2_000 + "<a@example.org>", ""),
    ],
)
def test_find_address_of_from_header(sender: str, address: str) -> None:
    """Several addresses are nobody's: what is found of them must be no address."""
    found = find_address(sender)
    assert found == address or (not address and found == sender)


@pytest.mark.parametrize("name", ["Gómez, Ana", "[Ext] Ana", "Ana @ Home"])
def test_mail_with_decoded_name_is_read(name: str, as_acme: Api, met: Relationship) -> None:
    mail = {"from": f"{name} <{EMAIL}>", "subject": "Unsubscribe", "text": ""}
    answer = as_acme.post("inbound/mail", mail)
    assert (answer.status_code, answer.json()["understood"]) == (200, "stop")


@pytest.mark.parametrize(
    ("sender", "country", "number"),
    [
        ("4155550100", "", "+4155550100"),
        ("4155550132", "US", "+14155550132"),
        ("(415) 555-0132", "US", "+14155550132"),
        ("14155550132", "US", "+14155550132"),
        ("0151 12345678", "DE", "+4915112345678"),
        ("4915112345678", "DE", "+4915112345678"),
        ("4915112345678", "US", "+4915112345678"),
        ("+4915112345678", "US", "+4915112345678"),
        ("4930123456", "US", "4930123456"),  # ten digits, and no area code of there
        ("4179123456", "IT", "4179123456"),
        ("0151 12345678", "", "0151 12345678"),
        ("12345", "DE", "12345"),
        ("hello", "DE", "hello"),
    ],
)
def test_add_country_code_national_number_gets_code(sender: str, country: str, number: str) -> None:
    assert add_country_code(sender, country) == number


def test_sms_national_number_with_country_is_read(as_acme: Api) -> None:
    message = {"from": "0151 12345678", "text": "STOP"}
    assert as_acme.post("inbound/sms", message).json()["code"] == "invalid_contact"
    assert as_acme.post("inbound/sms", {**message, "country": None}).status_code == 422
    assert as_acme.post("inbound/sms", {**message, "country": "DE"}).status_code == 200
    known = {"from": "+4915112345678", "text": "STOP", "country": None}
    assert as_acme.post("inbound/sms", known).status_code == 200
    answer = as_acme.post("inbound/sms", {**message, "country": "XX"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_choice")
