"""A brand that is only listed promises nothing: its pages say that nobody there hears."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from brands import webhooks
from brands.credentials import brand_keys
from brands.models import Brand, BrandKey, Workspace
from brands.workspaces import connected_brands
from cmr.models import Consumer
from consent.ledger.recording import Actor
from consent.models import LedgerEntry, Relationship
from consent.relationships import lifecycle
from tests.conftest import Api

PROMISES = ("on its way", "to be applied by", "not yet delivered", "overdue", "They were told")


@pytest.fixture
def browser(ana: Consumer) -> Client:
    client = Client()
    client.force_login(ana.user)
    return client


def connected(brand: Brand) -> bool:
    return connected_brands.is_brand_connected(brand, now=timezone.now())


def test_a_key_connects_while_it_is_valid(acme: Brand) -> None:
    assert not connected(acme)
    brand_keys.issue_key(acme, name="shop")
    assert connected(acme)
    BrandKey.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert not connected(acme)
    BrandKey.objects.update(expires_at=None, revoked_at=timezone.now())
    assert not connected(acme)


def test_a_webhook_or_a_workspace_connects(acme: Brand, rival: Brand) -> None:
    terms = webhooks.SubscriptionTerms(url="https://acme.example/")
    webhooks.create_subscription(acme, terms, now=timezone.now())
    trial, now = Brand.objects.create(slug="trial", name="Trial", test=True), timezone.now()
    Workspace.objects.create(
        slug="rival", name="Rival", domain="rival.example", challenge="x", test=trial, live=rival,
        created_at=now, proven_at=now,
    )  # fmt: skip
    assert connected_brands.find_connected_brands([acme.pk, rival.pk, trial.pk], now=now) == {
        acme.pk,
        rival.pk,
    }


def test_no_page_promises_what_a_listed_brand_will_do(browser: Client, met: Relationship) -> None:
    sent = {"brand": "acme", "say": "deny::::", "next": "/brands/acme"}
    page = browser.post("/choose", sent, follow=True).content.decode()
    entry = LedgerEntry.objects.get()
    pages = [page, browser.get("/").text, browser.get(f"/history/{entry.pk}").text]
    pages.append(browser.post("/brands/acme/end", follow=True).content.decode())
    assert all("ot connected" in page for page in pages), pages
    assert not [promise for promise in PROMISES for page in pages if promise in page]


def test_a_connected_brand_is_shown_with_what_it_owes(
    browser: Client, met: Relationship, acme_key: str
) -> None:
    sent = {"brand": "acme", "say": "deny::::", "next": "/brands/acme"}
    page = browser.post("/choose", sent, follow=True).content.decode()
    assert "to be applied by" in page
    assert "ot connected" not in page + browser.get("/").text


def test_the_directory_says_who_is_connected(
    browser: Client, acme: Brand, rival: Brand, acme_key: str
) -> None:
    page = browser.get("/brands").text
    assert page.index("Acme") < page.index(">Connected<") < page.index("Rival")
    assert page.index("Rival") < page.index(">Not connected<")
    Brand.objects.update(privacy_email="privacy@rival.example")
    assert "mailto:privacy@rival.example" in browser.get("/brands/rival").text
    assert "Not connected" not in browser.get("/brands/acme").text


def test_programs_are_told_who_is_connected(
    as_ana: Api, met: Relationship, rival: Brand, rival_key: str, ana: Consumer
) -> None:
    lifecycle.start_relationship(ana.subject_id, rival, by=Actor("api"), now=timezone.now())
    listed = as_ana.get("brands").json()["data"]
    assert {each["slug"]: each["connected"] for each in listed} == {"acme": False, "rival": True}
    mine = as_ana.get("me/relationships").json()["data"]
    assert [each["brand"]["connected"] for each in mine] == [False, True]


def test_a_change_at_a_listed_brand_has_no_date(as_ana: Api, met: Relationship) -> None:
    said = {"scope": {"brand": "acme", "purpose": "marketing"}, "decision": "deny"}
    entry = as_ana.post("me/choices", said).json()["data"][0]["entry"]
    (fate,) = as_ana.get(f"me/history/{entry}/propagation").json()["data"]
    assert (fate["state"], fate["honour_by"]) == ("not_connected", None)
