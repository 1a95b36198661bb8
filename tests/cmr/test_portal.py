"""The person's pages: their brands in words, and a no that takes one click."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from brands.models import Brand
from cmr.models import Consumer, User
from consent import checks
from consent.checks import Asked
from consent.identifiers import Contact
from consent.models import LedgerEntry, Relationship
from tests.conftest import EMAIL


@pytest.fixture
def browser(ana: Consumer) -> Client:
    client = Client()
    client.force_login(ana.user)
    return client


def is_allowed(brand: Brand) -> bool:
    asked = Asked(brand.pk, Contact(email=EMAIL), "marketing", "email")
    return checks.check(asked, now=timezone.now()).allowed


def test_a_stranger_is_told_what_this_is(db: None) -> None:
    page = Client().get("/")
    assert page.status_code == 200
    assert b"Your no stands until you yourself later say yes" in page.content


def test_someone_without_brands_is_shown_the_way_to_them(browser: Client) -> None:
    assert b"No brand has a relationship with you yet" in browser.get("/").content


def test_a_brand_is_found_and_added(browser: Client, acme: Brand, rival: Brand) -> None:
    found = browser.get("/brands", {"q": "aCm"}).content
    assert b"Add Acme" in found
    assert b"Rival" not in found
    page = browser.post("/add", {"brand": "acme"}, follow=True).content
    assert b"Acme is now one of your brands." in page
    assert b"One of your brands" in browser.get("/brands").content


def test_saying_yes_and_no_takes_one_click_each(browser: Client, met: Relationship) -> None:
    page = browser.post("/choose", {"brand": "acme", "wish": "yes_email"}, follow=True)
    assert b"Marketing: yes, by email" in page.content
    assert is_allowed(met.brand)
    page = browser.post("/choose", {"brand": "acme", "wish": "nothing"}, follow=True)
    assert b"Marketing: nothing" in page.content
    assert not is_allowed(met.brand)
    assert LedgerEntry.objects.filter(source="portal").count() == 2


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"brand": "acme", "wish": "everything"}, 422),
        ({"brand": "nobody", "wish": "nothing"}, 404),
        ({"brand": "ac\0me", "wish": "nothing"}, 302),
        ({}, 404),
    ],
)
def test_a_form_that_makes_no_sense_changes_nothing(
    browser: Client, met: Relationship, sent: dict[str, str], status: int
) -> None:
    before = LedgerEntry.objects.count()
    assert browser.post("/choose", sent).status_code == status
    assert LedgerEntry.objects.count() - before == (status == 302)


def test_an_admin_is_taken_to_the_report(admin: User) -> None:
    client = Client()
    client.force_login(admin)
    assert client.get("/").headers["Location"] == "/reports/opt-outs"
    assert client.get("/brands").headers["Location"] == "/"


def test_what_a_brand_wrote_is_shown_as_text(browser: Client, ana: Consumer, acme: Brand) -> None:
    from consent import relationships
    from consent.ledger import Actor

    by, note = Actor("brand_api", acme.pk), "<script>alert(1)</script>"
    relationships.start(ana.subject_id, acme, by=by, now=timezone.now(), note=note)
    page = browser.get("/").content
    assert b"<script>alert" not in page
    assert b"&lt;script&gt;alert(1)" in page
