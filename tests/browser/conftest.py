"""A real Chromium on the real pages; whatever a page breaks of its policy fails the test."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import override_settings
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from tests.browser import chromium
from tests.browser import world as worlds
from tests.browser.world import World
from tests.conftest import EMAIL, PASSWORD

#: Playwright's loop runs in the test's own thread, which Django takes for asynchronous code.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
WATCH = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => {
  window.violations.push(`${event.violatedDirective}: ${event.blockedURI}`);
});
"""
PATIENCE = 15_000  # milliseconds: a machine with two cores does much else meanwhile
expect.set_options(timeout=PATIENCE)

Open = Callable[..., Page]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as play:
        flags = ["--no-sandbox"] if os.geteuid() == 0 else []
        launched = play.chromium.launch(executable_path=chromium.require(), args=flags)
        yield launched
        launched.close()


@pytest.fixture(scope="session", autouse=True)
def no_media() -> Iterator[None]:
    """Keep Django's live server from serving files of the working folder as uploaded media."""
    with override_settings(MEDIA_URL="/media/"):
        yield


@pytest.fixture
def world(transactional_db: None) -> World:
    return worlds.build()


@pytest.fixture
def open_page(browser: Browser, live_server: LiveServer, settings: Settings) -> Iterator[Open]:
    """Opens a page of a new browser; asks at the end whether anything went wrong on any."""
    settings.PUBLIC_URL = live_server.url  # where links in mails lead
    contexts: list[BrowserContext] = []
    wrong: list[str] = []

    def listen(page: Page) -> None:
        page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
        page.on("console", lambda said: wrong.append(said.text) if _is_wrong(said) else None)

    def opened(**options: Any) -> Page:
        usual = {"base_url": live_server.url, "locale": "en-GB", "timezone_id": "Europe/Berlin"}
        context = browser.new_context(reduced_motion="reduce", **{**usual, **options})
        context.set_default_timeout(PATIENCE)
        context.add_init_script(WATCH)
        context.on("page", listen)
        contexts.append(context)
        return context.new_page()

    yield opened
    for context in contexts:
        context.close()
    assert wrong == []


def _is_wrong(said: Any) -> bool:
    """What the browser complains of by itself; a page that answers 4xx on purpose is no mistake."""
    expected = ("Failed to load resource", "htmx:")  # htmx's words for a server that is away
    return said.type in ("error", "warning") and not any(each in said.text for each in expected)


@pytest.fixture(params=[True, False], ids=["with JavaScript", "without"])
def page(request: pytest.FixtureRequest, open_page: Open) -> Page:
    """For a journey that is made twice."""
    return open_page(java_script_enabled=request.param)


def open_own_reports(page: Page, key: str) -> None:
    page.goto("/reports/own/key")
    page.get_by_label("Key").fill(key)
    page.get_by_role("main").get_by_role("button", name="Open").click()
    page.get_by_role("heading", name="your numbers").wait_for()


def sign_in(page: Page, email: str = EMAIL, *, arrives: str = "Your companies") -> None:
    page.goto("/account/login/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name=arrives, exact=True).wait_for()
