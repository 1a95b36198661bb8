"""The texts of account mails in English and German, and how long codes are valid."""

from __future__ import annotations

import re

import pytest
from allauth.account import app_settings
from django.conf import settings
from django.core import mail
from django.test import Client

from cmr.accounts import contact_points
from cmr.models import Consumer
from tests.conftest import EMAIL

STRANGER = "stranger@example.org"
SIGN_UP, CODE, RESET = "/account/signup/", "/account/login/code/", "/account/password/reset/"
EVERY_MAIL = [(path, address) for path in (SIGN_UP, CODE, RESET) for address in (EMAIL, STRANGER)]
CODES = [(SIGN_UP, STRANGER), (CODE, EMAIL), (RESET, EMAIL)]


def ask(path: str, address: str, language: str) -> tuple[str, str, str]:
    """Return the page after the form, and subject and text of the mail."""
    browser = Client(headers={"accept-language": language})
    page = browser.post(path, {"email": address}, follow=True).content.decode()
    (letter,) = mail.outbox
    return page, str(letter.subject), str(letter.body)


@pytest.mark.parametrize(("path", "address"), CODES)
def test_code_english_says_how_long_it_is_good(path: str, address: str, ana: Consumer) -> None:
    page, _, text = ask(path, address, "en")
    assert "It is good for 15 minutes." in page
    first = r"[A-Z0-9]{4}-[A-Z0-9]{4} is your code for CMR\. It is good for 15 minutes\."
    assert re.match(first, text)


@pytest.mark.parametrize(("path", "address"), CODES)
def test_code_german_says_how_long_it_is_good(path: str, address: str, ana: Consumer) -> None:
    page, _, text = ask(path, address, "de")
    assert "Er gilt 15 Minuten." in page
    assert re.match(r"[A-Z0-9]{4}-[A-Z0-9]{4} ist Ihr Code für CMR\. Er gilt 15 Minuten\.", text)


@pytest.mark.parametrize(("path", "address"), EVERY_MAIL)
def test_mail_german_says_sie(path: str, address: str, ana: Consumer) -> None:
    _, subject, text = ask(path, address, "de")
    assert not re.search(r"\b(du|dich|dir|dein\w*|you|your|sign)\b", f"{subject}\n{text}", re.I)
    assert re.search(r"\b(Sie|Ihr|Ihrer)\b", subject)
    assert text.endswith(f"CMR: {settings.PUBLIC_URL}")


def test_mail_to_a_known_address_shows_the_way_in(ana: Consumer) -> None:
    _, subject, text = ask(SIGN_UP, EMAIL, "en")
    assert subject == "You already have an account"
    assert f"{settings.PUBLIC_URL}{CODE}" in text and f"{settings.PUBLIC_URL}{RESET}" in text


def test_codes_are_good_for_as_long_as_they_say() -> None:
    timeouts = {
        app_settings.LOGIN_BY_CODE_TIMEOUT,
        app_settings.PASSWORD_RESET_BY_CODE_TIMEOUT,
        app_settings.EMAIL_VERIFICATION_BY_CODE_TIMEOUT,
        int(contact_points.CODE_LIFETIME.total_seconds()),
    }
    assert timeouts == {settings.MAILED_CODE_SECONDS} == {900}
