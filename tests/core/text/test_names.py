"""What a name may hold, and which texts name a place on the web."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from brands.catalogue import directory_import
from brands.models import Brand, Topic
from core.text import names
from tests.conftest import Api

UNSEEN = [f"a{sign}b" for sign in "\n\r\t\x7f\x85\u2028\u202e\u2066"]


@pytest.mark.parametrize("name", UNSEEN)
def test_check_name_refuses_what_cannot_be_seen(name: str) -> None:
    with pytest.raises(ValidationError):
        names.check_name(name)


@pytest.mark.parametrize(
    "name", ["Acme", "Müller & Söhne", "Booking.com", "日本", "a\u200db", "🙂"]
)
def test_check_name_takes_names_of_all_languages(name: str) -> None:
    names.check_name(name)


@pytest.mark.parametrize("name", UNSEEN)
@pytest.mark.django_db
def test_brand_with_an_unseen_sign_is_refused_by_the_database(name: str) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Brand.objects.create(slug="x", name=name)


@pytest.mark.parametrize("name", UNSEEN)
def test_names_by_api_have_no_unseen_signs(name: str, as_acme: Api, offers: Topic) -> None:
    topic = {"code": "t", "name": name, "purpose": "marketing"}
    campaign = {"code": "c", "name": name, "purpose": "marketing"}
    key = {"name": name, "scopes": ["check"]}
    for path, body in (("brand/topics", topic), ("campaigns", campaign), ("keys", key)):
        answer = as_acme.post(path, body)
        assert (answer.status_code, answer.json()["code"]) == (422, "control_characters"), path
        assert answer.json()["field"] == "name"
    renamed = as_acme.patch(f"brand/topics/{offers.code}", {"name": name})
    assert renamed.status_code in (405, 422)


def test_directory_line_with_an_unseen_sign_is_skipped() -> None:
    with pytest.raises(directory_import.BadLine, match="control characters"):
        directory_import.parse_company(b'{"slug": "x", "name": "a\\nb"}')


@pytest.mark.parametrize(
    "text",
    [
        "pay at evil.example now",
        "form at shop.evil.example",
        "Your bank account is locked. Verify now at EVIL.Example/login",
        "see www.evil.example",
        "https://evil.example",
        "ftp://evil",
        "write to help@evil.example.",
        "evil\u3002example",
        "ｅｖｉｌ．ｅｘａｍｐｌｅ",
        "bücher.example",
        "evil.xn--p1ai",
        "go to 192.0.2.1 now",
        "notacme.example",
        "acme.example.evil.example",
        "https://acme.example/win",
    ],
)
def test_has_address_finds_every_form(text: str) -> None:
    assert names.has_address(text)
    assert names.has_address(text, own="acme.example")


@pytest.mark.parametrize(
    "text",
    [
        "We have news for you. Shall we write?",
        "z.B. am 1.5. um 10.30 Uhr",
        "e.g. 3.5 %",
        "U.S.A.",
        "version 2.10",
        "Acme Inc.",
        "…",
        "St. Gallen",
    ],
)
def test_has_address_leaves_plain_words_alone(text: str) -> None:
    assert not names.has_address(text)


@pytest.mark.parametrize("text", ["Booking.com", "news of hotels.booking.com", "BOOKING.COM!"])
def test_has_address_takes_the_own_domain(text: str) -> None:
    assert names.has_address(text)
    assert not names.has_address(text, own="booking.com")
