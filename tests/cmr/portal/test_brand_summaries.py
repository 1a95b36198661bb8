"""How pages describe the state of a brand: a default looks like no choice."""

from __future__ import annotations

import re
from datetime import timedelta

from django.test import Client
from django.utils import timezone

from brands.models import Brand
from cmr.models import Consumer
from cmr.portal import brand_summaries
from consent.models import LedgerEntry, Relationship
from tests.conftest import EMAIL, Api
from tests.factories import is_allowed, submit_choice


def state(ana: Consumer) -> str:
    (row,) = brand_summaries.list_rows(ana, now=timezone.now())
    return row.state


def pressed(page: str, label: str) -> dict[str, str]:
    """Return of each button of a row whether it is pressed."""
    found = re.findall(rf'aria-pressed="(\w+)" aria-label="{label}: (\w+)"', page)
    return {button: is_pressed for is_pressed, button in found}


def test_state_without_choice_is_silent(browser: Client, ana: Consumer, met: Relationship) -> None:
    assert state(ana) == "silent"
    assert "Stopped by you<" not in browser.get("/").text
    submit_choice(browser, "deny:marketing:::")
    assert state(ana) == "silent"  # of the rest they said nothing
    submit_choice(browser, "deny::::")
    assert state(ana) == "stopped"
    assert "Stopped by you<" in browser.get("/").text
    submit_choice(browser, "grant:marketing:email::")
    assert state(ana) == "receiving"


def test_state_after_wide_denial_is_stopped(
    browser: Client, ana: Consumer, met: Relationship
) -> None:
    submit_choice(browser, "deny::::", brand="")
    assert state(ana) == "stopped"


def test_state_after_brand_denial_is_not_of_person(
    ana: Consumer, met: Relationship, as_acme: Api
) -> None:
    no = {"contact": {"email": EMAIL}, "decision": "deny", "scope": {}, "evidence": "By phone."}
    assert as_acme.post("choices", no).status_code == 201
    assert state(ana) == "silent"


def test_state_with_limit_shows_it(browser: Client, ana: Consumer, met: Relationship) -> None:
    submit_choice(browser, "grant:marketing:email::")
    submit_choice(browser, "limit::::", max="2", per="week")
    assert ">Limited<" in browser.get("/").text
    assert "Limited: At most 2 a week." in browser.get("/brands/acme").text


def test_page_with_default_presses_no_button(browser: Client, met: Relationship) -> None:
    page = browser.get("/brands/acme").text
    assert pressed(page, "Marketing, SMS") == {"No": "false", "Yes": "false"}
    assert "You have not chosen, so it is not allowed." in page
    page = submit_choice(browser, "deny:marketing:sms::")
    assert pressed(page, "Research, SMS") == {"No": "false", "Yes": "false"}
    assert pressed(page, "Marketing, SMS") == {"No": "true", "Yes": "false"}
    assert "Stopped by you." in page


def test_page_with_allowed_default_presses_no_button(
    browser: Client, met: Relationship, as_ana: Api
) -> None:
    assert as_ana.patch("me", {"jurisdiction": "US-CA"}).status_code == 200
    page = browser.get("/brands/acme").text
    assert "Where you live it is allowed until you say no." in page
    assert 'aria-pressed="true" aria-label="Sale' not in page


def test_page_after_allow_again_offers_grant(
    browser: Client, met: Relationship, acme: Brand
) -> None:
    assert "allow-mail" not in submit_choice(browser, "deny::::")
    page = submit_choice(browser, "allow::::")
    assert "without your yes Acme still may not send you marketing by e-mail" in page
    assert not is_allowed(acme)
    assert 'value="grant:marketing:email::" id="allow-mail"' in page
    assert "allow-mail" not in submit_choice(browser, "grant:marketing:email::")
    assert is_allowed(acme)


def test_page_after_allow_again_keeps_limit(
    browser: Client, met: Relationship, acme: Brand
) -> None:
    submit_choice(browser, "limit::::", max="2", per="week")
    submit_choice(browser, "deny::::")
    page = submit_choice(browser, "allow::::")
    assert "Removed your no to everything" in page and "1 more" not in page


def test_page_after_end_of_pause_says_so(browser: Client, met: Relationship) -> None:
    until = (timezone.now() + timedelta(days=9)).date().isoformat()
    assert "Paused until" in submit_choice(browser, "pause::::", until=until)
    assert "Ended your pause of everything" in submit_choice(browser, "allow::::")


def test_page_after_restored_grant_offers_nothing(browser: Client, met: Relationship) -> None:
    submit_choice(browser, "grant:marketing:email::")
    submit_choice(browser, "deny::::")
    assert "allow-mail" not in submit_choice(browser, "allow::::")


def test_page_after_wide_denial_offers_grant(
    browser: Client, met: Relationship, acme: Brand
) -> None:
    submit_choice(browser, "deny::::", brand="")
    assert "allow-mail" in submit_choice(browser, "allow::::")
    submit_choice(browser, "grant:marketing:email::")
    assert is_allowed(acme)


def test_page_after_denial_preselects_no_reason(browser: Client, met: Relationship) -> None:
    page = submit_choice(browser, "deny::::")
    assert re.findall(r'<select name="reason"[^>]*required><option value="">', page)
    assert "Too many from this brand" in page
    everywhere = submit_choice(browser, "deny:marketing:::", brand="")
    assert "Too many messages in general" in everywhere
    assert "Too many from this brand" not in everywhere
    assert LedgerEntry.objects.exclude(reason="").count() == 0
