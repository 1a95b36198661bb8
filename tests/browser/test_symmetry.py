"""Saying no is never harder than saying yes: as many clicks or fewer, alike in size and colour."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils import timezone
from playwright.sync_api import Page, expect

from cmr.choices import links
from cmr.choices.links import Link
from cmr.models import PermissionRequest
from consent.models import Relationship
from tests.browser.conftest import Open, sign_in
from tests.browser.world import World

#: Each pair of buttons that say no and yes, with how they look when neither is pressed.
PAIRS = """() => [...document.querySelectorAll(".segs")].map((pair) => {
  pair.querySelectorAll("button").forEach((each) => each.setAttribute("aria-pressed", "false"));
  return [...pair.querySelectorAll("button")].map((each) => {
    const style = getComputedStyle(each), box = each.getBoundingClientRect();
    return {says: each.value.split(":")[0], width: Math.round(box.width),
            height: Math.round(box.height), color: style.color, back: style.backgroundColor,
            weight: style.fontWeight, size: style.fontSize};
  });
})"""


class Counted:
    """Does what somebody does, and counts the clicks and the pages."""

    def __init__(self, page: Page) -> None:
        self.page, self.clicks, self.pages = page, 0, 0
        page.on("framenavigated", lambda _: self._turn())

    def _turn(self) -> None:
        self.pages += 1

    def click(self, role: str, name: str, **more: Any) -> None:
        self.clicks += 1
        found = self.page.get_by_role(role, name=name, **more)  # type: ignore[arg-type]
        found.first.click()
        self.page.wait_for_load_state()
        self.page.locator("body[aria-busy]").wait_for(state="detached")


Way = Callable[[Counted], None]


def stop_a_brand(c: Counted) -> None:
    c.click("button", "Stop everything from Acme Outdoor")


def allow_a_brand(c: Counted) -> None:
    c.click("button", "Allow again")


def no_mail(c: Counted) -> None:
    c.click("link", "Acme Outdoor")
    c.click("button", "E-mail: No")


def yes_mail(c: Counted) -> None:
    c.click("link", "Acme Outdoor")
    c.click("button", "E-mail: Yes")


def no_profiling(c: Counted) -> None:
    c.click("link", "Acme Outdoor")
    c.click("button", "Profiling: No")


def yes_profiling(c: Counted) -> None:
    c.click("link", "Acme Outdoor")
    c.click("button", "Profiling: Yes")


def nobody_sells(c: Counted) -> None:
    c.click("button", "Nobody may sell, share, profile, or train AI on my data")


def anybody_sells(c: Counted) -> None:
    c.page.locator("#everywhere summary").click()
    c.clicks += 1
    for what in ("Personalised ads", "Profiling", "Sale or sharing", "AI training"):
        c.click("button", f"{what}: Yes")


def refuse_a_request(c: Counted) -> None:
    c.click("link", "Requests")
    c.click("button", "No", exact=True)


def grant_a_request(c: Counted) -> None:
    c.click("link", "Requests")
    c.click("button", "Yes", exact=True)


#: The same wish, as a no and as a yes, from the home page of somebody who is signed in.
WAYS: dict[str, tuple[Way, Way]] = {
    "everything from a brand": (stop_a_brand, allow_a_brand),
    "marketing by e-mail from a brand": (no_mail, yes_mail),
    "profiling by a brand": (no_profiling, yes_profiling),
    "sale, ads, profiling and AI, by anybody": (nobody_sells, anybody_sells),
    "what a brand asked for": (refuse_a_request, grant_a_request),
}


def steps(open_page: Open, way: Way) -> tuple[int, int]:
    PermissionRequest.objects.update(answered_at=None, answer="")
    page = open_page()
    sign_in(page)
    counted = Counted(page)
    way(counted)
    page.get_by_role("status").get_by_text("Done.").first.wait_for()
    return counted.clicks, counted.pages


def test_no_takes_no_more_than_yes(open_page: Open, world: World) -> None:
    """Prints the table with -s."""
    for name, (no, yes) in WAYS.items():
        noes, yeses = steps(open_page, no), steps(open_page, yes)
        print(f"{name}: no {noes[0]} clicks, {noes[1]} pages; yes {yeses[0]}, {yeses[1]}")
        assert noes[0] <= yeses[0] and noes[1] <= yeses[1], name


def test_without_an_account_no_takes_one_click_and_yes_more(open_page: Open, world: World) -> None:
    page = open_page()
    page.goto(f"/u/{world.link}")
    no = Counted(page)
    no.click("button", "Unsubscribe")
    page.get_by_role("heading", name="Done").wait_for()
    yes = Counted(page)
    yes.click("link", "See or change everything they may send you")
    expect(page.get_by_role("button", name="E-mail: Yes")).to_have_count(0)
    yes.click("link", "have it sent")
    assert no.clicks == 1 < yes.clicks


def test_no_and_yes_look_alike_and_no_comes_first(open_page: Open, world: World) -> None:
    page = open_page()
    sign_in(page)
    known = Relationship.objects.get(person=world.consumer.subject_id, brand=world.acme)
    proven = links.build_proven_token(Link(known), now=timezone.now())
    for path in ("/", "/brands/acme", f"/p/{proven}"):
        page.goto(path)
        page.evaluate("document.querySelectorAll('details').forEach((each) => each.open = true)")
        pairs = page.evaluate(PAIRS)
        assert len(pairs) > 4, path
        for no, yes in pairs:
            assert no.pop("says") == "deny"
            yes.pop("says")
            assert no == yes, path


def test_nothing_is_ticked_or_chosen_beforehand(open_page: Open, world: World) -> None:
    page = open_page()
    sign_in(page)
    for path in ("/", "/brands/acme", "/asked", "/you", "/you/erase"):
        page.goto(path)
        assert page.locator("input:checked").count() == 0, path
