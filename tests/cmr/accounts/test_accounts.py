"""Signing up, claiming a known subject, contact points, second factors and erasure."""

from __future__ import annotations

import io
import json
import re
import zipfile
from datetime import datetime, timedelta

import pytest
import time_machine
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from cryptography.fernet import Fernet, InvalidToken
from django.core import mail
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from brands.models import Brand
from cmr.accounts import contact_points, ownership
from cmr.allauth_hooks.adapter import SecondFactorAdapter
from cmr.models import AccessToken, Consumer, ContactPoint, RateLimitCount, User
from cmr.sign_in import access_tokens
from consent.checks import single
from consent.checks.single import Asked
from consent.identity import identifiers
from consent.identity.identifiers import Contact
from consent.ledger.recording import Actor
from consent.models import LedgerEntry, Relationship, Subject
from consent.relationships import lifecycle
from core import crypto
from tests.conftest import EMAIL, PASSWORD, Api
from tests.factories import open_account

NEW = "dora@example.org"


def code() -> str:
    """The code in the newest letter."""
    found = re.search(r"\b[A-Z]{4}-[A-Z]{4}\b", str(mail.outbox[-1].body))
    assert found
    return found[0]


def sign_in() -> Client:
    """With the password, and once more with it: what a token or erasing takes."""
    browser = Client()
    browser.post("/account/login/", {"login": EMAIL, "password": PASSWORD})
    browser.post("/account/reauthenticate/", {"password": PASSWORD})
    return browser


def sign_up(browser: Client, address: str = NEW) -> str:
    """Return the first page, which follows the steps of the first day."""
    browser.post("/account/signup/", {"email": address})
    answer = browser.post("/account/confirm-email/", {"code": code()})
    assert answer.headers["Location"] == "/welcome/"
    return browser.get("/").content.decode()


# -- Signing up -----------------------------------------------------------------------------------


def test_sign_up_with_code_opens_account(db: None) -> None:
    page = sign_up(Client())
    assert "Your companies" in page
    consumer = Consumer.objects.get(user__email=NEW)
    assert consumer.contact_points.get().value == NEW
    assert not consumer.user.has_usable_password()


def test_sign_up_without_code_creates_no_consumer(db: None) -> None:
    browser = Client()
    browser.post("/account/signup/", {"email": NEW})
    browser.post("/account/confirm-email/", {"code": "000000"})
    assert not Consumer.objects.filter(user__email=NEW).exists()
    assert browser.get("/history").status_code == 302


def test_sign_up_unverified_account_is_deleted(ana: Consumer, admin: User) -> None:
    Client().post("/account/signup/", {"email": NEW})
    made = User.objects.create_user("made.by.hand@example.org")
    assert ownership.delete_unproved_accounts(now=timezone.now()) == 0
    assert ownership.delete_unproved_accounts(now=timezone.now() + timedelta(days=2)) == 1
    left = set(User.objects.values_list("email", flat=True))
    assert left == {EMAIL, admin.email, made.email}


def test_sign_up_claims_known_subject(acme: Brand, now: datetime) -> None:
    known = identifiers.find_or_create_identifier(
        identifiers.compute_identifier_digest(NEW)
    ).subject
    by = Actor("brand_api", acme.pk)
    lifecycle.start_relationship(known.pk, acme, by=by, now=now, note="Opened in the shop.")
    page = sign_up(Client())
    assert "Acme" in page and "Opened in the shop." in page


def test_sign_up_taken_address_gets_same_page(ana: Consumer) -> None:
    pages = []
    for address in (EMAIL, NEW):
        browser = Client()
        answer = browser.post("/account/signup/", {"email": address}, follow=True)
        text = re.sub(r'value="[^"]{64}"', "", answer.content.decode().replace(address, "X"))
        pages.append((answer.status_code, answer.redirect_chain, text))
    assert pages[0] == pages[1]
    assert [letter.to for letter in mail.outbox] == [[EMAIL], [NEW]]


def test_sign_up_second_code_taken_address_gets_same_page(
    ana: Consumer,
) -> None:
    pages = []
    for address in (EMAIL, NEW):
        browser = Client()
        browser.post("/account/signup/", {"email": address})
        with time_machine.travel(timezone.now() + timedelta(seconds=30)):
            answer = browser.post("/account/confirm-email/", {"action": "resend"}, follow=True)
        text = re.sub(r'value="[^"]{64}"', "", answer.content.decode().replace(address, "X"))
        pages.append((answer.status_code, answer.redirect_chain, text))
    assert pages[0] == pages[1] and "Send a new code" in pages[0][2]
    assert [letter.to for letter in mail.outbox] == [[EMAIL], [NEW], [NEW]]
    first, second = mail.outbox[1].body, mail.outbox[2].body
    assert first != second
    answer = browser.post("/account/confirm-email/", {"code": code()})
    assert answer.headers["Location"] == "/welcome/"


def test_sign_up_mail_and_page_name_site_and_expiry(db: None, settings: Settings) -> None:
    settings.PUBLIC_URL = "https://choices.example"
    browser = Client(headers={"host": "127.0.0.1"})
    page = browser.post("/account/signup/", {"email": NEW}, follow=True).content.decode()
    assert "It is good for 15 minutes." in page
    letter = str(mail.outbox[-1].body)
    assert " is your code for CMR. It is good for 15 minutes." in letter
    assert "CMR: https://choices.example" in letter
    assert "127.0.0.1" not in letter


@pytest.mark.parametrize("path", ["/account/login/code/", "/account/password/reset/"])
def test_code_pages_name_expiry(path: str, ana: Consumer) -> None:
    page = Client().post(path, {"email": EMAIL}, follow=True).content.decode()
    assert "It is good for 15 minutes." in page


def test_login_with_code_signs_in(ana: Consumer) -> None:
    browser = Client()
    browser.post("/account/login/code/", {"email": EMAIL})
    page = browser.post("/account/login/code/confirm/", {"code": code()}, follow=True)
    assert b"Your companies" in page.content


def test_login_with_password_signs_in(ana: Consumer) -> None:
    browser = Client()
    page = browser.post("/account/login/", {"login": EMAIL, "password": PASSWORD}, follow=True)
    assert b"Your companies" in page.content


def test_login_of_admin_creates_no_consumer(admin: User) -> None:
    browser = Client()
    browser.post("/account/login/code/", {"email": admin.email})
    browser.post("/account/login/code/confirm/", {"code": code()})
    assert not Consumer.objects.exists()


# -- Addresses ------------------------------------------------------------------------------------


def test_add_address_verified_merges_known_subject(
    browser: Client, met: Relationship, ana: Consumer, now: datetime
) -> None:
    other = identifiers.find_or_create_identifier(
        identifiers.compute_identifier_digest(NEW)
    ).subject
    by = Actor("brand_api", met.brand_id)
    lifecycle.start_relationship(other.pk, met.brand, by=by, now=now, note="shop")
    browser.post("/you/addresses/add", {"kind": "email", "value": f" {NEW.upper()}"})
    pending = ana.pending.get()
    page = browser.post(f"/you/addresses/prove/{pending.pk}", {"code": code()}, follow=True)
    assert f"{NEW} is yours.".encode() in page.content
    assert Subject.objects.get(pk=other.pk).merged_into_id == ana.subject_id
    assert EmailAddress.objects.filter(user=ana.user, email=NEW, verified=True).exists()
    browser.post("/choose", {"brand": "acme", "say": "deny::::"})
    asked = Asked(met.brand_id, Contact(email=NEW), "marketing", "email")
    assert single.check_contact(asked, now=timezone.now()).rule == "person_denied"


def test_add_number_is_verified_by_text_message(
    browser: Client, ana: Consumer, capsys: pytest.CaptureFixture[str]
) -> None:
    browser.post("/you/addresses/add", {"kind": "phone", "value": "+49 151 12345678"})
    said = capsys.readouterr().out
    assert "+4915112345678" in said
    sent = re.search(r": ([A-Z]{4}-[A-Z]{4}) is", said)[1]  # type: ignore[index]
    browser.post(f"/you/addresses/prove/{ana.pending.get().pk}", {"code": sent})
    assert ana.contact_points.filter(kind="phone", value="+4915112345678").exists()


@pytest.mark.parametrize(
    ("kind", "value", "why"),
    [
        ("email", "nobody", "not an e-mail address"),
        ("phone", "0151 12345678", "starts with +"),
        ("fax", "+49151", "address or a phone number"),
    ],
)
def test_add_address_invalid_sends_nothing(
    browser: Client, kind: str, value: str, why: str
) -> None:
    answer = browser.post("/you/addresses/add", {"kind": kind, "value": value})
    assert answer.status_code == 422 and why in answer.content.decode()
    assert mail.outbox == []


def test_verify_address_after_five_attempts_or_15_minutes_is_refused(
    browser: Client, ana: Consumer
) -> None:
    pending = contact_points.begin_proof(ana, kind="email", text=NEW, now=timezone.now())
    right, path = code(), f"/you/addresses/prove/{pending.pk}"
    wrong = "BBBB-BBBB"
    assert [browser.post(path, {"code": wrong}).status_code for _ in range(5)] == [422] * 5
    assert browser.post(path, {"code": right}).status_code == 429  # five for the address, too
    RateLimitCount.objects.all().delete()
    assert browser.post(path, {"code": right}).status_code == 422
    late = timezone.now() + timedelta(minutes=16)
    again = contact_points.begin_proof(
        ana, kind="email", text=NEW, now=timezone.now() + timedelta(minutes=1)
    )
    with pytest.raises(contact_points.WrongCode):
        contact_points.prove_contact(again, code(), now=late + timedelta(minutes=1))


def test_add_address_too_often_is_refused(browser: Client, ana: Consumer) -> None:
    for _ in range(3):
        browser.post("/you/addresses/add", {"kind": "email", "value": NEW})
    for n in range(9):
        browser.post("/you/addresses/add", {"kind": "email", "value": f"d{n}@example.org"})
    assert len(mail.outbox) == contact_points.AT_ONCE


def test_add_address_of_other_person_does_not_reveal_it(browser: Client, ana: Consumer) -> None:
    ben = open_account(NEW)
    answer = browser.post("/you/addresses/add", {"kind": "email", "value": NEW}, follow=True)
    assert b"We sent a code there" in answer.content  # as for any address
    taken = browser.post(f"/you/addresses/prove/{ana.pending.get().pk}", {"code": code()})
    assert b"Another account has this address" in taken.content
    assert ContactPoint.objects.get(value=NEW).consumer == ben


def test_verify_address_of_other_person_is_not_found(browser: Client, ana: Consumer) -> None:
    ben = open_account(NEW)
    pending = contact_points.begin_proof(
        ben, kind="email", text="e@example.org", now=timezone.now()
    )
    assert browser.post(f"/you/addresses/prove/{pending.pk}", {"code": code()}).status_code == 404


def test_remove_address_last_one_is_refused(browser: Client, ana: Consumer) -> None:
    point = ana.contact_points.get()
    answer = browser.post(f"/you/addresses/remove/{point.pk}")
    assert b"your only address" in answer.content
    ownership.add_contact(ana, kind="email", value=NEW, now=timezone.now())
    browser.post(f"/you/addresses/remove/{point.pk}")
    ana.user.refresh_from_db()
    assert ana.user.email == NEW
    assert EmailAddress.objects.get(user=ana.user).primary


def test_removed_address_starts_anew_with_next_owner(met: Relationship, ana: Consumer) -> None:
    point = ownership.add_contact(ana, kind="email", value=NEW, now=timezone.now())
    ownership.remove_contact(point, now=timezone.now() - ownership.HELD)
    page = sign_up(Client())
    assert "Your companies" in page and "Acme" not in page
    dora = Consumer.objects.get(user__email=NEW)
    assert dora.subject_id != ana.subject_id
    asked = Asked(met.brand_id, Contact(email=NEW), "marketing", "email")
    assert single.check_contact(asked, now=timezone.now()).rule == "no_relationship"


def test_pages_of_person_are_not_cached(browser: Client) -> None:
    for path in ("/", "/history", "/you/addresses"):
        assert "no-store" in browser.get(path).headers["Cache-Control"]


# -- Sessions, factors and programs ---------------------------------------------------------------


def test_sign_out_everywhere_ends_every_session(ana: Consumer) -> None:
    here, there = Client(), Client()
    for each in (here, there):
        each.post("/account/login/", {"login": EMAIL, "password": PASSWORD})
    assert UserSession.objects.filter(user=ana.user).count() == 2
    here.post("/you/security/end")
    assert here.get("/history").status_code == there.get("/history").status_code == 302


def test_second_factor_is_required_at_every_entrance(ana: Consumer, nobody: Api) -> None:
    Authenticator.objects.create(user=ana.user, type="totp", data={"secret": "x"})
    browser = Client()
    answer = browser.post("/account/login/", {"login": EMAIL, "password": PASSWORD})
    assert answer.headers["Location"] == "/account/factors/authenticate/"
    for path in ("session", "tokens"):
        refused = nobody.post(path, {"email": EMAIL, "password": PASSWORD})
        assert (refused.status_code, refused.json()["code"]) == (403, "second_factor_required")


def test_second_factor_is_stored_encrypted(db: None) -> None:
    adapter = SecondFactorAdapter()
    assert "secret" not in adapter.encrypt("secret")
    assert adapter.decrypt(adapter.encrypt("secret")) == "secret"


def test_second_factor_of_old_key_is_read(settings: Settings) -> None:
    adapter, old, new = SecondFactorAdapter(), Fernet.generate_key(), Fernet.generate_key()
    settings.SECOND_FACTOR_FERNET_KEYS = [old]
    text = adapter.encrypt("secret")
    settings.SECOND_FACTOR_FERNET_KEYS = [new, old]
    assert adapter.decrypt(text) == "secret"


def test_second_factor_is_not_read_with_other_key(settings: Settings) -> None:
    settings.SECOND_FACTOR_FERNET_KEYS = [Fernet.generate_key()]
    with pytest.raises(InvalidToken):
        crypto.decrypt_text(SecondFactorAdapter().encrypt("secret").encode())


def test_token_page_creates_and_revokes_token(ana: Consumer) -> None:
    browser = sign_in()
    page = browser.post(
        "/you/tokens", {"name": "my agent", "scope": "full", "days": "30"}, follow=True
    ).content.decode()
    text = re.search(r"cmr_pat_[\w-]+", page)[0]  # type: ignore[index]
    assert Api(text).get("me").status_code == 200
    browser.post(f"/you/tokens/{AccessToken.objects.get().pk}/revoke")
    assert Api(text).get("me").status_code == 401


def test_token_or_erasure_with_old_session_asks_for_authentication(ana: Consumer) -> None:
    browser = sign_in()
    with time_machine.travel(timezone.now() + timedelta(hours=1)):
        for path in ("/you/tokens", "/you/erase"):
            answer = browser.post(path, {"name": "agent", "word": "erase"})
            assert answer.headers["Location"].startswith("/account/reauthenticate/")
    assert not AccessToken.objects.exists()


# -- Their data -----------------------------------------------------------------------------------


def test_download_data_as_json_and_csv(browser: Client, met: Relationship, ana: Consumer) -> None:
    browser.post("/choose", {"brand": "acme", "say": "deny:marketing:email::"})
    said = json.loads(browser.get("/you/data.json").content)
    assert said["account"][0]["email"] == EMAIL
    assert said["relationships"][0]["brand"] == "acme"
    assert said["history"][0]["decision"] == said["standing"][0]["decision"] == "deny"
    packed = zipfile.ZipFile(io.BytesIO(browser.get("/you/data.zip").content))
    assert {name.removesuffix(".csv") for name in packed.namelist()} == said.keys() - {"made_at"}
    assert b"acme" in packed.read("history.csv")


def test_download_csv_escapes_formulas(browser: Client, ana: Consumer, acme: Brand) -> None:
    by, note = Actor("brand_api", acme.pk), "=HYPERLINK(1)"
    lifecycle.start_relationship(ana.subject_id, acme, by=by, now=timezone.now(), note=note)
    packed = zipfile.ZipFile(io.BytesIO(browser.get("/you/data.zip").content))
    assert b"'=HYPERLINK" in packed.read("relationships.csv")


@pytest.mark.parametrize("brands", ["keep", "stop"])
def test_erasure_keeps_denials(brands: str, met: Relationship, ana: Consumer, as_ana: Api) -> None:
    browser = sign_in()
    browser.post("/choose", {"brand": "acme", "say": "grant:research:email::"})
    browser.post("/choose", {"brand": "acme", "say": "deny:marketing:email::"})
    assert browser.post("/you/erase", {"word": "no", "brands": brands}).status_code == 422
    page = browser.post("/you/erase", {"word": "Erase ", "brands": brands}, follow=True)
    assert b"Your account is gone" in page.content
    assert (b"You said no to everything" in page.content) is (brands == "stop")
    assert not User.objects.filter(email=EMAIL).exists()
    assert not ContactPoint.objects.exists() and not EmailAddress.objects.exists()
    assert as_ana.get("me").status_code == 401
    for purpose, allowed in (("marketing", False), ("research", brands == "keep")):
        asked = Asked(met.brand_id, Contact(email=EMAIL), purpose, "email")
        assert single.check_contact(asked, now=timezone.now()).allowed is allowed
    assert LedgerEntry.objects.filter(subject=met.subject_id).count() >= 2


def test_sign_up_after_erasure_finds_denials(met: Relationship, ana: Consumer) -> None:
    from cmr.personal_data import erasure

    access_tokens.issue_token(ana, name="x")
    erasure.erase_account(ana, first_stop=True, by="portal", now=timezone.now())
    page = sign_up(Client(), EMAIL)
    assert "Acme" in page and "everything stopped" in page
