"""Sessions are listed, counted and ended, however the person signed in."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from allauth.usersessions.models import UserSession
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from cmr import tasks
from cmr.models import Consumer
from tests.conftest import EMAIL, PASSWORD, Api

CREDENTIALS = {"email": EMAIL, "password": PASSWORD}


@pytest.fixture
def by_api(ana: Consumer) -> Api:
    api = Api()
    api.post("session", CREDENTIALS)
    return api


@pytest.fixture
def by_page(ana: Consumer) -> Client:
    browser = Client()
    browser.post("/account/login/", {"login": EMAIL, "password": PASSWORD})
    return browser


def test_security_page_counts_sessions_of_the_api(by_api: Api, by_page: Client) -> None:
    assert b"2 sessions" in by_page.get("/you/security").content


def test_sign_out_everywhere_ends_sessions_of_the_api(by_api: Api, by_page: Client) -> None:
    by_page.post("/you/security/end")
    assert by_api.get("me").status_code == 401
    assert by_page.get("/you").status_code == 302


def test_sign_out_everywhere_ends_a_session_that_has_no_row(ana: Consumer, by_page: Client) -> None:
    unlisted = Client()
    unlisted.force_login(ana.user)
    assert unlisted.get("/you").status_code == 200
    by_page.post("/you/security/end")
    assert unlisted.get("/you").status_code == 302


def test_sign_out_the_others_keeps_this_session_alone(
    ana: Consumer, by_api: Api, by_page: Client
) -> None:
    unlisted = Client()
    unlisted.force_login(ana.user)
    by_page.post("/account/sessions/")
    assert by_page.get("/you").status_code == 200
    assert (by_api.get("me").status_code, unlisted.get("/you").status_code) == (401, 302)
    assert UserSession.objects.get().session_key == by_page.session.session_key


def test_sign_out_everywhere_ends_nobody_else_s_session(by_page: Client, as_admin: Api) -> None:
    by_page.post("/you/security/end")
    assert as_admin.client.get("/reports/").status_code == 200


def test_signing_out_removes_the_row(by_api: Api) -> None:
    assert UserSession.objects.count() == 1
    by_api.post("session/end")
    assert not UserSession.objects.exists()


def test_signing_in_again_replaces_the_session(by_api: Api) -> None:
    before = by_api.client.session.session_key
    by_api.post("session", CREDENTIALS)
    assert UserSession.objects.get().session_key == by_api.client.session.session_key != before


def test_signing_in_over_another_s_session_leaves_nothing_of_theirs(
    by_api: Api, as_admin: Api, ana: Consumer
) -> None:
    as_admin.client.get("/admin/")
    as_admin.post("session", CREDENTIALS)
    assert as_admin.client.session[SESSION_KEY] == str(ana.user_id)
    assert as_admin.client.get("/admin/").status_code == 302


def test_clear_sessions_removes_the_rows_of_expired_sessions(by_api: Api, by_page: Client) -> None:
    with time_machine.travel(timezone.now() + timedelta(days=30)):
        tasks.clear_sessions()
    assert not Session.objects.exists()
    assert not UserSession.objects.exists()
