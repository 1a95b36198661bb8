"""Pages without sign-in: one-click unsubscribe (RFC 8058), preferences, new links."""

from __future__ import annotations

import base64
import json
import re
import time
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from brands.models import Brand, Topic
from cmr.choices import links
from cmr.choices.links import BadLink, Link
from cmr.models import Consumer
from consent.checks import single
from consent.checks.single import Asked
from consent.decision.resolution import Scope
from consent.identity.identifiers import Contact
from consent.ledger.recording import Actor
from consent.models import LedgerEntry, Relationship
from consent.relationships import lifecycle
from tests import mails
from tests.conftest import EMAIL, Api
from tests.factories import is_allowed, record_choice

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def granted(met: Relationship) -> Relationship:
    """Ana wants acme's marketing by e-mail."""
    scope = Scope(met.brand_id, "marketing", "email")
    record_choice(met, "grant", scope)
    return met


@pytest.fixture
def token(granted: Relationship) -> str:
    return links.build_token(Link(granted, "marketing", "email", campaign="spring"))


# -- One click ------------------------------------------------------------------------------------


@pytest.mark.parametrize("multipart", [True, False])
def test_unsubscribe_one_click_needs_no_cookies(
    multipart: bool, token: str, granted: Relationship
) -> None:
    """RFC 8058: form-urlencoded or multipart, no cookies, no redirect, no confirmation."""
    caller = Client(enforce_csrf_checks=True)
    if multipart:
        answer = caller.post(f"/u/{token}", ONE_CLICK)
    else:
        form = "application/x-www-form-urlencoded"
        answer = caller.post(f"/u/{token}", "List-Unsubscribe=One-Click", content_type=form)
    assert answer.status_code == 200
    assert not is_allowed(granted.brand)
    entry = LedgerEntry.objects.get(decision="deny")
    assert (entry.source, entry.maker, entry.channel) == ("link", "person", "email")


def test_unsubscribe_again_records_one_denial(token: str, granted: Relationship) -> None:
    assert [Client().post(f"/u/{token}").status_code for _ in range(3)] == [200] * 3
    assert LedgerEntry.objects.filter(decision="deny").count() == 1


def test_unsubscribe_while_paused_records_denial(token: str, granted: Relationship) -> None:
    """It ends, and a no does not."""
    now = timezone.now()
    scope = Scope(granted.brand_id, "marketing", "email")
    record_choice(granted.subject_id, "pause", scope, now=now, until=now + timedelta(days=1))
    Client().post(f"/u/{token}")
    assert LedgerEntry.objects.filter(decision="deny").exists()


def test_unsubscribe_get_changes_nothing(token: str, granted: Relationship) -> None:
    page = Client().get(f"/u/{token}")
    assert b"No more marketing by e-mail from Acme?" in page.content
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert is_allowed(granted.brand)


def test_unsubscribe_from_topic_keeps_the_rest(granted: Relationship, offers: Topic) -> None:
    token = links.build_token(Link(granted, "marketing", "email", offers.code))
    Client().post(f"/u/{token}")
    assert is_allowed(granted.brand)
    asked = Asked(granted.brand_id, Contact(email=EMAIL), "marketing", "email", offers.code)
    assert not single.check_contact(asked, now=timezone.now()).allowed


# -- The token ------------------------------------------------------------------------------------


def test_read_link_changed_letter_is_refused(token: str) -> None:
    for place, letter in enumerate(token):
        changed = token[:place] + ("B" if letter == "A" else "A") + token[place + 1 :]
        with pytest.raises(BadLink):
            links.read_link(changed, now=timezone.now())


@pytest.mark.parametrize(
    "what", ["", ".", "a.b", "é", "a" * 5_000, "bnVsbA.bnVsbA", "W10.W10", "\0"]
)
def test_read_link_malformed_offers_new_link(what: str, db: None) -> None:
    for place in ("u", "p"):
        for method in ("get", "post"):
            answer = getattr(Client(), method)(f"/{place}/{what or 'x'}")
            assert answer.status_code == 404
            assert b"Have new links sent" in answer.content


def test_read_link_of_other_brand_is_refused(token: str, rival: Brand) -> None:
    said = json.loads(base64.urlsafe_b64decode(token.partition(".")[0] + "=="))
    forged = base64.urlsafe_b64encode(json.dumps({**said, "b": "rival"}).encode()).rstrip(b"=")
    with pytest.raises(BadLink):
        links.read_link(f"{forged.decode()}.{token.partition('.')[2]}", now=timezone.now())


def test_build_token_contains_no_address(token: str) -> None:
    assert EMAIL.encode() not in base64.urlsafe_b64decode(token.partition(".")[0] + "==")


# -- The page of one brand ------------------------------------------------------------------------


@pytest.mark.parametrize("purpose", ["profiling", "service"])
def test_preferences_page_with_impossible_topic_renders(
    purpose: str, token: str, ana: Consumer, acme: Brand, offers: Topic
) -> None:
    Topic.objects.create(brand=acme, code="odd", name="Odd one", purpose_id=purpose)
    browser = Client()
    browser.force_login(ana.user)
    for caller, path in ((Client(), f"/p/{token}"), (browser, "/brands/acme")):
        page = caller.get(path)
        assert page.status_code == 200
        assert b"Weekly offers" in page.content
        assert (b"Odd one" in page.content) <= (purpose == "service")


def test_preferences_page_by_own_link_takes_every_choice(granted: Relationship) -> None:
    link = Link(granted, "marketing", "email")
    path, again = (f"/p/{links.build_proven_token(link, now=timezone.now())}" for _ in range(2))
    caller = Client(enforce_csrf_checks=True)
    assert b"What Acme may send you" in caller.get(path).content
    caller.post(path, {"say": "grant:research:sms::"})
    assert is_allowed(granted.brand, "research", "sms")
    caller.post(path, {"say": "limit::::", "max": "1", "per": "week"})
    page = caller.post(path, {"say": "pause::::", "until": "2099-01-01"})
    assert b"Paused by you until" in page.content
    page = caller.post(path, {"say": "deny::::"})
    assert b"Done." in page.content
    assert not is_allowed(granted.brand)
    caller.post(again, {"say": "allow::::"})  # another link: each says yes once
    assert is_allowed(granted.brand)
    assert set(LedgerEntry.objects.filter(source="link").values_list("decision", flat=True)) == {
        "grant", "limit", "pause", "deny", "clear",
    }  # fmt: skip


LONG_PAUSE = {"say": "pause:marketing:email::", "until": "2099-01-01"}
SHORT_PAUSE = LONG_PAUSE | {"until": "2098-01-01"}
TIGHT_LIMIT = {"say": "limit:marketing:email::", "max": "1", "per": "month"}
LOOSE_LIMIT = TIGHT_LIMIT | {"max": "100", "per": "day"}


@pytest.mark.parametrize(
    ("held", "wanted"), [(LONG_PAUSE, SHORT_PAUSE), (TIGHT_LIMIT, LOOSE_LIMIT)]
)
def test_preferences_page_by_brand_link_never_loosens(
    held: dict[str, str], wanted: dict[str, str], token: str, granted: Relationship
) -> None:
    path = f"/p/{token}"
    assert Client().post(path, held).status_code == 200
    before = LedgerEntry.objects.count()
    assert Client().post(path, wanted).status_code == 422
    assert LedgerEntry.objects.count() == before
    assert Client().post(path, held).status_code == 200  # the same again, or more of it, may be


@pytest.mark.parametrize(
    ("held", "wanted"), [(LONG_PAUSE, SHORT_PAUSE), (TIGHT_LIMIT, LOOSE_LIMIT)]
)
def test_preferences_page_by_own_link_loosens_once(
    held: dict[str, str], wanted: dict[str, str], granted: Relationship
) -> None:
    path = f"/p/{links.build_proven_token(Link(granted), now=timezone.now())}"
    answers = [Client().post(path, say).status_code for say in (held, wanted, held, wanted)]
    assert answers == [200, 200, 200, 422]


@pytest.mark.parametrize("say", ["", "deny", "deny:service:email::", "deny::::1", "deny:x:::"])
def test_preferences_page_invalid_choice_changes_nothing(say: str, token: str) -> None:
    before = LedgerEntry.objects.count()
    assert Client().post(f"/p/{token}", {"say": say}).status_code == 422
    assert LedgerEntry.objects.count() == before


def test_preferences_page_shows_one_brand(
    token: str, granted: Relationship, rival: Brand, ana: Consumer
) -> None:
    lifecycle.start_relationship(ana.subject_id, rival, by=Actor("portal"), now=timezone.now())
    page = Client().get(f"/p/{token}").content
    assert b"Rival" not in page and EMAIL.encode() not in page
    Client().post(f"/p/{token}", {"say": "deny::::", "brand": "rival"})
    assert LedgerEntry.objects.latest("subject_seq").brand == granted.brand


def test_preferences_page_of_ended_relationship_says_so(token: str, granted: Relationship) -> None:
    lifecycle.end_relationship(granted, by=Actor("portal"), now=timezone.now())
    assert b"The relationship is over" in Client().get(f"/p/{token}").content


# -- How to get there -----------------------------------------------------------------------------


def test_link_form_mails_working_links(granted: Relationship) -> None:
    Client().post("/link", {"email": f" {EMAIL.upper()} "})
    (letter,) = mails.sent()
    assert letter.to == [EMAIL]
    found = re.search(r"http://127\.0\.0\.1:8000(/p/\S+)", str(letter.body))
    assert found and Client().get(found[1]).status_code == 200


def test_link_form_known_and_unknown_get_same_page(granted: Relationship) -> None:
    pages = [Client().post("/link", {"email": each}) for each in (EMAIL, "nobody@example.org")]
    assert len({re.sub(rb'value="[^"]{64}"', b"", page.content) for page in pages}) == 1
    assert [page.status_code for page in pages] == [200, 200]
    assert len(mails.sent()) == 2
    assert "No brand here knows this address." in str(mails.sent()[1].body)


def test_link_form_too_often_is_refused(granted: Relationship) -> None:
    answers = [Client().post("/link", {"email": EMAIL}).status_code for _ in range(25)]
    assert answers == [200] * 3 + [429] * 22
    assert len(mails.sent()) == 3


def test_link_form_invalid_address_is_refused(db: None) -> None:
    answer = Client().post("/link", {"email": "nobody"})
    assert answer.status_code == 422 and b"not an e-mail address" in answer.content


def test_create_links_for_required_purpose_is_refused(as_acme: Api, met: Relationship) -> None:
    body = {"contact": {"email": EMAIL}, "purpose": "service", "channel": "email"}
    refused = as_acme.post("links", body)
    assert (refused.status_code, refused.json()["code"]) == (422, "cannot_be_refused")


def test_link_form_answers_at_fixed_steps_of_time(settings: Settings, db: None) -> None:
    settings.ADDRESS_FORM_SECONDS = 0.5
    began = time.monotonic()
    answer: Any = Client().post("/link", {"email": "nobody@example.org"})
    assert began + 0.5 < answer.send_at < time.monotonic() + 0.5
    assert not hasattr(Client().get("/link"), "send_at")


def test_link_form_refused_before_address_answers_at_once(settings: Settings, db: None) -> None:
    settings.ADDRESS_FORM_SECONDS = 0.5
    form = {"email": "nobody@example.org"}
    without_token = Client(enforce_csrf_checks=True).post("/link", form)
    assert without_token.status_code == 403 and not hasattr(without_token, "send_at")
