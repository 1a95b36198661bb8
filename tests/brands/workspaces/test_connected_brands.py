"""Which brands are connected, and that pages promise nothing for the others."""

from __future__ import annotations

from datetime import timedelta

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

PROMISES = (
    "on its way",
    "to be applied by",
    "not yet delivered",
    "overdue",
    "The brand was notified",
)


def connected(brand: Brand) -> bool:
    return connected_brands.is_brand_connected(brand, now=timezone.now())


def test_brand_with_valid_key_is_connected(acme: Brand) -> None:
    assert not connected(acme)
    brand_keys.issue_key(acme, name="shop")
    assert connected(acme)
    BrandKey.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert not connected(acme)
    BrandKey.objects.update(expires_at=None, revoked_at=timezone.now())
    assert not connected(acme)


def test_brand_with_webhook_or_workspace_is_connected(acme: Brand, rival: Brand) -> None:
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


def test_pages_of_listed_brand_promise_nothing(browser: Client, met: Relationship) -> None:
    sent = {"brand": "acme", "say": "deny::::", "next": "/brands/acme"}
    page = browser.post("/choose", sent, follow=True).content.decode()
    entry = LedgerEntry.objects.get()
    pages = [page, browser.get("/").text, browser.get(f"/history/{entry.pk}").text]
    pages.append(browser.post("/brands/acme/end", follow=True).content.decode())
    assert all("ot connected" in page for page in pages), pages
    assert not [promise for promise in PROMISES for page in pages if promise in page]


def test_pages_of_connected_brand_show_due_date(
    browser: Client, met: Relationship, acme_key: str
) -> None:
    sent = {"brand": "acme", "say": "deny::::", "next": "/brands/acme"}
    page = browser.post("/choose", sent, follow=True).content.decode()
    assert "to be applied by" in page
    assert "ot connected" not in page + browser.get("/").text


def test_directory_page_shows_connected_brands(
    browser: Client, acme: Brand, rival: Brand, acme_key: str
) -> None:
    page = browser.get("/brands").text
    assert page.index("Acme") < page.index(">Connected<") < page.index("Rival")
    assert page.index("Rival") < page.index(">Not connected<")
    Brand.objects.update(privacy_email="privacy@rival.example")
    assert "mailto:privacy@rival.example" in browser.get("/brands/rival").text
    assert "Not connected" not in browser.get("/brands/acme").text


def test_brands_by_api_show_connected(
    as_ana: Api, met: Relationship, rival: Brand, rival_key: str, ana: Consumer
) -> None:
    lifecycle.start_relationship(ana.subject_id, rival, by=Actor("api"), now=timezone.now())
    listed = as_ana.get("brands").json()["data"]
    assert {each["slug"]: each["connected"] for each in listed} == {"acme": False, "rival": True}
    mine = as_ana.get("me/relationships").json()["data"]
    assert [each["brand"]["connected"] for each in mine] == [False, True]


def test_propagation_of_listed_brand_has_no_due_date(as_ana: Api, met: Relationship) -> None:
    said = {"scope": {"brand": "acme", "purpose": "marketing"}, "decision": "deny"}
    entry = as_ana.post("me/choices", said).json()["data"][0]["entry"]
    (fate,) = as_ana.get(f"me/history/{entry}/propagation").json()["data"]
    assert (fate["state"], fate["honour_by"]) == ("not_connected", None)
