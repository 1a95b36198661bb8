"""What a page calls a state is what the person did, and a default looks like no choice."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from brands.models import Brand
from cmr.models import Consumer
from cmr.portal import brand_summaries
from consent.checks import single
from consent.checks.single import Asked
from consent.identity.identifiers import Contact
from consent.models import LedgerEntry, Relationship
from tests.conftest import EMAIL, Api


@pytest.fixture
def browser(ana: Consumer) -> Client:
    client = Client()
    client.force_login(ana.user)
    return client


def say(browser: Client, what: str, **more: str) -> str:
    sent = {"brand": "acme", "say": what, "next": "/brands/acme", **more}
    return browser.post("/choose", sent, follow=True).content.decode()


def state(ana: Consumer) -> str:
    (row,) = brand_summaries.list_rows(ana, now=timezone.now())
    return row.state


def pressed(page: str, label: str) -> dict[str, str]:
    """Return of each button of a row whether it is pressed."""
    found = re.findall(rf'aria-pressed="(\w+)" aria-label="{label}: (\w+)"', page)
    return {button: is_pressed for is_pressed, button in found}


def may_mail(brand: Brand) -> bool:
    asked = Asked(brand.pk, Contact(email=EMAIL), "marketing", "email", None)
    return single.check_contact(asked, now=timezone.now()).allowed


def test_only_what_the_person_stopped_is_called_stopped(
    browser: Client, ana: Consumer, met: Relationship
) -> None:
    assert state(ana) == "silent"
    assert "Stopped by you<" not in browser.get("/").text
    say(browser, "deny:marketing:::")
    assert state(ana) == "silent"  # of the rest they said nothing
    say(browser, "deny::::")
    assert state(ana) == "stopped"
    assert "Stopped by you<" in browser.get("/").text
    say(browser, "grant:marketing:email::")
    assert state(ana) == "receiving"


def test_what_is_stopped_everywhere_is_stopped_by_the_person(
    browser: Client, ana: Consumer, met: Relationship
) -> None:
    say(browser, "deny::::", brand="")
    assert state(ana) == "stopped"


def test_what_a_brand_recorded_is_not_the_person_s(
    ana: Consumer, met: Relationship, as_acme: Api
) -> None:
    no = {"contact": {"email": EMAIL}, "decision": "deny", "scope": {}, "evidence": "By phone."}
    assert as_acme.post("choices", no).status_code == 201
    assert state(ana) == "silent"


def test_a_limit_is_shown(browser: Client, ana: Consumer, met: Relationship) -> None:
    say(browser, "grant:marketing:email::")
    say(browser, "limit::::", max="2", per="week")
    assert ">Limited<" in browser.get("/").text
    assert "Limited: At most 2 a week." in browser.get("/brands/acme").text


def test_a_default_looks_like_no_choice(browser: Client, met: Relationship) -> None:
    page = browser.get("/brands/acme").text
    assert pressed(page, "Marketing, SMS") == {"No": "false", "Yes": "false"}
    assert "You have not chosen, so it is not allowed." in page
    page = say(browser, "deny:marketing:sms::")
    assert pressed(page, "Research, SMS") == {"No": "false", "Yes": "false"}
    assert pressed(page, "Marketing, SMS") == {"No": "true", "Yes": "false"}
    assert "Stopped by you." in page


def test_a_default_yes_looks_like_no_choice_either(
    browser: Client, met: Relationship, as_ana: Api
) -> None:
    assert as_ana.patch("me", {"jurisdiction": "US-CA"}).status_code == 200
    page = browser.get("/brands/acme").text
    assert "Where you live it is allowed until you say no." in page
    assert 'aria-pressed="true" aria-label="Sale' not in page


def test_allow_again_says_what_it_did_and_offers_the_yes(
    browser: Client, met: Relationship, acme: Brand
) -> None:
    assert "allow-mail" not in say(browser, "deny::::")
    page = say(browser, "allow::::")
    assert "without your yes Acme still may not send you marketing by e-mail" in page
    assert not may_mail(acme)
    assert 'value="grant:marketing:email::" id="allow-mail"' in page
    assert "allow-mail" not in say(browser, "grant:marketing:email::")
    assert may_mail(acme)


def test_a_limit_that_stays_is_no_second_change(
    browser: Client, met: Relationship, acme: Brand
) -> None:
    say(browser, "limit::::", max="2", per="week")
    say(browser, "deny::::")
    page = say(browser, "allow::::")
    assert "Took back your no to everything" in page and "1 more" not in page


def test_the_end_of_a_pause_is_called_so(browser: Client, met: Relationship) -> None:
    until = (timezone.now() + timedelta(days=9)).date().isoformat()
    assert "Paused until" in say(browser, "pause::::", until=until)
    assert "Ended your pause of everything" in say(browser, "allow::::")


def test_nothing_is_offered_where_the_old_yes_is_back(browser: Client, met: Relationship) -> None:
    say(browser, "grant:marketing:email::")
    say(browser, "deny::::")
    assert "allow-mail" not in say(browser, "allow::::")


def test_a_brand_can_be_allowed_though_everyone_is_stopped(
    browser: Client, met: Relationship, acme: Brand
) -> None:
    say(browser, "deny::::", brand="")
    assert "allow-mail" in say(browser, "allow::::")
    say(browser, "grant:marketing:email::")
    assert may_mail(acme)


def test_no_reason_is_chosen_beforehand(browser: Client, met: Relationship) -> None:
    page = say(browser, "deny::::")
    assert re.findall(r'<select name="reason"[^>]*required><option value="">', page)
    assert "Too many from this brand" in page
    everywhere = say(browser, "deny:marketing:::", brand="")
    assert "Too many messages in general" in everywhere
    assert "Too many from this brand" not in everywhere
    assert LedgerEntry.objects.exclude(reason="").count() == 0
