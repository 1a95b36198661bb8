"""Repeating a choice records nothing new; undo goes back before both."""

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
from consent.decision.resolution import Scope
from consent.ledger.recording import Actor
from consent.models import LedgerEntry, Relationship
from consent.relationships import lifecycle
from tests.conftest import Api
from tests.factories import check_email, record_choice, submit_choice

MAIL = "marketing:email::"


def undo(browser: Client, page: str) -> str:
    sent = dict(re.findall(r'name="(done|n)" value="([^"]+)"', page))
    return browser.post("/undo", {**sent, "next": "/"}, follow=True).content.decode()


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
def test_undo_after_double_click_restores_previous_choice(
    browser: Client, met: Relationship, acme: Brand, no: dict[str, str]
) -> None:
    submit_choice(browser, f"grant:{MAIL}")
    submit_choice(browser, no["say"], **{key: value for key, value in no.items() if key != "say"})
    known = count()
    page = submit_choice(
        browser, no["say"], **{key: value for key, value in no.items() if key != "say"}
    )
    assert (count(), check_email(acme).rule != "person_granted") == (known, True)
    assert "Undone." in undo(browser, page)
    assert check_email(acme).rule == "person_granted"


def test_undo_after_double_allow_restores_denial(
    browser: Client, met: Relationship, acme: Brand
) -> None:
    submit_choice(browser, "limit::::", max="3", per="week")
    submit_choice(browser, "deny::::")
    submit_choice(browser, "allow::::")
    known = count()
    page = submit_choice(browser, "allow::::")
    assert (count(), check_email(acme).rule) == (known, "default_opt_in")
    undo(browser, page)
    assert check_email(acme).rule == "person_denied"


def test_undo_twice_confirms_without_new_entry(
    browser: Client, met: Relationship, acme: Brand
) -> None:
    submit_choice(browser, f"grant:{MAIL}")
    page = submit_choice(browser, f"deny:{MAIL}")
    undo(browser, page)
    known = count()
    assert "Undone. It is as it was before." in undo(browser, page)
    assert (count(), check_email(acme).rule) == (known, "person_granted")


def test_undo_after_double_choice_for_several_brands_restores_all(
    browser: Client, met: Relationship, acme: Brand, rival: Brand, ana: Consumer
) -> None:
    lifecycle.start_relationship(ana.subject_id, rival, by=Actor("portal"), now=timezone.now())
    for _ in range(2):
        page = submit_choice(browser, "deny::::", brand=["acme", "rival"])
    assert "for 2 brands" in page
    assert count() == 2
    undo(browser, page)
    assert check_email(acme).rule == "default_opt_in"


def test_undo_repeated_and_new_choices_restores_only_new(
    browser: Client, met: Relationship, acme: Brand, rival: Brand, ana: Consumer
) -> None:
    lifecycle.start_relationship(ana.subject_id, rival, by=Actor("portal"), now=timezone.now())
    submit_choice(browser, "deny::::")
    page = submit_choice(browser, "deny::::", brand=["acme", "rival"])
    undo(browser, page)
    assert check_email(acme).rule == "person_denied"
    assert check_email(rival).rule == "default_opt_in"


def test_repeated_denial_after_narrower_grant_is_recorded(
    browser: Client, met: Relationship, acme: Brand
) -> None:
    submit_choice(browser, "deny::::")
    submit_choice(browser, f"grant:{MAIL}")
    submit_choice(browser, "deny::::")
    assert (count(), check_email(acme).rule) == (3, "person_denied")


def test_repeated_grant_after_brand_denial_is_recorded(
    browser: Client, met: Relationship, acme: Brand
) -> None:
    submit_choice(browser, f"grant:{MAIL}")
    record_choice(met, "deny", Scope(acme.pk), by=Actor("brand_api", acme.pk))
    submit_choice(browser, f"grant:{MAIL}")
    assert check_email(acme).rule == "person_granted"


SCOPE = {"brand": "acme", "purpose": "marketing", "channel": "email"}


def test_repeated_choice_by_api_returns_first_entry(as_ana: Api, met: Relationship) -> None:
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
def test_repeated_choice_with_any_difference_is_recorded(
    as_ana: Api, met: Relationship, other: dict[str, object]
) -> None:
    as_ana.post("me/choices", {"scope": SCOPE, "decision": "deny", "reason": "privacy"})
    assert as_ana.post("me/choices", {"scope": SCOPE, **other}).status_code == 201
    assert count() == 2


def test_repeated_choice_within_list_is_recorded_after_opposite(
    as_ana: Api, met: Relationship
) -> None:
    no, yes = ({"scope": SCOPE, "decision": each} for each in ("deny", "grant"))
    as_ana.post("me/choices", no)
    entries = as_ana.post("me/choices", [no, yes, no]).json()["data"]
    assert [each["decision"] for each in entries] == ["deny", "grant", "deny"]
    assert count() == 3
    assert as_ana.get("me/preferences").json()["data"][0]["decision"] == "deny"


def test_repeated_expiring_grant_to_all_brands_is_recorded_once(
    as_ana: Api, met: Relationship
) -> None:
    said = {"scope": {"purpose": "marketing"}, "decision": "grant"}
    said |= {"expires_at": "2190-01-01T10:20:30Z"}
    for _ in range(2):
        as_ana.post("me/choices", said)
    assert count() == 1


def test_repeated_grant_by_link_is_recorded_once(met: Relationship, acme: Brand) -> None:
    now = timezone.now()
    token = links.build_proven_token(Link(met), now=now)
    for _ in range(2):
        page = Client().post(f"/p/{token}", {"say": f"grant:{MAIL}"})
        assert page.status_code == 200, page.content
    assert (count(), check_email(acme).rule) == (1, "person_granted")


@pytest.mark.django_db(transaction=True)
def test_repeated_choice_concurrently_is_recorded_once(ana: Consumer, met: Relationship) -> None:
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
