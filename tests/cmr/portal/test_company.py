"""The page of one company: its lists in words, the brand that it is, and deleting it."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from brands.models import Brand
from cmr.models import BrandMatch, Consumer, Sender, SignatureResult
from consent.models import Relationship
from tests.factories import create_sender, open_account

PLACE = "/companies/acme.example"


def read_text(browser: Client, place: str = PLACE) -> str:
    """Return the page's text, without its tags."""
    answer = browser.get(place)
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))


@pytest.fixture
def twins(acme: Brand, rival: Brand) -> tuple[Brand, Brand]:
    """Two brands with one domain."""
    Brand.objects.update(website="https://acme.example")
    return acme, rival


def match() -> tuple[str | None, str]:
    sender = Sender.objects.get()
    return sender.brand.slug if sender.brand else None, sender.match


def test_company_page_describes_lists(browser: Client, ana: Consumer) -> None:
    create_sender(
        ana, "acme.example", list_id="news.acme.example", weekly=[2] * 10, junk=5,
        signature=SignatureResult.NO_KEY, route="mailto",
    )  # fmt: skip
    create_sender(ana, "acme.example", is_transactional=True, name="Acme orders")
    text = read_text(browser)
    assert "Newsletter, unsubscribe by e-mail" in text and "news.acme.example" in text
    assert "9 mails a month; 20 mails in all" in text
    assert "25 % marked as junk" in text
    assert "could not be verified" in text and "forged" not in text
    lists, receipts = text.split("Orders, tickets, security notices", 1)
    assert "Acme orders" in receipts and "Acme orders" not in lists
    assert "1 mail in all" in receipts
    assert "remove the whole group" not in text


@pytest.mark.parametrize("result", ["", "no_key", "failed"])
def test_one_click_without_valid_signature_is_a_web_page(
    result: str, browser: Client, ana: Consumer
) -> None:
    create_sender(ana, "acme.example", route="one_click", signature=result)
    text = read_text(browser)
    assert "Newsletter, unsubscribe on a web page" in text and "by one click" not in text


def test_company_page_warns_of_group(browser: Client, ana: Consumer) -> None:
    create_sender(ana, "acme.example", is_group=True, list_id="team.acme.example")
    text = read_text(browser)
    assert "Unsubscribing here could remove the whole group" in text
    assert "by one click" in text and "Mailing list of a group" in text


def test_company_page_says_that_it_cannot_stop(browser: Client, ana: Consumer) -> None:
    create_sender(ana, "acme.example", route="one_click")
    assert "We cannot stop a company that is not connected yet." in read_text(browser)


def test_company_page_of_shared_domain_names_no_company(browser: Client, ana: Consumer) -> None:
    for name in ("Choir", "Club"):
        create_sender(ana, "googlegroups.com", list_id=name, name=name, is_group=True)
    text = read_text(browser, "/companies/googlegroups.com")
    assert "Many companies and groups send from googlegroups.com" in text
    assert "Choir" in text and "Club" in text


@pytest.mark.parametrize("place", ["none.example", "acme.example", "a\0.example", "ü.example"])
def test_company_page_of_unknown_is_not_found(place: str, browser: Client) -> None:
    create_sender(open_account("ben@example.org"), "acme.example")
    for answer in (
        browser.get(f"/companies/{place}"),
        browser.post(f"/companies/{place}/brand", {"brand": ""}),
        browser.post(f"/companies/{place}/delete"),
    ):
        assert answer.status_code == 404
    assert Sender.objects.get().match == ""


def test_company_page_offers_to_add_brand(browser: Client, ana: Consumer, acme: Brand) -> None:
    create_sender(ana, "acme.example", brand=acme, match=BrandMatch.DOMAIN)
    assert "Add Acme" in read_text(browser)
    browser.post("/add", {"brand": "acme"})
    text = read_text(browser)
    assert "It is one of your brands." in text and "Add Acme" not in text


def test_company_refused_brand_is_unlinked(
    browser: Client, ana: Consumer, met: Relationship
) -> None:
    create_sender(ana, "acme.example", brand=met.brand, match=BrandMatch.DOMAIN)
    assert "This is not the company" in read_text(browser)
    page = browser.post(f"{PLACE}/brand", {"brand": ""}, follow=True).text
    assert "We will not link it to a brand again." in page
    assert match() == (None, BrandMatch.REFUSED)
    assert "This is not the company" not in page
    assert "/companies/acme.example" in browser.get("/").text


def test_company_of_several_brands_is_asked(
    browser: Client, ana: Consumer, twins: tuple[Brand, Brand]
) -> None:
    create_sender(ana, "acme.example", match=BrandMatch.ASK)
    page = browser.get(PLACE).text
    assert "We do not guess." in page and "selected" not in page
    assert re.findall(r'<option value="(\w+)"', page) == ["acme", "rival"]
    page = browser.post(f"{PLACE}/brand", {"brand": "rival"}, follow=True).text
    assert "Linked to Rival." in page
    assert match() == ("rival", BrandMatch.PERSON)
    assert "Link to another brand" in page


def test_company_of_no_brand_can_be_linked_later(
    browser: Client, ana: Consumer, twins: tuple[Brand, Brand]
) -> None:
    create_sender(ana, "acme.example", match=BrandMatch.ASK)
    browser.post(f"{PLACE}/brand", {"brand": ""})
    assert match() == (None, BrandMatch.REFUSED)
    assert "Linked to no brand, as you told us" in read_text(browser)
    browser.post(f"{PLACE}/brand", {"brand": "acme"})
    assert match() == ("acme", BrandMatch.PERSON)


def test_company_is_linked_to_brands_of_its_domain_only(
    browser: Client, ana: Consumer, rival: Brand
) -> None:
    create_sender(ana, "acme.example", match=BrandMatch.ASK)
    answer = browser.post(f"{PLACE}/brand", {"brand": "rival"})
    assert answer.status_code == 404 and match() == (None, BrandMatch.ASK)


def test_company_is_deleted_by_post_only(browser: Client, ana: Consumer) -> None:
    create_sender(ana, "acme.example")
    create_sender(ana, "shop.example")
    assert browser.get(f"{PLACE}/delete").status_code == 405
    page = browser.post(f"{PLACE}/delete", follow=True).text
    assert "Deleted what we kept of mail from acme.example." in page
    assert Sender.objects.get().organisation == "shop.example"
    assert browser.get(PLACE).status_code == 404
