"""Rows of sessions hold nothing that somebody with the database could read."""

from __future__ import annotations

import re

import pytest
from cryptography.fernet import Fernet
from django.contrib.sessions.models import Session
from django.core import mail
from django.test import Client
from pytest_django import Settings

from config.sessions import SessionStore
from tests.conftest import EMAIL

pytestmark = pytest.mark.django_db
OLD, NEW = Fernet.generate_key(), Fernet.generate_key()


def test_row_of_a_half_finished_sign_up_is_unreadable() -> None:
    browser = Client()
    browser.post("/account/signup/", {"email": EMAIL})
    code = re.search(r"^[A-Z0-9]{4}-[A-Z0-9]{4}\b", str(mail.outbox[-1].body))[0]  # type: ignore[index]
    assert EMAIL in str(dict(browser.session)) and code in str(dict(browser.session))
    row = Session.objects.get().session_data
    assert row.startswith("gAAAA")  # a Fernet token, not base64 of something readable
    assert EMAIL not in row and code not in row
    assert Session.objects.get().get_decoded() == {}  # as Django's own engine reads it


def test_session_of_an_old_key_is_read(settings: Settings) -> None:
    settings.SESSIONS_FERNET_KEYS = [OLD]
    text = SessionStore().encode({"a": 1})
    settings.SESSIONS_FERNET_KEYS = [NEW, OLD]
    assert SessionStore().decode(text) == {"a": 1}


@pytest.mark.parametrize("text", ["", "x", "é", "eyJhIjoxfQ:1abc:signed"])
def test_session_that_no_key_opens_is_empty(text: str) -> None:
    assert SessionStore().decode(text) == {}


def test_session_of_a_dropped_key_is_empty(settings: Settings) -> None:
    settings.SESSIONS_FERNET_KEYS = [OLD]
    text = SessionStore().encode({"a": 1})
    settings.SESSIONS_FERNET_KEYS = [NEW]
    assert SessionStore().decode(text) == {}
