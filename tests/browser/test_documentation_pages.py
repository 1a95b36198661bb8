"""The documentation in a browser: menu, search while typing, copying; the policy is kept."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.world import World

PHONE = {"width": 390, "height": 844}


@pytest.fixture
def open_docs(open_page: Open, world: World, documentation: Path) -> Open:
    """Open a page of the documentation."""
    return open_page


def test_menu_on_a_phone_needs_no_script(open_docs: Open) -> None:
    page = open_docs(java_script_enabled=False, viewport=PHONE)
    page.goto("/docs/webhooks")
    menu = page.get_by_role("navigation", name="Documentation")
    expect(menu).not_to_be_in_viewport()
    page.locator(".nav-overlay-icon").click()
    menu.get_by_role("link", name="Quickstart").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Quickstart")


def test_code_is_copied(open_docs: Open) -> None:
    page = open_docs(permissions=["clipboard-read", "clipboard-write"])
    page.goto("/docs/imports")
    page.get_by_role("button", name="Copy").first.click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert "imports/$ID/start" in page.evaluate("navigator.clipboard.readText()")


# -- Search --------------------------------------------------------------------------------------


def search(page: Page, query: str) -> list[str]:
    """Return where the results lead, best first."""
    page.goto("/docs/adr/0001-one-arrow")
    page.get_by_label("Search").first.press_sequentially(query[0])
    dialog = page.get_by_role("dialog", name="Search the documentation")
    dialog.get_by_role("searchbox").fill(query)
    expect(dialog.get_by_role("status")).to_contain_text("results")
    links = dialog.get_by_role("link").all()
    return [str(link.evaluate("(each) => each.pathname + each.hash")) for link in links]


def test_a_heading_is_found_first(open_docs: Open) -> None:
    page = open_docs()
    assert search(page, "person_said_no")[0] == "/docs/errors#person_said_no"
    assert search(page, "ASKING for a yes")[0] == "/docs/links#asking-for-a-yes"
    assert search(page, "proof of domain")[0] == "/docs/going-live#proof-of-domain"
    assert search(page, "idempot")[0].startswith("/docs/errors#idempotency_key")


@pytest.mark.parametrize("query", ["bounce", "bounced", "bouncing"])
def test_a_word_is_found_with_another_ending(query: str, open_docs: Open) -> None:
    found = search(open_docs(), query)
    assert "/docs/inbound#who-unsubscribed-or-complained" in found[:2]


def test_a_word_is_found_as_it_is_written_here(open_docs: Open) -> None:
    page = open_docs()
    assert search(page, "timezone") == search(page, "time zone") != []


def test_decisions_and_programs_come_after_the_guides(open_docs: Open) -> None:
    found = search(open_docs(), "one arrow")
    background = [each.startswith(("/docs/adr", "/docs/examples")) for each in found]
    assert any(background) and background == sorted(background)


def test_what_is_not_there_is_not_found(open_docs: Open) -> None:
    page = open_docs()
    assert search(page, "check no-such-word") == []
    assert search(page, "<img src=x onerror=alert(1)>") == []


def test_a_search_on_a_phone_leads_to_the_section(open_docs: Open) -> None:
    page = open_docs(viewport=PHONE)
    page.goto("/docs/")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("searchbox").fill("hashed lists")
    expect(page.locator("mark").first).to_be_visible()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/docs/exports#hashed-lists$"))
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_an_address_with_a_query_opens_the_search(open_docs: Open) -> None:
    page = open_docs()
    page.goto("/docs/search?q=retry-after")
    expect(page.get_by_role("dialog").locator("mark").first).to_have_text("Retry-After")
