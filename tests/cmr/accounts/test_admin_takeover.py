"""What somebody can do with a stolen administrator's password, step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY
from django.test import Client

from brands.models import Brand
from cmr.models import AccessToken, Consumer, User
from cmr.sign_in import access_tokens
from tests import mails
from tests.conftest import PASSWORD, Api
from tests.factors import app_code, enrol, sign_in_by_mailed_code

if TYPE_CHECKING:
    from pytest_django import Settings

#: What only an administrator opens.
STAFF_PAGES = ["/admin/", "/admin/brands/brand/add/", "/reports/", "/reports/overview"]
STAFF_API = "/api/v1/reports/overview"


@pytest.fixture(autouse=True)
def _as_in_production(settings: Settings) -> None:
    settings.STAFF_NEED_SECOND_FACTOR = True


@pytest.fixture
def thief(db: None) -> Api:
    """Has the administrator's address and password, and nothing else."""
    return Api(client=Client(raise_request_exception=False))


def sign_in_on_the_page(thief: Api, admin: User, page: str = "/account/login/") -> str:
    """Return where the form sends the thief."""
    form = {"login": admin.email, "username": admin.email, "password": PASSWORD}
    return thief.client.post(page, form).headers["Location"]


def assert_nothing_opens(thief: Api) -> None:
    for page in STAFF_PAGES:
        answer = thief.client.get(page)
        assert answer.status_code == 302, page
        assert answer.headers["Location"].startswith(("/account/", "/admin/login/")), page
    assert thief.client.get(STAFF_API).status_code in (401, 403)


# -- The administrator has a second factor --------------------------------------------------------


@pytest.mark.parametrize("page", ["/account/login/", "/admin/login/"])
def test_a_stolen_password_at_a_page_stops_at_the_factor(
    page: str, thief: Api, admin: User
) -> None:
    enrol(admin)
    place = sign_in_on_the_page(thief, admin, page)
    assert place.startswith(("/account/factors/authenticate/", "/account/login/?next="))
    assert_nothing_opens(thief)


@pytest.mark.parametrize("path", ["session", "tokens"])
def test_a_stolen_password_at_the_api_stops_at_the_factor(
    path: str, thief: Api, admin: User
) -> None:
    enrol(admin)
    body = {"email": admin.email, "password": PASSWORD}
    refused = thief.post(path, body)
    assert (refused.status_code, refused.json()["code"]) == (403, "second_factor_required")
    assert thief.post(path, {**body, "code": "000000"}).status_code == 401
    assert "sessionid" not in thief.client.cookies
    assert_nothing_opens(thief)


def test_a_stolen_password_does_not_set_up_another_factor(thief: Api, admin: User) -> None:
    enrol(admin)
    sign_in_on_the_page(thief, admin)
    for page in ("totp/activate/", "totp/deactivate/", "webauthn/add/", "recovery-codes/generate/"):
        answer = thief.client.post(f"/account/factors/{page}", {"code": "123456"})
        assert answer.headers["Location"].startswith("/account/"), page
    assert Authenticator.objects.get().type == "totp"


def test_a_stolen_password_makes_no_token(thief: Api, ana: Consumer) -> None:
    """Even where the administrator is a consumer, too."""
    User.objects.filter(pk=ana.user_id).update(is_staff=True)
    enrol(ana.user)
    refused = thief.post("tokens", {"email": ana.user.email, "password": PASSWORD})
    assert refused.status_code == 403
    assert not AccessToken.objects.exists()


# -- The administrator has no second factor yet ---------------------------------------------------


def test_a_stolen_password_before_the_first_factor_waits_for_a_mailed_code(
    thief: Api, admin: User
) -> None:
    assert sign_in_on_the_page(thief, admin) == "/account/login/code/confirm/"
    assert [each.to for each in mails.sent()] == [[admin.email]]
    assert_nothing_opens(thief)
    answer = thief.client.get("/account/factors/totp/activate/")
    assert answer.headers["Location"].startswith("/account/login/")


@pytest.mark.parametrize("path", ["session", "tokens"])
def test_a_stolen_password_before_the_first_factor_opens_no_api(
    path: str, thief: Api, admin: User
) -> None:
    refused = thief.post(path, {"email": admin.email, "password": PASSWORD})
    assert (refused.status_code, refused.json()["code"]) == (403, "second_factor_missing")
    assert_nothing_opens(thief)


# -- The thief was there before -------------------------------------------------------------------


def test_a_session_without_the_factor_is_worth_nothing(thief: Api, admin: User) -> None:
    thief.client.force_login(admin)
    enrol(admin)
    for page in STAFF_PAGES:
        place = thief.client.get(page).headers["Location"]
        assert place.startswith("/account/factors/reauthenticate/?next="), page
    refused = thief.client.get(STAFF_API)
    assert (refused.status_code, refused.json()["code"]) == (403, "second_factor_required")


def test_a_session_without_the_factor_neither_removes_nor_adds_one(thief: Api, admin: User) -> None:
    """With the password, which is all that the pages of factors ask for again."""
    thief.client.force_login(admin)
    factor = enrol(admin)
    thief.client.post("/account/reauthenticate/", {"password": PASSWORD})
    for page in ("", "totp/deactivate/", "webauthn/add/", "recovery-codes/generate/"):
        answer = thief.client.post(f"/account/factors/{page}")
        assert answer.headers["Location"].startswith("/account/factors/reauthenticate/"), page
    assert Authenticator.objects.get() == factor


def test_a_session_from_before_the_promotion_is_worth_nothing(thief: Api, ana: Consumer) -> None:
    thief.post("session", {"email": ana.user.email, "password": PASSWORD})
    assert thief.get("me").status_code == 200
    User.objects.filter(pk=ana.user_id).update(is_staff=True)
    assert thief.get("me").json()["code"] == "second_factor_missing"
    answer = thief.client.get("/account/factors/totp/activate/")
    assert answer.headers["Location"].startswith("/account/login/")
    assert_nothing_opens(thief)


def test_a_token_of_an_administrator_opens_no_page_of_theirs(ana: Consumer) -> None:
    User.objects.filter(pk=ana.user_id).update(is_staff=True)
    program = Api(access_tokens.issue_token(ana, name="agent"))
    assert program.get("reports/overview").status_code == 401


# -- The administrator themselves -----------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_an_administrator_sets_up_a_factor_at_the_first_sign_in(admin: User, acme: Brand) -> None:
    browser = sign_in_by_mailed_code(admin)
    page = browser.get("/admin/", follow=True)
    assert page.request["PATH_INFO"] == "/account/factors/"
    assert b"Administrators need a second factor" in page.content
    browser.post("/account/reauthenticate/", {"password": PASSWORD})
    browser.get("/account/factors/totp/activate/")
    secret = browser.session[SECRET_SESSION_KEY]
    browser.post("/account/factors/totp/activate/", {"code": app_code(secret)})
    assert b"Acme" in browser.get("/admin/brands/brand/").content


def test_an_administrator_comes_in_with_password_and_factor(admin: User) -> None:
    enrol(admin)
    browser = Client()
    browser.post("/account/login/?next=/admin/", {"login": admin.email, "password": PASSWORD})
    answer = browser.post("/account/factors/authenticate/", {"code": app_code()})
    assert answer.headers["Location"] == "/admin/"
    assert {browser.get(page).status_code for page in STAFF_PAGES} == {200}


def test_an_administrator_comes_in_by_the_api_with_a_code(admin: User, thief: Api) -> None:
    enrol(admin)
    body = {"email": admin.email, "password": PASSWORD, "code": app_code()}
    assert thief.post("session", body).json()["is_admin"] is True
    assert thief.client.get(STAFF_API).status_code == 200
