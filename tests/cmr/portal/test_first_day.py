"""The steps after sign-up: guessed, confirmed, skipped, left and continued."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.test import Client

from brands.models import Brand
from cmr.models import Consumer
from cmr.portal.person import ZONE_COOKIE
from consent.models import LedgerEntry, Relationship
from consent.relationships import person_settings
from tests.factories import is_allowed

NEW = "dora@example.org"
STEPS = ["you", "choices", "companies", "passkey"]


def sign_up(client: Client) -> str:
    """Sign up and enter the code. Return the path of the page that follows."""
    client.post("/account/signup/", {"email": NEW})
    code = re.search(r"\b[A-Z0-9]{4}-[A-Z0-9]{4}\b", str(mail.outbox[-1].body))
    assert code
    answer = client.post("/account/confirm-email/", {"code": code[0]}, follow=True)
    return str(answer.request["PATH_INFO"])


@pytest.fixture
def dora(db: None) -> Client:
    """Dora's browser, just after she signed up."""
    client = Client(headers={"accept-language": "en-GB,de-AT;q=0.8"})
    assert sign_up(client) == "/welcome/you"
    return client


def read_step() -> str:
    return Consumer.objects.get(user__email=NEW).setup_step


def chosen(page: bytes, name: str) -> str:
    """Return the selected value of a field."""
    field = re.search(rf'name="{name}".*?</select>', page.decode(), re.DOTALL)
    assert field
    found = re.search(r'<option(?: value="([^"]*)")?[^>]* selected>([^<]*)', field[0])
    return (found[1] or found[2]) if found else ""


# -- The order of the steps ----------------------------------------------------------------------


def test_steps_can_all_be_skipped(dora: Client) -> None:
    for step, following in zip(STEPS, [*STEPS[1:], ""], strict=True):
        assert read_step() == step
        answer = dora.post(f"/welcome/{step}", {"skip": "1"})
        assert answer.headers["Location"] == (f"/welcome/{following}" if following else "/")
    assert read_step() == ""
    assert dora.get("/welcome/").headers["Location"] == "/"
    subject = Consumer.objects.get(user__email=NEW).subject
    assert (subject.jurisdiction, subject.time_zone) == (None, "")
    assert not LedgerEntry.objects.exists() and not Relationship.objects.exists()


def test_steps_can_be_left_and_continued_in_another_browser(dora: Client) -> None:
    dora.post("/welcome/you", {"skip": "1"})
    assert b"Finish setting up" in dora.get("/you").content
    elsewhere = Client()
    elsewhere.force_login(Consumer.objects.get(user__email=NEW).user)
    assert elsewhere.get("/welcome/").headers["Location"] == "/welcome/choices"


def test_step_that_is_done_again_does_not_bring_the_others_back(dora: Client) -> None:
    for step in ("you", "choices"):
        dora.post(f"/welcome/{step}", {"skip": "1"})
    assert dora.post("/welcome/you", {"skip": "1"}).headers["Location"] == "/welcome/choices"
    assert read_step() == "companies"


def test_looking_at_steps_changes_nothing(dora: Client) -> None:
    for step in STEPS:
        page = dora.get(f"/welcome/{step}")
        assert page.status_code == 200
        assert b'aria-current="step"' in page.content
    assert read_step() == "you"


def test_accounts_from_before_are_not_asked(ana: Consumer, browser: Client) -> None:
    assert browser.get("/welcome/").headers["Location"] == "/"
    assert b"Finish setting up" not in browser.get("/you").content


def test_sign_in_leads_to_the_first_page_and_not_back_to_the_steps(dora: Client) -> None:
    dora.post("/account/logout/")
    dora.post("/account/login/code/", {"email": NEW})
    code = re.search(r"\b[A-Z0-9]{4}-[A-Z0-9]{4}\b", str(mail.outbox[-1].body))
    assert code
    answer = dora.post("/account/login/code/confirm/", {"code": code[0]})
    assert answer.headers["Location"] == "/"
    assert read_step() == "you"


def test_sign_up_for_the_console_leads_to_the_console(db: None) -> None:
    client = Client()
    client.post("/account/signup/", {"email": NEW, "next": "/console/new"})
    code = re.search(r"\b[A-Z0-9]{4}-[A-Z0-9]{4}\b", str(mail.outbox[-1].body))
    assert code
    answer = client.post("/account/confirm-email/", {"code": code[0], "next": "/console/new"})
    assert answer.headers["Location"] == "/console/new"


# -- About you -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("languages", "zone", "expected"),
    [
        ("de-AT,de;q=0.9", "", ("de", "AT", "")),
        ("en-GB", "Europe/Berlin", ("en", "DE", "Europe/Berlin")),
        ("en", "", ("en", "", "")),
        ("fr-FR", "Nowhere/Land", ("en", "FR", "")),
        ("zh-Hant-TW,en;q=0.5", "", ("en", "TW", "")),
        ("", "", ("en", "", "")),
    ],
)
def test_browser_s_language_country_and_zone_are_offered(
    languages: str, zone: str, expected: tuple[str, str, str], ana: Consumer
) -> None:
    client = Client(headers={"accept-language": languages})
    client.force_login(ana.user)
    client.cookies[ZONE_COOKIE] = zone
    page = client.get("/welcome/you").content
    offered = tuple(chosen(page, name) for name in ("language", "jurisdiction", "time_zone"))
    assert offered == expected


def test_confirmed_settings_are_kept_and_quiet_hours_stay(
    ana: Consumer, browser: Client, now: datetime
) -> None:
    quiet = (datetime(2026, 1, 1, 22).time(), datetime(2026, 1, 1, 7).time())
    person_settings.change_settings(ana.subject_id, {"quiet_hours": quiet}, now=now)
    form = {"language": "de", "jurisdiction": "AT", "time_zone": "Europe/Vienna"}
    assert browser.post("/welcome/you", form).headers["Location"] == "/welcome/choices"
    ana = Consumer.objects.select_related("subject").get(pk=ana.pk)
    assert ana.language == "de"
    assert (ana.subject.jurisdiction, ana.subject.time_zone) == ("AT", "Europe/Vienna")
    assert ana.subject.quiet_start == quiet[0]


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"jurisdiction": "XX"}, b"There is no such place."),
        ({"time_zone": "Mars/Base"}, b"There is no such time zone."),
    ],
)
def test_wrong_settings_are_asked_for_again(
    form: dict[str, str], said: bytes, dora: Client
) -> None:
    answer = dora.post("/welcome/you", form)
    assert answer.status_code == 422 and said in answer.content
    assert read_step() == "you"


# -- Choices for all companies -------------------------------------------------------------------


def test_nothing_is_chosen_beforehand(dora: Client) -> None:
    page = dora.get("/welcome/choices").content.decode()
    assert 'aria-pressed="true"' not in page.partition("<footer")[0]
    assert "also to those that join later" in page


def test_no_to_all_companies_holds_for_one_that_joins_later(dora: Client, db: None) -> None:
    form = {"say": "deny:marketing:::", "next": "/welcome/choices"}
    page = dora.post("/choose", form, follow=True)
    assert page.request["PATH_INFO"] == "/welcome/choices"
    assert 'aria-pressed="true"' in page.content.decode().partition("<footer")[0]
    later = Brand.objects.create(slug="later", name="Later")
    dora.post("/add", {"brand": "later"})
    assert not is_allowed(later, email=NEW)
    entry = LedgerEntry.objects.get()
    assert (entry.brand_id, entry.purpose_id, entry.decision) == (None, "marketing", "deny")


# -- Companies -----------------------------------------------------------------------------------


@pytest.fixture
def known(acme: Brand, rival: Brand) -> list[Brand]:
    Brand.objects.update(website="https://x.example", countries=["all"])
    return [acme, rival]


def test_ticked_companies_are_added_at_once(dora: Client, known: list[Brand]) -> None:
    page = dora.get("/welcome/companies").content.decode()
    assert "Acme" in page and "Rival" in page and " checked" not in page
    assert "/companies/find" in page
    answer = dora.post("/welcome/companies", {"brand": ["acme", "rival", "acme", "no-such"]})
    assert answer.headers["Location"] == "/welcome/passkey"
    assert set(Relationship.objects.values_list("brand__slug", flat=True)) == {"acme", "rival"}
    assert b"Added to your companies: Acme, Rival." in dora.get("/welcome/passkey").content


def test_skipping_adds_nothing_that_is_ticked(dora: Client, known: list[Brand]) -> None:
    dora.post("/welcome/companies", {"brand": ["acme"], "skip": "1"})
    assert not Relationship.objects.exists()


def test_test_brands_are_not_added(dora: Client) -> None:
    Brand.objects.create(slug="acme-test", name="Acme", test=True)
    dora.post("/welcome/companies", {"brand": ["acme-test"]})
    assert not Relationship.objects.exists()


# -- Passkey -------------------------------------------------------------------------------------


def test_passkey_is_offered_and_seen(dora: Client) -> None:
    assert b'href="/account/factors/webauthn/add/"' in dora.get("/welcome/passkey").content
    assert dora.get("/account/factors/webauthn/add/").status_code == 200  # without confirming again
    user = Consumer.objects.get(user__email=NEW).user
    Authenticator.objects.create(user=user, type="webauthn", data={"name": "x"})
    assert b"You have a passkey." in dora.get("/welcome/passkey").content
