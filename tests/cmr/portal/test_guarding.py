"""Every page of allauth is listed as needing a fresh session or not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import URLResolver, get_resolver
from django.utils import timezone

from cmr.models import Consumer
from cmr.portal.guarding import GUARDED
from tests.project.test_routes import filled_route

#: What changes nothing about who gets in, or takes a code or a factor itself, and why it is open.
OPEN = {
    "account_login": "where one becomes known",
    "account_request_login_code": "where one becomes known",
    "account_confirm_login_code": "takes the code",
    "account_signup": "where one becomes known",
    "account_email_verification_sent": "takes the code",
    "account_reset_password": "sends a code",
    "account_confirm_password_reset_code": "takes the code",
    "account_complete_password_reset": "comes after the code",
    "account_password_reset_completed": "says that it is done",
    "account_logout": "ends one's own session",
    "account_inactive": "says that an account is closed",
    "account_email": "leads to our page of addresses",
    "account_reauthenticate": "where one confirms who one is",
    "mfa_reauthenticate": "where one confirms who one is",
    "mfa_reauthenticate_webauthn": "where one confirms who one is",
    "mfa_authenticate": "takes the factor",
    "mfa_login_webauthn": "takes the passkey",
    "mfa_index": "shows which factors there are",
}


def account_pages() -> dict[str, str]:
    """Return the path of each page under /account/ by its name."""
    return dict(_walk(get_resolver().url_patterns, ""))


def _walk(patterns: Any, prefix: str) -> Iterator[tuple[str, str]]:
    for each in patterns:
        path = prefix + filled_route(each)
        if isinstance(each, URLResolver):
            yield from _walk(each.url_patterns, path)
        elif path.startswith("account/") and each.name:
            yield each.name, path


def test_each_page_of_accounts_is_decided_about() -> None:
    assert {*GUARDED, *OPEN} == set(account_pages()) and not GUARDED & set(OPEN)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("name", sorted(GUARDED))
def test_guarded_page_takes_a_fresh_session(name: str, method: str, ana: Consumer) -> None:
    browser = Client()
    browser.force_login(ana.user)
    path = f"/{account_pages()[name]}"
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        answer = browser.generic(method, path)
    assert answer.headers["Location"].startswith("/account/reauthenticate/?next=")
