"""A person looks at the companies in her mailbox, with JavaScript and without."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from brands.models import Brand
from cmr.mailbox.companies import WEEKS
from cmr.models import BrandMatch, Sender
from consent.models import Relationship
from tests.browser import world as worlds
from tests.browser.conftest import sign_in
from tests.browser.world import World


def test_a_company_is_found_and_added(page: Page, world: World) -> None:
    """Ana sees who writes most, filters the list by the picture, and adds the brand."""
    worlds.fill_mailbox(world.consumer)
    sign_in(page)
    main = page.get_by_role("main")
    expect(main).to_contain_text("We cannot yet stop a company that is not connected.")
    legend = page.locator(".legend")
    legend.get_by_role("link", name="Stargaze TV").click()
    rows = page.locator(".brands > li")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("mails a month")
    expect(legend.get_by_role("link", name="Stargaze TV")).to_have_attribute("aria-current", "true")
    page.get_by_text("The same figures as a table").click()
    expect(page.get_by_role("columnheader", name="Stargaze TV")).to_be_visible()
    rows.get_by_role("button", name="Add Stargaze TV").click()
    expect(page.get_by_role("status")).to_contain_text("Stargaze TV is now one of your brands.")
    assert Relationship.objects.filter(brand__slug="stargaze-tv", ended_at=None).count() == 1
    page.goto("/?kind=mailbox")
    expect(page.get_by_role("link", name="Choir of the old town")).to_be_visible()
    expect(rows.filter(has_text="Stargaze")).to_have_count(0)


def test_a_bar_of_the_picture_filters_the_list(page: Page, world: World) -> None:
    worlds.fill_mailbox(world.consumer)
    sign_in(page)
    box = page.locator(".plot svg a.series-1").bounding_box()
    assert box is not None
    week = box["width"] / WEEKS
    page.mouse.click(box["x"] + week / 2, box["y"] + box["height"] - 3)
    expect(page.locator(".brands > li")).to_have_count(1)
    page.get_by_role("link", name="Show all companies").click()
    expect(page.locator(".brands > li").nth(5)).to_be_visible()


def test_the_indexes_narrow_the_list(page: Page, world: World) -> None:
    """Ana looks under E, then under travel, then among receipts."""
    worlds.fill_mailbox(world.consumer)
    sign_in(page)
    rows = page.locator(".brands > li")
    page.get_by_text("By letter or category").click()
    page.get_by_role("list", name="By letter").get_by_role("link", name="E", exact=True).click()
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("Éclair Pâtisserie")
    page.get_by_role("list", name="By letter").get_by_role("link", name="E", exact=True).click()
    expect(rows.nth(1)).to_be_visible()
    page.get_by_text("By letter or category").click()
    page.get_by_role("list", name="By category").get_by_role("link", name="travel").click()
    expect(rows).to_have_count(2)
    page.goto("/")
    page.get_by_role("link", name="Looks like receipts").click()
    expect(rows).to_have_count(3)


def test_a_domain_of_several_companies_is_asked(page: Page, world: World) -> None:
    """Ana says which company it is, then that it is none, and deletes what was kept."""
    worlds.fill_mailbox(world.consumer)
    sign_in(page)
    page.get_by_role("link", name="Tidy Home").click()
    page.locator("#which").get_by_role("combobox").select_option("Tidy Home")
    page.get_by_role("button", name="It is this one").click()
    expect(page.get_by_role("status")).to_contain_text("Linked to Tidy Home.")
    mine = Sender.objects.filter(organisation="tidy-home.example")
    assert mine.get().brand == Brand.objects.get(slug="tidy-home")
    page.get_by_role("button", name="This is not the company").click()
    expect(page.get_by_role("status")).to_contain_text("We will not link it to a brand again.")
    assert mine.get().match == BrandMatch.REFUSED
    page.get_by_text("Delete what we keep of these mails").click()
    page.get_by_role("button", name="Delete tidy-home.example").click()
    expect(page.get_by_role("status")).to_contain_text("Deleted what we kept of mail")
    assert not mine.exists()


def test_a_group_is_never_left_by_one_click(page: Page, world: World) -> None:
    worlds.fill_mailbox(world.consumer)
    sign_in(page)
    page.get_by_role("link", name="Choir of the old town").click()
    expect(page.get_by_role("main")).to_contain_text("could remove the whole group")
