"""A choice that repeats what was said last is no second choice: Undo goes back before both."""

from __future__ import annotations

import re
import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from brands.models import Brand
from cmr.choices import links
from cmr.choices.links import Link
from cmr.models import Consumer
from consent.checks import single
from consent.checks.single import Asked
from consent.decision.resolution import Scope
from consent.identity.identifiers import Contact
from consent.ledger import recording
from consent.ledger.recording import Actor, NewChoice
from consent.models import LedgerEntry, Relationship
from consent.relationships import lifecycle
from tests.conftest import EMAIL, Api

MAIL = "marketing:email::"


@pytest.fixture
def browser(ana: Consumer) -> Client:
    client = Client()
    client.force_login(ana.user)
    return client


def say(browser: Client, what: str, **more: str | list[str]) -> str:
    sent = {"brand": "acme", "say": what, "next": "/brands/acme", **more}
    return browser.post("/choose", sent, follow=True).content.decode()


def undo(browser: Client, page: str) -> str:
    sent = dict(re.findall(r'name="(done|n)" value="([^"]+)"', page))
    return browser.post("/undo", {**sent, "next": "/"}, follow=True).content.decode()


def rule(brand: Brand) -> str:
    asked = Asked(brand.pk, Contact(email=EMAIL), "marketing", "email", None)
    return single.check_contact(asked, now=timezone.now()).rule


def count() -> int:
    return LedgerEntry.objects.count()


@pytest.mark.parametrize(
    "no",
    [
        {"say": f"deny:{MAIL}"},
        {"say": "deny::::"},
        {"say": "pause::::", "until": (timezone.now() + timedelta(9)).date().isoformat()},
        {"say": f"deny:{MAIL}", "brand": ""},
    ],
)
def test_undo_after_a_double_click_undoes(
    browser: Client, met: Relationship, acme: Brand, no: dict[str, str]
) -> None:
    say(browser, f"grant:{MAIL}")
    say(browser, no["say"], **{key: value for key, value in no.items() if key != "say"})
    known = count()
    page = say(browser, no["say"], **{key: value for key, value in no.items() if key != "say"})
    assert (count(), rule(acme) != "person_granted") == (known, True)
    assert "Undone." in undo(browser, page)
    assert rule(acme) == "person_granted"


def test_allowing_again_twice_is_undone_by_one_click(
    browser: Client, met: Relationship, acme: Brand
) -> None:
    say(browser, "limit::::", max="3", per="week")
    say(browser, "deny::::")
    say(browser, "allow::::")
    known = count()
    page = say(browser, "allow::::")
    assert (count(), rule(acme)) == (known, "default_opt_in")
    undo(browser, page)
    assert rule(acme) == "person_denied"


def test_undo_twice_says_that_it_is_undone(browser: Client, met: Relationship, acme: Brand) -> None:
    say(browser, f"grant:{MAIL}")
    page = say(browser, f"deny:{MAIL}")
    undo(browser, page)
    known = count()
    assert "Undone. It is as it was before." in undo(browser, page)
    assert (count(), rule(acme)) == (known, "person_granted")


def test_several_brands_twice_are_undone_together(
    browser: Client, met: Relationship, acme: Brand, rival: Brand, ana: Consumer
) -> None:
    lifecycle.start_relationship(ana.subject_id, rival, by=Actor("portal"), now=timezone.now())
    for _ in range(2):
        page = say(browser, "deny::::", brand=["acme", "rival"])
    assert "for 2 brands" in page
    assert count() == 2
    undo(browser, page)
    assert rule(acme) == "default_opt_in"


def test_what_stood_before_is_not_undone_with_what_is_new(
    browser: Client, met: Relationship, acme: Brand, rival: Brand, ana: Consumer
) -> None:
    lifecycle.start_relationship(ana.subject_id, rival, by=Actor("portal"), now=timezone.now())
    say(browser, "deny::::")
    page = say(browser, "deny::::", brand=["acme", "rival"])
    undo(browser, page)
    assert rule(acme) == "person_denied"
    assert rule(rival) == "default_opt_in"


def test_a_no_after_a_narrower_yes_is_said_anew(
    browser: Client, met: Relationship, acme: Brand
) -> None:
    say(browser, "deny::::")
    say(browser, f"grant:{MAIL}")
    say(browser, "deny::::")
    assert (count(), rule(acme)) == (3, "person_denied")


def test_a_yes_after_a_brand_s_no_is_said_anew(
    browser: Client, met: Relationship, acme: Brand
) -> None:
    say(browser, f"grant:{MAIL}")
    no = NewChoice(Scope(acme.pk), "deny")
    recording.record_choices(
        met.subject_id, [no], by=Actor("brand_api", acme.pk), now=timezone.now()
    )
    say(browser, f"grant:{MAIL}")
    assert rule(acme) == "person_granted"


SCOPE = {"brand": "acme", "purpose": "marketing", "channel": "email"}


def test_a_program_that_repeats_a_choice_gets_its_entry(as_ana: Api, met: Relationship) -> None:
    said = {"scope": SCOPE, "decision": "deny", "reason": "privacy"}
    answers = [as_ana.post("me/choices", said) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert count() == 1


@pytest.mark.parametrize(
    "other",
    [
        {"decision": "deny", "reason": "profiling"},
        {"decision": "grant"},
        {"decision": "grant", "expires_at": "2190-01-01T00:00:00Z"},
        {"decision": "limit", "limit": {"max": 2, "per": "day"}},
    ],
)
def test_what_differs_in_anything_is_recorded(
    as_ana: Api, met: Relationship, other: dict[str, object]
) -> None:
    as_ana.post("me/choices", {"scope": SCOPE, "decision": "deny", "reason": "privacy"})
    assert as_ana.post("me/choices", {"scope": SCOPE, **other}).status_code == 201
    assert count() == 2


def test_in_one_list_a_choice_counts_after_another(as_ana: Api, met: Relationship) -> None:
    no, yes = ({"scope": SCOPE, "decision": each} for each in ("deny", "grant"))
    as_ana.post("me/choices", no)
    entries = as_ana.post("me/choices", [no, yes, no]).json()["data"]
    assert [each["decision"] for each in entries] == ["deny", "grant", "deny"]
    assert count() == 3
    assert as_ana.get("me/preferences").json()["data"][0]["decision"] == "deny"


def test_a_yes_to_everybody_that_ends_is_known_again(as_ana: Api, met: Relationship) -> None:
    said = {"scope": {"purpose": "marketing"}, "decision": "grant"}
    said |= {"expires_at": "2190-01-01T10:20:30Z"}
    for _ in range(2):
        as_ana.post("me/choices", said)
    assert count() == 1


def test_a_yes_by_a_link_may_be_clicked_twice(met: Relationship, acme: Brand) -> None:
    now = timezone.now()
    token = links.build_proven_token(Link(met), now=now)
    for _ in range(2):
        page = Client().post(f"/p/{token}", {"say": f"grant:{MAIL}"})
        assert page.status_code == 200, page.content
    assert (count(), rule(acme)) == (1, "person_granted")


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_the_same_time_are_one(ana: Consumer, met: Relationship) -> None:
    both = threading.Barrier(2)

    def click() -> None:
        browser = Client()
        browser.force_login(ana.user)
        both.wait()
        browser.post("/choose", {"brand": "acme", "say": "deny::::", "next": "/"})
        connection.close()

    clicks = [threading.Thread(target=click) for _ in range(2)]
    for each in clicks:
        each.start()
    for each in clicks:
        each.join()
    assert count() == 1
