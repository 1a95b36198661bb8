"""Administrators without a second factor reach the pages that set one up, and no others."""

from __future__ import annotations

import pytest
from allauth.account.models import EmailAddress
from django.core.management import call_command
from django.test import Client
from pytest_django import Settings

from cmr.models import Consumer, User
from devstack.demo import build
from tests.conftest import PASSWORD, Api
from tests.factors import app_code, enrol, sign_in_by_mailed_code
from tests.project.test_routes import routes

#: What an administrator without a factor may open, beside what asks nobody who they are.
OPEN = ("account/factors/", "account/reauthenticate/", "account/logout/", "admin/logout/")
PUBLIC = ("language", "docs/", ".well-known/", "healthz", "readyz", "metrics", "u/", "p/")


@pytest.fixture
def demanded(settings: Settings) -> None:
    settings.STAFF_NEED_SECOND_FACTOR = True


@pytest.fixture
def halfway(demanded: None, admin: User) -> Client:
    """An administrator who has signed in, and has no factor yet."""
    return sign_in_by_mailed_code(admin)


def test_every_other_route_leads_to_the_factor(halfway: Client) -> None:
    for route in routes():
        if route.startswith((*OPEN, *PUBLIC, "api/v1/session")):
            continue
        answer = halfway.get(f"/{route}")
        if route.startswith("api/"):
            assert (answer.status_code, answer.json()["code"]) == (403, "second_factor_missing")
        else:
            assert (answer.status_code, answer.headers["Location"]) == (302, "/account/factors/")


@pytest.mark.usefixtures("documentation")
@pytest.mark.parametrize("route", ["/account/factors/", "/docs/", "/healthz", "/account/logout/"])
def test_an_open_route_stays_open(route: str, halfway: Client) -> None:
    assert halfway.get(route).status_code == 200


def test_an_administrator_without_a_factor_can_sign_out(halfway: Client) -> None:
    assert halfway.post("/api/v1/session/end").status_code == 204
    assert halfway.get("/").status_code == 200


@pytest.mark.usefixtures("demanded")
def test_a_session_opened_by_the_password_alone_is_ended(as_admin: Api) -> None:
    place = as_admin.client.get("/reports/").headers["Location"]
    assert place == "/account/login/?next=/reports/"
    assert as_admin.client.get(place).status_code == 200  # so nobody is signed in any more


@pytest.mark.usefixtures("demanded")
def test_showing_the_factor_opens_the_session(as_admin: Api, admin: User) -> None:
    enrol(admin)
    place = as_admin.client.get("/reports/").headers["Location"]
    answer = as_admin.client.post(place, {"code": app_code()})
    assert answer.headers["Location"] == "/reports/"
    assert as_admin.client.get("/reports/").status_code == 200


@pytest.mark.usefixtures("demanded")
def test_removing_the_factor_demands_another(as_admin: Api, admin: User) -> None:
    factor = enrol(admin)
    as_admin.client.post("/account/factors/reauthenticate/", {"code": app_code()})
    assert as_admin.client.get("/reports/").status_code == 200
    factor.delete()
    assert as_admin.client.get("/reports/").status_code == 302


@pytest.mark.usefixtures("demanded")
def test_an_administrator_who_is_a_consumer_uses_both(ana: Consumer, nobody: Api) -> None:
    User.objects.filter(pk=ana.user_id).update(is_staff=True)
    enrol(ana.user)
    body = {"email": ana.user.email, "password": PASSWORD, "code": app_code()}
    assert nobody.post("session", body).json() | {"csrf_token": ""} == {
        "csrf_token": "",
        "is_consumer": True,
        "is_admin": True,
    }
    for page in ("/", "/you/security", "/history", "/console/", "/reports/", "/api/v1/me"):
        assert nobody.client.get(page).status_code == 200, page


@pytest.mark.usefixtures("demanded")
def test_a_consumer_needs_no_factor(ana: Consumer) -> None:
    browser = Client()
    browser.force_login(ana.user)
    assert browser.get("/you").status_code == 200


def test_nobody_needs_a_factor_where_the_setting_is_off(as_admin: Api, settings: Settings) -> None:
    assert not settings.STAFF_NEED_SECOND_FACTOR  # as it is in development
    assert as_admin.client.get("/reports/").status_code == 200


# -- Every way in which administrators are made ---------------------------------------------------


def by_command() -> str:
    call_command("createsuperuser", email="boss@example.org", interactive=False, verbosity=0)
    return "boss@example.org"


def by_demo() -> str:
    return build.create_admin()["email"]


@pytest.mark.parametrize("make", [by_command, by_demo])
@pytest.mark.django_db
def test_a_new_administrator_has_a_verified_address(make: object) -> None:
    address = EmailAddress.objects.get(user__email=make())  # type: ignore[operator]
    assert address.verified and address.primary and address.user.is_staff
