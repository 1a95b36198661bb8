"""Every page under WCAG 2.2 AA (axe), light and dark, on a phone and a desk; and our own rules."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser import pages
from tests.browser import world as worlds
from tests.browser.conftest import Open, open_own_reports, sign_in
from tests.browser.world import World

SIZES = {"phone": (360, 740), "desktop": (1280, 800)}
Scheme = Literal["light", "dark"]
#: Colours do not depend on the size, so each is judged at one; `AXE=all` judges both at each.
SCHEMES: dict[str, tuple[Scheme, ...]] = {"phone": ("light",), "desktop": ("dark",)}
if os.environ.get("AXE") == "all":
    SCHEMES = dict.fromkeys(SIZES, ("light", "dark"))
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],  # telling of each element that passed takes half the time
}
#: What can be pressed and is smaller than 24 px (WCAG 2.5.8), but for links within a sentence.
SMALL = """() => [...document.querySelectorAll(
    "a[href], button, input:not([type=hidden]), select, textarea, summary, [role=button]")]
  .filter((each) => {
    const box = each.getBoundingClientRect();
    if (!box.width || each.closest(".skip")) return false;
    if (getComputedStyle(each).display === "inline" && each.matches("a")) return false;
    return box.width < 24 || box.height < 24;
  }).map((each) => each.outerHTML.slice(0, 120))"""
#: Links within a sentence may be low, where they do not stand alone in their line.
ALONE = """() => [...document.querySelectorAll("main a[href]")].filter((each) => {
    const box = each.getBoundingClientRect();
    const parent = each.parentElement;
    const alone = parent.textContent.trim() === each.textContent.trim();
    return box.width && alone && parent.getBoundingClientRect().height < 24;
  }).map((each) => each.outerHTML.slice(0, 120))"""
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def problems(page: Page) -> list[Any]:
    """Of the page as it stands, in both sizes and schemes."""
    found: list[Any] = []
    for size, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        found += [f"{size}: too small: {each}" for each in page.evaluate(SMALL)]
        found += [f"{size}: too low: {each}" for each in page.evaluate(ALONE)]
        if page.evaluate(WIDER) > 0:
            found.append(f"{size}: wider than the screen")
        for scheme in SCHEMES[size]:
            page.emulate_media(color_scheme=scheme)
            for each in Axe().run(page, options=RULES).response["violations"]:
                where = [node["html"][:160] for node in each["nodes"]][:3]
                found.append((size, scheme, each["id"], where))
    found += page.evaluate("window.violations")
    return found


def test_every_public_page(open_page: Open, world: World) -> None:
    page = open_page()
    found = {}
    for name, path in pages.public(world).items():
        page.goto(path)
        found[name] = problems(page)
    assert {name: each for name, each in found.items() if each} == {}


def test_the_documentation(open_page: Open, world: World, documentation: Path) -> None:
    page = open_page()
    found = {}
    for name, path in pages.documentation().items():
        page.goto(path)
        found[name] = problems(page)
    assert {name: each for name, each in found.items() if each} == {}


@pytest.mark.parametrize("half", [0, 1])
def test_every_page_of_a_consumer(half: int, open_page: Open, world: World) -> None:
    worlds.fill_mailbox(world.consumer)
    page = open_page()
    sign_in(page)
    found = {}
    for name, path in list(pages.own(world).items())[half::2]:
        page.goto(path)
        page.evaluate("document.querySelectorAll('details').forEach((each) => each.open = true)")
        found[name] = problems(page)
    assert {name: each for name, each in found.items() if each} == {}


def problems_of_reports(page: Page, paths: dict[str, str]) -> dict[str, list[Any]]:
    """With every chart drawn and every table open."""
    found = {}
    for name, path in paths.items():
        page.goto(path)
        page.evaluate("document.querySelectorAll('details').forEach((each) => each.open = true)")
        if page.locator(".chart").count():
            page.locator(".chart canvas").first.wait_for()
        found[name] = problems(page)
    return {name: each for name, each in found.items() if each}


def test_every_page_of_the_console(open_page: Open, world: World) -> None:
    worlds.developer()
    page = open_page()
    sign_in(page, worlds.DEVELOPER)
    assert problems_of_reports(page, pages.of_developers()) == {}


def test_every_report(open_page: Open, world: World) -> None:
    worlds.admin()
    page = open_page()
    sign_in(page, worlds.ADMIN, arrives="Overview")
    assert problems_of_reports(page, pages.of_admins(world)) == {}


def test_a_brand_s_own_report(open_page: Open, world: World) -> None:
    worlds.admin()
    page = open_page()
    open_own_reports(page, worlds.reader())
    assert page.locator("td", has_text="withheld").count()
    assert page.locator("td.n", has_text="36").count()
    assert problems_of_reports(page, pages.of_brands()) == {}


def test_a_page_in_the_middle_of_things(open_page: Open, world: World) -> None:
    """With what was just done, something ticked, and a form that was refused."""
    page = open_page()
    sign_in(page)
    page.get_by_role("checkbox", name="Acme Outdoor").check()
    page.get_by_role("button", name="Stop everything from Acme Outdoor").click()
    page.locator(".done").wait_for()
    page.get_by_role("checkbox", name="Acme Outdoor").check()
    assert problems(page) == []
    page.goto("/you/addresses")
    page.get_by_label("Phone number").fill("12")
    page.get_by_role("button", name="Send a code there").last.click()
    page.get_by_role("alert").wait_for()
    assert problems(page) == []


def test_the_console_in_the_middle_of_things(open_page: Open, world: World) -> None:
    """With a form that was refused, a key that was made, and an import that runs."""
    worlds.developer()
    page = open_page()
    sign_in(page, worlds.DEVELOPER)
    page.goto("/console/acme/test/webhooks/new")
    page.get_by_label("Address").fill("ftp://acme.example")
    page.get_by_role("button", name="Make it").click()
    page.get_by_role("alert").wait_for()
    assert problems(page) == []
    page.goto("/console/acme/test/keys/new")
    page.get_by_label("Name", exact=True).fill("laptop")
    page.get_by_role("button", name="Make it").click()
    page.get_by_role("button", name="Copy").first.wait_for()
    assert problems(page) == []
    page.goto("/console/acme/live/imports")
    page.get_by_role("region", name="Imports").get_by_role("link").click()
    page.get_by_role("button", name="Start").click()
    page.get_by_role("progressbar").wait_for()
    assert problems(page) == []


def test_the_checks_can_fail(open_page: Open, world: World) -> None:
    page = open_page()
    page.goto("/link")
    page.evaluate(
        "document.querySelector('main').insertAdjacentHTML('beforeend',"
        ' \'<button class="plain" id="tiny"></button><p><a href="/x">.</a></p>\')'
    )
    page.evaluate(
        "document.getElementById('tiny').style.cssText = 'width:9px;height:9px;padding:0'"
    )
    said = str(problems(page))
    assert "too small" in said and "button-name" in said
