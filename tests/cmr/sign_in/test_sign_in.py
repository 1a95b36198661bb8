"""Signing in: sessions for browsers, tokens for programs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson
import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core import mail
from django.db import connection
from django.test import Client

from cmr.accounts import ownership
from cmr.models import AccessToken, Consumer, User
from tests.conftest import EMAIL, PASSWORD, Api
from tests.factors import app_code, enrol

CREDENTIALS = {"email": EMAIL, "password": PASSWORD}
CHOICE = {"scope": {"purpose": "marketing"}, "decision": "deny"}


@pytest.fixture
def browser(db: None) -> Api:
    """Checks CSRF as for a real browser, which Django's test client leaves out."""
    return Api(client=Client(enforce_csrf_checks=True, raise_request_exception=False))


def problem_of(body: bytes) -> dict[str, Any]:
    """A problem without what differs from call to call."""
    return {key: value for key, value in orjson.loads(body).items() if key != "request_id"}


def everything_stored() -> str:
    """All rows of all tables as the database prints them, bytes in hexadecimal."""
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        pages = []
        for table in tables:
            cursor.execute(f'SELECT "{table}"::text FROM "{table}"')
            pages += [row[0] for row in cursor.fetchall()]
    return "\n".join(pages)


def test_session_reads_with_cookie(browser: Api, ana: Consumer) -> None:
    answer = browser.post("session", CREDENTIALS)
    assert answer.status_code == 200
    assert answer.json()["is_consumer"] is True
    assert answer.json()["is_admin"] is False
    assert answer.cookies["sessionid"]["httponly"]
    assert browser.get("me/relationships").status_code == 200


def test_session_write_without_csrf_token_is_refused(browser: Api, ana: Consumer) -> None:
    csrf = browser.post("session", CREDENTIALS).json()["csrf_token"]
    assert browser.post("me/choices", CHOICE).status_code == 403
    assert browser.post("me/choices", CHOICE, X_CSRFToken="x" * 64).status_code == 403
    assert browser.post("me/choices", CHOICE, X_CSRFToken=csrf).status_code == 201


def test_token_write_needs_no_csrf_token(browser: Api, ana_token: str) -> None:
    assert Api(ana_token, browser.client).post("me/choices", CHOICE).status_code == 201


def test_sign_in_address_in_any_case(nobody: Api, ana: Consumer) -> None:
    written = {"email": "ANA@Example.org", "password": PASSWORD}
    assert nobody.post("session", written).status_code == 200


def test_sign_in_international_address_in_either_form(nobody: Api, now: datetime) -> None:
    ownership.open_account(email="ana@bücher.example", password=PASSWORD, verified_at=now)
    for email in ("ana@bücher.example", "ana@xn--bcher-kva.example"):
        written = {"email": email, "password": PASSWORD}
        assert nobody.post("session", written).status_code == 200, email


def test_create_token_shows_it_once(nobody: Api, ana: Consumer) -> None:
    answer = nobody.post("tokens", {**CREDENTIALS, "name": "my agent"})
    assert answer.status_code == 201
    text = answer.json()["token"]
    secret = text[-43:]
    assert Api(text).get("me/relationships").status_code == 200
    stored = everything_stored()
    assert "my agent" in stored  # the search does see the row
    assert secret not in stored
    assert text.encode().hex() not in stored


def test_sign_in_wrong_password_and_unknown_address_get_same_answer(
    nobody: Api, ana: Consumer
) -> None:
    for path in ("session", "tokens"):
        wrong = nobody.post(path, {"email": EMAIL, "password": "wrong"})
        unknown = nobody.post(path, {"email": "nobody@example.org", "password": "wrong"})
        assert wrong.status_code == unknown.status_code == 401
        assert problem_of(wrong.content) == problem_of(unknown.content)
        assert problem_of(wrong.content)["code"] == "wrong_credentials"
        assert "sessionid" not in wrong.cookies


def test_sign_in_closed_account_gets_same_answer(nobody: Api, ana: Consumer) -> None:
    unknown = nobody.post("session", {"email": "nobody@example.org", "password": PASSWORD})
    User.objects.filter(pk=ana.user_id).update(is_active=False)
    closed = nobody.post("session", CREDENTIALS)
    assert closed.status_code == 401
    assert problem_of(closed.content) == problem_of(unknown.content)


def test_token_of_closed_account_is_refused(as_ana: Api, ana: Consumer) -> None:
    User.objects.filter(pk=ana.user_id).update(is_active=False)
    assert as_ana.get("me/relationships").status_code == 401


@pytest.mark.parametrize("path", ["session", "tokens"])
def test_sign_in_guessing_is_limited(path: str, nobody: Api, ana: Consumer) -> None:
    guess = {"email": EMAIL, "password": "wrong"}
    assert {nobody.post(path, guess).status_code for _ in range(5)} == {401}
    slowed = nobody.post(path, CREDENTIALS)  # not even the right one helps now
    assert slowed.status_code == 429
    assert slowed.json()["code"] == "throttled"
    assert slowed.json()["detail"] == "Too many attempts. Try again in 5 minutes."
    assert 0 < int(slowed.headers["Retry-After"]) <= 300


def test_sign_in_guessing_is_limited_across_entrances(nobody: Api, ana: Consumer) -> None:
    wrong = {"email": EMAIL, "password": "wrong"}
    for path in ("session", "tokens", "session", "tokens", "session"):
        assert nobody.post(path, wrong).status_code == 401
    assert nobody.post("tokens", CREDENTIALS).status_code == 429
    page = nobody.client.post("/account/login/", {"login": EMAIL, "password": PASSWORD})
    assert page.status_code == 429


def test_sign_in_guessing_with_other_spelling_is_counted(nobody: Api, ana: Consumer) -> None:
    for n in range(5):
        nobody.post("session", {"email": f"{EMAIL}{' ' * (n % 2)}", "password": "wrong"})
    assert nobody.post("session", CREDENTIALS).status_code == 429


def test_sign_in_guessing_with_forged_proxy_is_counted(nobody: Api, ana: Consumer) -> None:
    guess = {"email": EMAIL, "password": "wrong"}
    for n in range(5):
        nobody.post("session", guess, X_Forwarded_For=f"192.0.2.{n}")
    assert nobody.post("session", guess, X_Forwarded_For="192.0.2.99").status_code == 429


def test_login_page_guessing_is_limited(nobody: Api, ana: Consumer) -> None:
    guess = {"login": EMAIL, "password": "wrong"}
    tries = [nobody.client.post("/account/login/", guess).status_code for _ in range(6)]
    assert tries[0] == 200
    assert tries[-1] == 429


def test_sign_in_of_other_person_is_not_limited(nobody: Api, ana: Consumer, admin: User) -> None:
    for _ in range(6):
        nobody.post("session", {"email": EMAIL, "password": "wrong"})
    other = {"email": admin.email, "password": PASSWORD}
    elsewhere = Api(client=Client(REMOTE_ADDR="192.0.2.1"))
    assert elsewhere.post("session", other).status_code == 200


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"email": EMAIL}, "password"),
        ({"password": PASSWORD}, "email"),
        ({**CREDENTIALS, "remember": True}, "remember"),
        ({"email": f"{EMAIL}\0", "password": PASSWORD}, "email"),
        ({"email": EMAIL, "password": f"{PASSWORD}\0"}, "password"),
        ({"email": ["a"], "password": PASSWORD}, "email"),
        ({"email": True, "password": PASSWORD}, "email"),
        ({"email": "a" * 321, "password": PASSWORD}, "email"),
        ([], None),
        (None, None),
        ("text", None),
    ],
)
@pytest.mark.parametrize("path", ["session", "tokens"])
def test_sign_in_invalid_body_is_refused(
    path: str, body: Any, field: str | None, nobody: Api
) -> None:
    answer = nobody.post(path, body)
    assert answer.status_code == 422, answer.content
    assert field is None or answer.json()["field"] == field


def test_sign_in_of_admin_is_refused(nobody: Api, as_admin: Api, admin: User) -> None:
    refused = nobody.post("tokens", {"email": admin.email, "password": PASSWORD})
    assert (refused.status_code, refused.json()["code"]) == (403, "not_a_consumer")
    refused = as_admin.get("me/relationships")
    assert (refused.status_code, refused.json()["code"]) == (403, "not_a_consumer")
    signed_in = nobody.post("session", {"email": admin.email, "password": PASSWORD}).json()
    assert (signed_in["is_admin"], signed_in["is_consumer"]) == (True, False)


def test_token_revoked_is_refused(as_ana: Api) -> None:
    assert as_ana.delete("tokens/current").status_code == 204
    refused = as_ana.get("me/relationships")
    assert (refused.status_code, refused.json()["code"]) == (401, "invalid_token")
    assert refused.headers["WWW-Authenticate"].startswith("Bearer")
    assert as_ana.delete("tokens/current").status_code == 401


def test_revoke_token_of_session_is_not_found(nobody: Api, ana: Consumer) -> None:
    nobody.client.force_login(ana.user)
    refused = nobody.delete("tokens/current")
    assert (refused.status_code, refused.json()["code"]) == (409, "no_token")


def test_token_expired_is_refused(as_ana: Api, ana: Consumer) -> None:
    AccessToken.objects.update(expires_at=ana.created_at)
    assert as_ana.get("me/relationships").status_code == 401


@pytest.mark.parametrize(
    "text", ["x", "cmr_pat_", "cmr_pat_0123456789abcdef_" + "a" * 43, "a" * 5000, "é", "a b c"]
)
def test_token_malformed_is_refused(text: str, nobody: Api) -> None:
    answer = nobody.client.get("/api/v1/me/history", headers={"Authorization": f"Bearer {text}"})
    assert answer.status_code == 401


def test_token_malformed_with_session_is_refused(nobody: Api, ana: Consumer) -> None:
    nobody.client.force_login(ana.user)
    assert Api("cmr_pat_wrong", nobody.client).get("me/history").status_code == 401


def test_sign_out_ends_session(nobody: Api, ana: Consumer) -> None:
    nobody.post("session", CREDENTIALS)
    assert nobody.post("session/end").status_code == 204
    assert nobody.get("me/relationships").status_code == 401
    assert nobody.post("session/end").status_code == 204  # nobody being signed in is no mistake


def test_sign_out_without_csrf_token_is_refused(browser: Api, ana: Consumer) -> None:
    csrf = browser.post("session", CREDENTIALS).json()["csrf_token"]
    assert browser.post("session/end").status_code == 403
    assert browser.get("me/relationships").status_code == 200
    assert browser.post("session/end", X_CSRFToken=csrf).status_code == 204


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data"])
def test_sign_in_unreadable_form_is_refused(kind: str, nobody: Api, ana: Consumer) -> None:
    browser = Api(client=Client(enforce_csrf_checks=True, raise_request_exception=False))
    browser.post("session", CREDENTIALS)
    answer = browser.send("POST", "me/choices", b"a=b&" * 500_000, kind)
    assert answer.status_code in (400, 403, 413, 415)


# -- Second factors and unverified addresses ------------------------------------------------------


@pytest.mark.parametrize(("path", "status"), [("session", 200), ("tokens", 201)])
def test_sign_in_with_factor_code_succeeds(
    path: str, status: int, nobody: Api, ana: Consumer
) -> None:
    enrol(ana.user)
    assert nobody.post(path, CREDENTIALS).json()["code"] == "second_factor_required"
    assert nobody.post(path, {**CREDENTIALS, "code": app_code()}).status_code == status


def test_sign_in_with_used_factor_code_is_refused(nobody: Api, ana: Consumer) -> None:
    enrol(ana.user)
    body = {**CREDENTIALS, "code": app_code()}
    assert [nobody.post("session", body).status_code for _ in range(2)] == [200, 401]


def test_sign_in_with_recovery_code_succeeds_once(nobody: Api, ana: Consumer) -> None:
    enrol(ana.user)
    (code, *_) = RecoveryCodes.activate(ana.user).get_unused_codes()
    body = {**CREDENTIALS, "code": code}
    assert [nobody.post("session", body).status_code for _ in range(2)] == [200, 401]


def test_sign_in_with_wrong_code_gets_same_answer(nobody: Api, ana: Consumer) -> None:
    enrol(ana.user)
    code = nobody.post("session", {**CREDENTIALS, "code": "000000"})
    password = nobody.post("session", {"email": EMAIL, "password": "wrong"})
    assert problem_of(code.content) == problem_of(password.content)


@pytest.mark.usefixtures("still_clock")
def test_sign_in_guessing_codes_is_limited(nobody: Api, ana: Consumer) -> None:
    enrol(ana.user)
    guess = {**CREDENTIALS, "code": "000000"}
    statuses = [nobody.post("session", guess).status_code for _ in range(6)]
    assert statuses == [401] * 5 + [429]


def test_sign_in_with_code_without_factor_succeeds(nobody: Api, ana: Consumer) -> None:
    assert nobody.post("session", {**CREDENTIALS, "code": "123456"}).status_code == 200


@pytest.mark.parametrize("path", ["session", "tokens"])
def test_sign_in_unverified_address_is_refused(path: str, nobody: Api, ana: Consumer) -> None:
    EmailAddress.objects.update(verified=False)
    refused = nobody.post(path, CREDENTIALS)
    assert (refused.status_code, refused.json()["code"]) == (403, "address_not_verified")
    assert "sessionid" not in nobody.client.cookies
    assert not mail.outbox


def test_sign_in_unverified_address_wrong_password_gets_same_answer(
    nobody: Api, ana: Consumer
) -> None:
    EmailAddress.objects.update(verified=False)
    assert nobody.post("session", {"email": EMAIL, "password": "wrong"}).status_code == 401


def test_token_creates_no_session(nobody: Api, ana: Consumer) -> None:
    enrol(ana.user)
    assert nobody.post("tokens", {**CREDENTIALS, "code": app_code()}).status_code == 201
    assert "sessionid" not in nobody.client.cookies
    assert not Session.objects.exists() and not UserSession.objects.exists()


def test_sign_in_with_other_verified_address_succeeds(
    nobody: Api, ana: Consumer, now: datetime
) -> None:
    ownership.add_contact(ana, kind="email", value="second@example.org", now=now)
    body = {"email": "second@example.org", "password": PASSWORD}
    assert nobody.post("session", body).status_code == 200
