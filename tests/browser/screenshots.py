"""`make screenshots`: every page at 360 and 1280 px, light and dark, into docs/screenshots."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import connection
from django.test.testcases import LiveServerThread, _StaticFilesHandler
from django.test.utils import setup_test_environment
from playwright.sync_api import Browser, Page, sync_playwright

from config.postgres.owner import become_owner
from tests.browser import chromium, pages
from tests.browser import world as worlds
from tests.browser.conftest import open_own_reports, sign_in
from tests.browser.world import World
from tests.conftest import ROOT

WIDTHS = {"phone": 360, "desktop": 1280}
SCHEMES = ("light", "dark")
FOLDER = ROOT / "docs/screenshots"
TALLEST = 2400
OTHERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


def main(only: list[str]) -> None:
    with _server() as (url, world), sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium.require(), args=["--no-sandbox"])
        _shoot(browser, url, world, only)
        browser.close()


@contextmanager
def _server() -> Iterator[tuple[str, World]]:
    """A database of its own and a server on it, for as long as it takes."""
    settings.ADDRESS_FORM_SECONDS = 0
    setup_test_environment()
    become_owner()
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    built = worlds.build()
    worlds.fill_mailbox(built.consumer)
    thread = LiveServerThread("localhost", _StaticFilesHandler)
    thread.daemon = True
    thread.start()
    thread.is_ready.wait()
    try:
        yield f"http://localhost:{thread.port}", built
    finally:
        thread.terminate()
        with connection.cursor() as cursor:  # what a request's thread still holds
            cursor.execute(OTHERS)
        connection.creation.destroy_test_db(settings.DATABASES["default"]["NAME"], verbosity=0)


def _shoot(browser: Browser, url: str, world: World, only: list[str]) -> None:
    FOLDER.mkdir(exist_ok=True)
    context = browser.new_context(
        base_url=url, locale="en-GB", timezone_id="Europe/Berlin", reduced_motion="reduce"
    )
    page = context.new_page()
    for name, path in (pages.public(world) | pages.documentation()).items():
        _each(page, name, url + path, only)
    sign_in(page)
    for name, path in pages.own(world).items():
        _each(page, name, url + path, only)
    context.close()
    _of_admins(browser, url, world, only)


def _of_admins(browser: Browser, url: str, world: World, only: list[str]) -> None:
    """In a browser of their own."""
    worlds.admin()
    context = browser.new_context(base_url=url, locale="en-GB", reduced_motion="reduce")
    page = context.new_page()
    sign_in(page, worlds.ADMIN, arrives="Overview")
    for name, path in pages.of_admins(world).items():
        _each(page, name, url + path, only)
    context.close()
    _of_brands(browser, url, only)
    _of_developers(browser, url, only)


def _of_developers(browser: Browser, url: str, only: list[str]) -> None:
    worlds.developer()
    context = browser.new_context(base_url=url, locale="en-GB", reduced_motion="reduce")
    page = context.new_page()
    sign_in(page, worlds.DEVELOPER)
    for name, path in pages.of_developers().items():
        _each(page, name, url + path, only)
    context.close()


def _of_brands(browser: Browser, url: str, only: list[str]) -> None:
    context = browser.new_context(locale="en-GB", reduced_motion="reduce", base_url=url)
    page = context.new_page()
    open_own_reports(page, worlds.reader())
    for name, path in pages.of_brands().items():
        _each(page, name, url + path, only)
    context.close()


def _each(page: Page, name: str, url: str, only: list[str]) -> None:
    if only and name not in only:
        return
    page.goto(url)
    for where, width in WIDTHS.items():
        page.set_viewport_size({"width": width, "height": 800})
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            height = page.evaluate("document.documentElement.scrollHeight")
            clip = {"x": 0, "y": 0, "width": width, "height": min(height, TALLEST)}
            page.screenshot(
                path=FOLDER / f"{name}-{where}-{scheme}.jpg", type="jpeg", quality=70,
                full_page=True, clip=clip,  # type: ignore[arg-type]
            )  # fmt: skip
    print(f"{name}: {url}")
