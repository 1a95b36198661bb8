"""An authenticator app of a test's own."""

from __future__ import annotations

import re
import time

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.core import mail
from django.test import Client

from cmr.models import User
from tests.conftest import PASSWORD

SECRET = "JBSWY3DPEHPK3PXP"


def enrol(user: User) -> Authenticator:
    """Give *user* the app as a second factor."""
    authenticator: Authenticator = TOTP.activate(user, SECRET).instance
    return authenticator


def app_code(secret: str = SECRET) -> str:
    """Return what the app shows now (RFC 6238)."""
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30)))


def sign_in_by_mailed_code(user: User) -> Client:
    """Sign in as an administrator without a factor must: with the password and a mailed code."""
    browser = Client()
    browser.post("/account/login/", {"login": user.email, "password": PASSWORD})
    code = re.search(r"^[A-Z0-9]{4}-[A-Z0-9]{4}\b", str(mail.outbox[-1].body))
    assert code
    browser.post("/account/login/code/confirm/", {"code": code[0]})
    return browser
