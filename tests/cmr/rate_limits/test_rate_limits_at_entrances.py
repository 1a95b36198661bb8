"""Every entrance is rate-limited: passwords, codes, factors, mails, text messages."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from allauth.account import urls as account_urls
from allauth.mfa import urls as mfa_urls
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret, hotp_value
from allauth.usersessions import urls as session_urls
from django.core import mail
from django.db import connection
from django.test import Client
from django.urls import URLPattern, URLResolver
from django.utils import timezone
from limits import parse_many

from cmr.accounts import contact_points
from cmr.models import Consumer, PendingContact, User
from cmr.portal import limits as pages
from cmr.rate_limits import limits
from cmr.rate_limits.limits import TooManyAttempts
from tests import mails
from tests.conftest import EMAIL, PASSWORD, Api
from tests.factories import open_account
from tests.ownership import as_owner

NEW = "dora@example.org"
WHO = {"caller": "127.0.0.1", "address": EMAIL}


@pytest.fixture
def browser(ana: Consumer) -> Client:
    """Ana's, who just signed in with her password."""
    client = Client(raise_request_exception=False)
    client.force_login(ana.user)
    return client


def statuses(client: Client, path: str, form: dict[str, str], times: int) -> list[int]:
    return [client.post(path, form).status_code for _ in range(times)]


# -- All of allauth -------------------------------------------------------------------------------


def names_of(patterns: list[URLPattern | URLResolver]) -> Iterator[str]:
    for each in patterns:
        if isinstance(each, URLResolver):
            yield from names_of(each.url_patterns)
        else:
            assert each.name
            yield each.name


def test_limits_know_every_page_of_allauth() -> None:
    modules = (account_urls, mfa_urls, session_urls)
    found = {name for module in modules for name in names_of(module.urlpatterns)}
    lists = (pages.COUNTED, pages.COUNTED_INSIDE, pages.NOT_COUNTED)
    known = [name for each in lists for name in each]
    assert len(known) == len(set(known))
    assert found <= set(known)
    ours = {"link", "reports-key"}
    assert set(known) - found == ours  # none is listed that is gone


# -- Passwords ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/account/login/", {"login": EMAIL, "password": "wrong"}),
        ("/api/v1/session", {"email": EMAIL, "password": "wrong"}),
        ("/api/v1/tokens", {"email": EMAIL, "password": "wrong"}),
    ],
)
def test_wrong_passwords_are_limited_at_every_entrance(
    path: str, form: dict[str, str], nobody: Api, ana: Consumer
) -> None:
    kind: Any = {"content_type": "application/json"} if "/api/" in path else {}
    given = [nobody.client.post(path, form, **kind) for _ in range(46)]
    assert [each.status_code for each in given[5:]] == [429] * 41
    assert 429 not in [each.status_code for each in given[:5]]
    assert 0 < int(given[-1].headers["Retry-After"]) <= 300
    assert b"Too many attempts. Try again in 5 minutes." in given[-1].content


def test_wrong_passwords_count_together_whatever_the_entrance(nobody: Api, ana: Consumer) -> None:
    wrong = {"email": EMAIL, "password": "wrong"}
    for path in ("session", "tokens", "session"):
        assert nobody.post(path, wrong).status_code == 401
    form = {"login": EMAIL, "password": "wrong"}
    assert statuses(nobody.client, "/account/login/", form, 3) == [200, 200, 429]
    assert nobody.post("tokens", {"email": EMAIL, "password": PASSWORD}).status_code == 429


@pytest.mark.parametrize(
    ("path", "field"),
    [("/account/reauthenticate/", "password"), ("/account/password/change/", "oldpassword")],
)
def test_wrong_passwords_are_limited_for_whoever_is_signed_in(
    path: str, field: str, browser: Client
) -> None:
    form = {field: "wrong", "password1": "a-new-one-1", "password2": "a-new-one-1"}
    assert statuses(browser, path, form, 7) == [200] * 5 + [429] * 2


def test_right_passwords_are_given_back(nobody: Api, ana: Consumer) -> None:
    right = {"email": EMAIL, "password": PASSWORD}
    assert {nobody.post("session", right).status_code for _ in range(12)} == {200}
    form = {"login": EMAIL, "password": PASSWORD}
    assert {Client().post("/account/login/", form).status_code for _ in range(8)} == {302}


def test_refused_page_keeps_what_was_typed_but_no_secret(nobody: Api, ana: Consumer) -> None:
    form = {"login": EMAIL, "password": "so-wrong", "next": "/history"}
    page = [nobody.client.post("/account/login/", form) for _ in range(6)][-1].content.decode()
    assert f'name="login" value="{EMAIL}"' in page and 'value="/history"' in page
    assert "so-wrong" not in page


def test_entrance_without_the_counts_stays_shut(nobody: Api, ana: Consumer) -> None:
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE cmr_ratelimitcount RENAME TO away")
    right = {"email": EMAIL, "password": PASSWORD}
    answer = nobody.post("tokens", right)
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    form = {"login": EMAIL, "password": PASSWORD}
    assert nobody.client.post("/account/login/", form).status_code == 503
    assert nobody.client.post("/link", {"email": EMAIL}).status_code == 503


def test_key_of_the_reports_is_limited(nobody: Api) -> None:
    assert statuses(nobody.client, "/reports/own/key", {"key": "cmr_live_x"}, 21)[-2:] == [422, 429]


# -- Codes ----------------------------------------------------------------------------------------


def ask_for_code(path: str) -> Client:
    client = Client(raise_request_exception=False)
    client.post(path, {"email": EMAIL})
    return client


@pytest.mark.parametrize(
    ("path", "confirm"),
    [
        ("/account/login/code/", "/account/login/code/confirm/"),
        ("/account/password/reset/", "/account/password/reset/confirm/"),
    ],
)
def test_wrong_codes_are_limited_by_address_over_all_browsers(
    path: str, confirm: str, ana: Consumer
) -> None:
    given = []
    for _ in range(4):
        client = ask_for_code(path)
        given += statuses(client, confirm, {"code": "BBBB-BBBB"}, 3)
        end_mail_windows()
    assert given.count(429) == 2  # of 12, ten were allowed


def end_mail_windows() -> None:
    """Let the next mail go out; the codes that were typed still count."""
    for action in ("mail request", "mail"):
        for per, rates in limits.LIMITS[action].items():
            key = (action, per, *(WHO[each] for each in per.split(" and ")))
            for item in parse_many(rates):
                limits._limiter.clear(item, *key)


def test_codes_of_an_address_are_limited_over_all_accounts(ana: Consumer) -> None:
    ben = open_account("ben@x.example")
    tried = 0
    for who in (ana, ben):
        pending = contact_points.begin_proof(who, kind="email", text=NEW, now=timezone.now())
        for _ in range(4):
            try:
                contact_points.prove_contact(pending, "BBBB-BBBB", now=timezone.now())
            except contact_points.WrongCode:
                tried += 1
            except TooManyAttempts:
                pass
    assert tried == 5


def test_code_of_an_address_has_eight_letters(ana: Consumer) -> None:
    assert len(contact_points.LETTERS) ** contact_points.LENGTH > 10**10
    contact_points.begin_proof(ana, kind="email", text=NEW, now=timezone.now())
    code = str(mail.outbox[-1].body).split()[0]
    assert len(code) == 9 and set(code) <= set(contact_points.LETTERS) | {"-"}


# -- Second factors -------------------------------------------------------------------------------


@pytest.fixture
def secret(ana: Consumer) -> str:
    made: str = generate_totp_secret()
    TOTP.activate(ana.user, made)
    return made


def code_of(secret: str) -> str:
    return str(f"{hotp_value(secret, int(time.time()) // 30):06}")


def type_factor(code: str) -> int:
    client = Client(raise_request_exception=False)
    client.post("/account/login/", {"login": EMAIL, "password": PASSWORD})
    return client.post("/account/factors/authenticate/", {"code": code}).status_code


def test_code_of_an_app_works_once_until_it_is_over(
    secret: str, ana: Consumer, time_machine: Any
) -> None:
    time_machine.move_to(timezone.now().replace(second=1), tick=False)
    code = code_of(secret)
    assert type_factor(code) == 302
    time_machine.shift(35)  # allauth has forgotten it, and it is still valid
    assert type_factor(code) == 200


def test_wrong_codes_of_an_app_are_limited_by_account(secret: str) -> None:
    assert [type_factor("000000") for _ in range(7)] == [200] * 5 + [429] * 2


def test_code_that_adds_an_app_does_not_sign_in_as_well(browser: Client, ana: Consumer) -> None:
    browser.post("/account/reauthenticate/", {"password": PASSWORD})
    browser.get("/account/factors/totp/activate/")
    code = code_of(browser.session["mfa.totp.secret"])
    assert browser.post("/account/factors/totp/activate/", {"code": code}).status_code == 302
    assert type_factor(code) == 200


# -- Mails and text messages ----------------------------------------------------------------------


@pytest.mark.parametrize("address", [EMAIL, "nobody@example.org"])
def test_mails_to_one_address_are_limited_over_all_kinds(address: str, ana: Consumer) -> None:
    paths = ["/link", "/account/login/code/", "/account/password/reset/", "/account/signup/"]
    for n, path in enumerate([*paths, *paths]):
        answer = Client(REMOTE_ADDR=f"192.0.2.{n}").post(path, {"email": address})
        assert answer.status_code in (200, 302)  # the same, whether a mail was sent
    assert len(mails.sent()) == 3


def test_mails_asked_for_by_one_caller_are_refused_aloud(ana: Consumer) -> None:
    form = {"email": NEW}
    assert statuses(Client(), "/link", form, 5) == [200] * 3 + [429] * 2
    assert Client().post("/account/login/code/", form).status_code == 429
    assert Client().post("/link", {"email": EMAIL}).status_code == 200


def test_mails_asked_for_by_one_caller_are_limited_over_all_addresses(db: None) -> None:
    client = Client()
    given = [client.post("/link", {"email": f"p{n}@example.org"}).status_code for n in range(25)]
    assert given == [200] * 20 + [429] * 5


def test_mails_that_tell_what_was_done_are_not_limited(browser: Client, ana: Consumer) -> None:
    for n in range(4):
        Client(REMOTE_ADDR=f"192.0.2.{n}").post("/link", {"email": EMAIL})
    form = {"oldpassword": PASSWORD, "password1": "a-better-one", "password2": "a-better-one"}
    assert browser.post("/account/password/change/", form).status_code == 302
    assert "Your password was changed." in str(mails.sent()[-1].body)


def test_codes_to_new_addresses_are_limited_aloud(as_ana_signed_in: Api, ana: Consumer) -> None:
    new = {"kind": "email", "value": NEW}
    for _ in range(3):
        assert as_ana_signed_in.post("me/contact-points", new).status_code == 202
        PendingContact.objects.all().delete()  # as if half a minute had passed
    answer = as_ana_signed_in.post("me/contact-points", new)
    assert (answer.status_code, answer.json()["code"]) == (429, "throttled")


def test_codes_to_an_address_leave_its_owner_the_mails_to_sign_in(
    as_ana_signed_in: Api, ana: Consumer
) -> None:
    for _ in range(3):
        as_ana_signed_in.post("me/contact-points", {"kind": "email", "value": NEW})
        PendingContact.objects.all().delete()
    mails.sent().clear()
    Client(REMOTE_ADDR="192.0.2.9").post("/link", {"email": NEW})
    assert [each.to for each in mails.sent()] == [[NEW]]


def test_text_messages_to_one_number_are_limited_over_all_accounts(
    ana: Consumer, capsys: pytest.CaptureFixture[str]
) -> None:
    for n in range(5):
        now, email = timezone.now(), f"p{n}@x.example"
        who = open_account(email, now=now)
        with suppress(TooManyAttempts):
            contact_points.begin_proof(who, kind="phone", text="+49 151 12345678", now=now)
    assert capsys.readouterr().out.count("Text message to") == 3


def test_sign_ups_are_limited_by_caller(db: None) -> None:
    given = []
    for n in range(24):
        given.append(Client().post("/account/signup/", {"email": f"p{n}@x.example"}).status_code)
    assert given.count(302) == 20 == User.objects.count()
