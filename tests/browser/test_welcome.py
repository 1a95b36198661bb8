"""The first day: from the code to the first page, with every step, on a phone and on a desk."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from cmr.models import Consumer
from consent.models import LedgerEntry, Relationship
from tests.browser.conftest import Open
from tests.browser.test_journeys import DORA, newest_code
from tests.browser.world import World

PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 800}


@pytest.fixture(
    params=[(PHONE, True), (DESKTOP, True), (PHONE, False)],
    ids=["phone", "desktop", "without JavaScript"],
)
def page(request: pytest.FixtureRequest, open_page: Open) -> Page:
    viewport, has_script = request.param
    return open_page(viewport=viewport, java_script_enabled=has_script)


def enter(page: Page) -> None:
    page.goto("/account/signup/")
    page.get_by_label("Email").fill(DORA)
    page.get_by_role("button", name="Send me a code").click()
    page.get_by_label("Code").fill(newest_code())
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("heading", name="Welcome. Is this right?")).to_be_visible()


def test_first_day_step_by_step(page: Page, world: World) -> None:
    """Dora confirms what her browser tells, refuses sale to everybody, leaves, comes back, adds two
    companies, and skips the passkey."""
    enter(page)
    expect(page.get_by_label("Language")).to_have_value("en")
    place = page.get_by_label("Where you live")
    # A script tells the time zone, which counts before the language `en-GB`.
    expect(place).to_have_value(re.compile("^(DE|GB)$"))
    place.select_option("AT")
    page.get_by_role("main").get_by_role("button", name="Confirm").click()

    expect(page.get_by_role("heading", name="What may companies do?")).to_be_visible()
    expect(page.get_by_role("main").locator("[aria-pressed=true]")).to_have_count(0)
    page.get_by_role("button", name="Sale or sharing: No").click()
    expect(page.get_by_role("status")).to_contain_text("for every brand")
    expect(page.get_by_role("heading", name="What may companies do?")).to_be_visible()

    page.get_by_role("link", name="To my companies").click()
    page.get_by_role("link", name="You", exact=True).click()
    page.get_by_role("link", name="Finish setting up").click()
    page.get_by_role("button", name="Continue").click()

    expect(page.get_by_role("heading", name="Find your companies")).to_be_visible()
    boxes = page.get_by_role("checkbox")
    assert boxes.count() >= 2 and page.locator(":checked[type=checkbox]").count() == 0
    boxes.nth(0).check()
    boxes.nth(1).check()
    page.get_by_role("button", name="Add the selected ones and continue").click()
    expect(page.get_by_role("status")).to_contain_text("Added to your companies")

    expect(page.get_by_role("link", name="Add a passkey")).to_be_visible()
    page.get_by_role("main").get_by_role("button", name="Skip").click()
    page.wait_for_url(re.compile(r"/$"))

    dora = Consumer.objects.select_related("subject").get(user__email=DORA)
    assert (dora.setup_step, dora.subject.jurisdiction, dora.language) == ("", "AT", "en")
    assert Relationship.objects.filter(person=dora.subject_id).count() == 2
    (no,) = LedgerEntry.objects.of_person(dora.subject_id).filter(decision="deny")
    assert (no.brand_id, no.purpose_id) == (None, "sale_or_sharing")


def test_first_day_is_skipped_whole(page: Page, world: World) -> None:
    """Dora wants nothing of it."""
    enter(page)
    for heading in ("What may companies do?", "Find your companies", "Sign in without a code"):
        button = "Continue" if heading == "Find your companies" else "Skip"
        page.get_by_role("main").get_by_role("button", name=button, exact=True).click()
        expect(page.get_by_role("heading", name=heading)).to_be_visible()
    page.get_by_role("main").get_by_role("button", name="Skip").click()
    page.wait_for_url(re.compile(r"/$"))
    dora = Consumer.objects.get(user__email=DORA)
    assert not LedgerEntry.objects.of_person(dora.subject_id).exists()
    assert not Relationship.objects.filter(person=dora.subject_id).exists()
