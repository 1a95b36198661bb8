"""The list of companies: brands and senders together, its filters, and the picture."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from brands.models import Brand
from cmr.accounts import ownership
from cmr.models import BrandMatch, Consumer
from cmr.portal import home
from consent.ledger.recording import Actor
from consent.models import LedgerEntry, Relationship, Send
from consent.relationships import lifecycle
from tests.factories import create_sender, open_account


def names(page: str) -> list[str]:
    """Return the names of the rows, in their order."""
    return re.findall(r'<h2>\s*<a href="/(?:brands|companies)/[^"]+">([^<]+)</a>', page)


def read_text(page: str) -> str:
    """Return the page's text, without its tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page))


@pytest.fixture
def mailbox(ana: Consumer, met: Relationship, rival: Brand) -> None:
    """Acme is Ana's brand and writes to her; so do Rival, which is not, and an unknown shop."""
    create_sender(ana, "acme.example", weekly=[3] * 8, brand=met.brand, match=BrandMatch.DOMAIN)
    create_sender(
        ana, "rival.example", weekly=[2] * 8, brand=rival, match=BrandMatch.DOMAIN,
        route="one_click", junk=8, signature="passed", unsubscribe=b"x",
    )  # fmt: skip
    create_sender(ana, "shop.example", weekly=[1] * 8, is_transactional=True, name="Édition 7")


def test_home_merges_sender_into_brand(browser: Client, mailbox: None) -> None:
    page = browser.get("/").text
    assert names(page) == ["Acme", "Rival", "Édition 7"]
    assert page.count("acme.example") and "/companies/acme.example" in page
    assert 'name="brand" value="acme" aria-label="Acme"' in page
    assert 'type="checkbox" class="tick" name="brand" value="rival"' not in page


def test_home_describes_senders_in_words(browser: Client, mailbox: None) -> None:
    text = read_text(browser.get("/").text)
    assert "14 mails a month · since November 2025, last on 14 Jan 2026" in text
    assert "50 % marked as junk" in text
    assert "Newsletter, unsubscribe by one click" in text
    assert "Looks like receipts" in text


def test_home_offers_to_add_matched_brand(browser: Client, mailbox: None) -> None:
    page = browser.get("/").text
    button = 'name="brand" value="rival" form="add-company">Add Rival</button>'
    assert button in page and '<form id="add-company" method="post" action="/add">' in page
    assert (
        "Rival is now one of your brands."
        in browser.post("/add", {"brand": "rival"}, follow=True).text
    )
    page = browser.get("/").text
    assert names(page).count("Rival") == 1 and button not in page


def test_home_with_two_addresses_asks_which(
    browser: Client, mailbox: None, ana: Consumer, now: datetime
) -> None:
    ownership.add_contact(ana, kind="email", value="ana@example.net", now=now)
    page = browser.get("/").text
    assert 'href="/brands/rival">Add Rival</a>' in page and 'add-company">Add' not in page


def test_home_says_what_cannot_be_stopped(
    browser: Client, met: Relationship, ana: Consumer
) -> None:
    sentence = "We cannot yet stop a company that is not connected."
    assert sentence not in browser.get("/").text
    create_sender(ana, "shop.example")
    assert sentence in browser.get("/").text


def test_home_shared_domain_has_row_for_each_list(browser: Client, ana: Consumer) -> None:
    for name in ("Choir", "Club"):
        create_sender(ana, "googlegroups.com", list_id=f"{name}.googlegroups.com", name=name)
    page = browser.get("/").text
    assert sorted(names(page)) == ["Choir", "Club"]
    assert re.search(r'href="/companies/googlegroups.com#list-\d+">Choir<', page)


def test_home_asks_about_domain_of_several_brands(browser: Client, ana: Consumer) -> None:
    create_sender(ana, "shop.example", match=BrandMatch.ASK)
    assert "Which company is it?" in browser.get("/").text


# -- Filters and order ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"kind": "connected"}, []),
        ({"kind": "listed"}, ["Acme"]),
        ({"kind": "mailbox"}, ["Rival", "Édition 7"]),
        ({"kind": "receipts"}, ["Édition 7"]),
        ({"kind": "x", "show": "x", "sort": "x"}, ["Acme", "Rival", "Édition 7"]),
        ({"show": "silent"}, ["Acme"]),
        ({"letter": "E"}, ["Édition 7"]),
        ({"letter": "Z"}, []),
        ({"category": "travel"}, ["Rival"]),
        ({"company": "rival.example"}, ["Rival"]),
        ({"company": "rival"}, []),
        ({"q": "SHOP.example"}, ["Édition 7"]),
        ({"q": "édition"}, ["Édition 7"]),
        ({"q": "acme.ex"}, ["Acme"]),
        ({"q": "riv"}, ["Rival"]),
        ({"q": "riv", "kind": "listed"}, []),
        ({"sort": "name"}, ["Acme", "Édition 7", "Rival"]),
        ({"q": "\0", "company": "\0", "page": "x"}, ["Acme", "Rival", "Édition 7"]),
    ],
)  # fmt: skip
def test_home_filters(
    query: dict[str, str], found: list[str], browser: Client, mailbox: None, rival: Brand
) -> None:
    Brand.objects.filter(pk=rival.pk).update(categories=["travel"])
    assert names(browser.get("/", query).text) == found


def test_home_sorts_announced_and_read_mails_together(
    browser: Client, mailbox: None, ana: Consumer, rival: Brand
) -> None:
    lifecycle.start_relationship(ana.subject_id, rival, by=Actor("portal"), now=timezone.now())
    assert names(browser.get("/").text)[:2] == ["Acme", "Rival"]
    Send.objects.bulk_create(
        Send(subject=ana.subject, brand=rival, purpose_id="marketing", at=timezone.now())
        for _ in range(14)
    )
    assert names(browser.get("/").text)[:2] == ["Rival", "Acme"]
    assert names(browser.get("/", {"sort": "new"}).text)[0] == "Rival"


def test_home_kinds_and_indexes_keep_other_filters(
    browser: Client, mailbox: None, ana: Consumer
) -> None:
    for nth in range(home.MANY):
        create_sender(ana, f"more{nth}.example", name=f"{nth} more")
    page = browser.get("/", {"kind": "mailbox", "sort": "name"}).text
    assert '<a href="?kind=mailbox&amp;letter=R&amp;sort=name">R</a>' in page
    assert '<a href="?kind=mailbox&amp;letter=0&amp;sort=name">0–9 …</a>' in page
    assert '<a href="?sort=name" aria-current="true">Only in my mailbox 14</a>' in page
    assert '<a href="?kind=listed&amp;sort=name">Listed 1</a>' in page


def test_home_pages_hold_every_company_once(
    browser: Client, mailbox: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(home, "PAGE_SIZE", 1)
    pages = [names(browser.get("/", {"page": number}).text) for number in (1, 2, 3)]
    assert pages == [["Acme"], ["Rival"], ["Édition 7"]]


def test_home_select_all_takes_brands_only(browser: Client, mailbox: None) -> None:
    sent = {"all": "sort=bother", "ticked": "1", "say": "deny::::"}
    browser.post("/choose", sent)
    assert list(LedgerEntry.objects.values_list("brand__slug", flat=True)) == ["acme"]
    answer = browser.post("/choose", sent | {"all": "kind=mailbox"})
    assert answer.status_code == 422 and LedgerEntry.objects.count() == 1


def test_home_select_all_is_offered_for_brands_of_other_pages(
    browser: Client, mailbox: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert 'name="all"' not in browser.get("/").text
    monkeypatch.setattr(home, "PAGE_SIZE", 1)
    assert 'name="all"' not in browser.get("/").text  # its only brand is on this page
    assert "Select 1 brand" in browser.get("/", {"page": 2}).text


# -- The picture ----------------------------------------------------------------------------------


def test_home_picture_filters_list(browser: Client, mailbox: None) -> None:
    page = browser.get("/").text
    assert '<a href="?company=rival.example&amp;sort=bother" class="series-2" tabindex="-1"' in page
    page = browser.get("/", {"company": "rival.example"}).text
    assert names(page) == ["Rival"]
    assert 'aria-label="Rival" aria-current="true"' in page and "weekly filtered" in page


def test_home_picture_has_its_table(browser: Client, mailbox: None) -> None:
    page = browser.get("/").text
    (table,) = re.findall(r"<table>(.*?)</table>", page, re.DOTALL)
    assert table.count("<tr>") == 1 + 52
    assert re.findall(r'<td class="n">(\d+)</td>', table)[-3:] == ["3", "2", "1"]
    assert re.findall(r'<th scope="col" class="n">([^<]+)', table) == ["Acme", "Rival", "Édition 7"]


def test_home_without_mailbox_has_no_picture(browser: Client, met: Relationship) -> None:
    assert "<svg" not in browser.get("/").text


# -- Limits ---------------------------------------------------------------------------------------


def test_home_without_companies_shows_ways(browser: Client, rival: Brand) -> None:
    Brand.objects.filter(pk=rival.pk).update(website="https://rival.example")
    page = browser.get("/").text
    assert 'href="/companies/find"' in page and 'href="/brands"' in page
    assert "Add Rival" in page


def test_home_hides_mailboxes_of_others(browser: Client, met: Relationship) -> None:
    create_sender(open_account("ben@example.org"), "secret.example")
    assert "secret" not in browser.get("/").text


def test_home_escapes_names_of_senders(browser: Client, ana: Consumer) -> None:
    create_sender(ana, "shop.example", name='<img src=x>"')
    page = browser.get("/").text
    assert "<img src=x" not in page and "&lt;img src=x&gt;&quot;" in page


def test_home_number_of_queries_is_constant(browser: Client, mailbox: None, ana: Consumer) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            browser.get("/")
        return len(queries)

    before = count()
    for nth in range(20):
        brand = Brand.objects.create(slug=f"b{nth}", name=f"B {nth}")
        lifecycle.start_relationship(ana.subject_id, brand, by=Actor("portal"), now=timezone.now())
        other = Brand.objects.create(slug=f"o{nth}", name=f"O {nth}")
        for domain, linked in ((f"b{nth}.example", brand), (f"o{nth}.example", other)):
            create_sender(ana, domain, weekly=[1, 2], brand=linked, match=BrandMatch.DOMAIN)
        create_sender(ana, f"c{nth}.example")
    assert count() == before
