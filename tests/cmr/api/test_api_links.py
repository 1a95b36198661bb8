"""POST /links: links for a brand's mails, and links that its mail system builds itself."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from brands.credentials import brand_keys
from brands.models import Brand
from cmr.choices import links
from cmr.choices.links import Link
from consent.decision.resolution import Scope
from consent.ledger.recording import Actor
from consent.models import LedgerEntry, Relationship
from consent.relationships import lifecycle
from tests.conftest import EMAIL, ROOT, Api
from tests.factories import find_subject, is_allowed, record_choice

ABOUT = {"purpose": "marketing", "channel": "email"}


def strip_host(url: str) -> str:
    return url.removeprefix("http://127.0.0.1:8000")


def test_create_links_returns_headers_and_urls(as_acme: Api, met: Relationship) -> None:
    record_choice(met, "grant", Scope(met.brand_id, "marketing", "email"))
    answer = as_acme.post("links", {"contact": {"email": EMAIL}, **ABOUT, "campaign": "spring"})
    made = answer.json()
    assert answer.status_code == 200
    assert made["headers"] == {
        "List-Unsubscribe": f"<{made['one_click_url']}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    assert Client().get(strip_host(made["preferences_url"])).status_code == 200
    assert Client().post(strip_host(made["one_click_url"])).status_code == 200
    entry = LedgerEntry.objects.get(decision="deny")
    assert (entry.source, entry.campaign, entry.channel) == ("link", "spring", "email")


def test_create_links_many_contacts_keeps_order(as_acme: Api, met: Relationship) -> None:
    lifecycle.start_relationship(met.subject_id, met.brand, by=Actor("brand_api", met.brand_id),
                        now=timezone.now(), ref="A-1")  # fmt: skip
    contacts = [
        {"email": EMAIL},
        {"email": "nobody@example.org"},
        {"ref": "A-1"},
        {"email": "no address"},
        {"email": EMAIL, "ref": "A-1"},
        "?",
    ]
    rows = as_acme.post("links", {"contacts": contacts, **ABOUT}).json()["data"]
    assert [row.get("error", {}).get("code") for row in rows] == [
        None, "no_relationship", None, "invalid_contact", "one", "one",
    ]  # fmt: skip
    assert rows[0] == rows[2]


def test_create_links_over_ten_thousand_is_refused(as_acme: Api, met: Relationship) -> None:
    contacts = [{"email": EMAIL}] * 10_000
    rows = as_acme.post("links", {"contacts": contacts, **ABOUT}).json()["data"]
    assert len(rows) == 10_000 and all(row == rows[0] for row in rows)
    answer = as_acme.post("links", {"contacts": [*contacts, {"email": EMAIL}], **ABOUT})
    assert answer.status_code == 422


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({**ABOUT}, 422, "one"),
        ({"contact": {"email": EMAIL}, "contacts": [{"email": EMAIL}]}, 422, "one"),
        ({"contact": {"email": EMAIL}, "purpose": "weather"}, 422, "unknown_purpose"),
        ({"contact": {"email": EMAIL}, **ABOUT, "topic": "weather"}, 422, "unknown_topic"),
        ({"contact": {"email": "nobody@example.org"}, **ABOUT}, 404, "no_relationship"),
        ({"contacts": [], **ABOUT}, 422, "empty"),
    ],
)
def test_create_links_invalid_body_is_refused(
    body: Any, status: int, code: str, as_acme: Api, met: Relationship
) -> None:
    answer = as_acme.post("links", body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_create_links_without_relationship_is_refused(as_rival: Api, met: Relationship) -> None:
    answer = as_rival.post("links", {"contact": {"email": EMAIL}, **ABOUT})
    assert answer.json()["code"] == "no_relationship"


def test_create_links_without_scope_is_refused(acme: Brand) -> None:
    weak = Api(brand_keys.issue_key(acme, name="x", scopes=["check"]))
    assert weak.post("links", {"contact": {"email": EMAIL}}).status_code == 403
    assert weak.get("links/key").status_code == 403


def mail_system(key: dict[str, str], person: str, **about: Any) -> str:
    """The program in docs/links.md, with nothing of ours."""
    text = (ROOT / "docs/links.md").read_text()
    program: dict[str, Any] = {}
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    exec(next(each for each in blocks if "def token(" in each), program)
    return str(program["token"](key["brand"], key["key"], person, **about))


def test_link_built_with_key_unsubscribes(as_acme: Api, met: Relationship) -> None:
    record_choice(met, "grant", Scope(met.brand_id, "marketing", "email"))
    answer = as_acme.get("links/key")
    assert answer.headers["Cache-Control"] == "no-store"
    key = answer.json()
    token = mail_system(key, str(met.pk), u="marketing", c="email", k="offline")
    url = key["one_click_url"].replace("{token}", token)
    assert Client().post(strip_host(url)).status_code == 200
    assert not is_allowed(met.brand)
    assert LedgerEntry.objects.get(decision="deny").campaign == "offline"


def test_link_built_with_other_brands_key_is_refused(
    as_rival: Api, met: Relationship, acme: Brand
) -> None:
    key = as_rival.get("links/key").json()
    for slug in ("rival", "acme"):
        token = mail_system({**key, "brand": slug}, str(met.pk), u="marketing")
        assert Client().post(f"/u/{token}").status_code == 404
    assert not LedgerEntry.objects.exists()


# -- Whose link -----------------------------------------------------------------------------------


@pytest.mark.parametrize("wish", ["grant:marketing:email::", "allow:marketing:email::"])
def test_link_of_brand_refuses_grant(wish: str, as_acme: Api, met: Relationship) -> None:
    record_choice(met, "deny", Scope(met.brand_id, "marketing", "email"))
    made = as_acme.post("links", {"contact": {"email": EMAIL}, **ABOUT}).json()
    page = Client().post(strip_host(made["preferences_url"]), {"say": wish})
    assert page.status_code == 422
    assert b"It stops, pauses and limits" in page.content
    assert not is_allowed(met.brand)
    own = links.build_proven_token(Link(met, "marketing", "email"), now=timezone.now())
    assert Client().post(f"/p/{own}", {"say": "grant:marketing:email::"}).status_code == 200
    assert is_allowed(met.brand)


def test_link_of_brand_takes_denial_pause_and_limit(as_acme: Api, met: Relationship) -> None:
    made = as_acme.post("links", {"contact": {"email": EMAIL}, **ABOUT}).json()
    page = strip_host(made["preferences_url"])
    assert b"have it sent" in Client().get(page).content
    for said in (
        {"say": "deny:marketing:::"},
        {"say": "pause::::", "until": "2031-01-01"},
        {"say": "limit::::", "max": "1", "per": "week"},
    ):
        assert Client().post(page, said).status_code == 200


def test_link_built_with_key_is_never_proven(as_acme: Api, met: Relationship) -> None:
    key = as_acme.get("links/key").json()
    more: dict[str, Any]
    for more in ({}, {"proven": "true"}, {"proven": True}):
        token = mail_system(key, str(met.pk), u="marketing", c="email", **more)
        assert not links.read_link(token, now=timezone.now()).proven


def test_create_links_by_reference_finds_person(as_acme: Api, acme: Brand) -> None:
    person = find_subject("ben@example.org")
    by = Actor("brand_api", acme.pk)
    lifecycle.start_relationship(person, acme, by=by, now=timezone.now(), ref="B-7", note="x")
    assert as_acme.post("links", {"contact": {"ref": "B-7"}}).status_code == 200
