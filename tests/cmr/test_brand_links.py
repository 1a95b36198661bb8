"""A brand's links: made by us, ten thousand at once, or by its own mail system."""

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
from consent.checks import single
from consent.checks.single import Asked
from consent.decision.resolution import Scope
from consent.identity.identifiers import (
    Contact,
    compute_identifier_digest,
    find_or_create_identifier,
)
from consent.ledger import recording
from consent.ledger.recording import Actor, NewChoice
from consent.models import LedgerEntry, Relationship
from consent.relationships import lifecycle
from tests.conftest import EMAIL, ROOT, Api

ABOUT = {"purpose": "marketing", "channel": "email"}


def is_allowed(brand: Brand) -> bool:
    asked = Asked(brand.pk, Contact(email=EMAIL), "marketing", "email")
    return single.check_contact(asked, now=timezone.now()).allowed


def say(met: Relationship, decision: Any) -> None:
    choice = NewChoice(Scope(met.brand_id, "marketing", "email"), decision)
    recording.record_choices(met.subject_id, [choice], by=Actor("portal"), now=timezone.now())


def path_of(url: str) -> str:
    return url.removeprefix("http://127.0.0.1:8000")


def test_the_links_of_one_mail(as_acme: Api, met: Relationship) -> None:
    say(met, "grant")
    answer = as_acme.post("links", {"contact": {"email": EMAIL}, **ABOUT, "campaign": "spring"})
    made = answer.json()
    assert answer.status_code == 200
    assert made["headers"] == {
        "List-Unsubscribe": f"<{made['one_click_url']}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    assert Client().get(path_of(made["preferences_url"])).status_code == 200
    assert Client().post(path_of(made["one_click_url"])).status_code == 200
    entry = LedgerEntry.objects.get(decision="deny")
    assert (entry.source, entry.campaign, entry.channel) == ("link", "spring", "email")


def test_many_at_once_in_their_order(as_acme: Api, met: Relationship) -> None:
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


def test_ten_thousand_at_once_and_no_more(as_acme: Api, met: Relationship) -> None:
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
def test_what_is_wrong_is_said(
    body: Any, status: int, code: str, as_acme: Api, met: Relationship
) -> None:
    answer = as_acme.post("links", body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_another_brand_s_people_are_strangers(as_rival: Api, met: Relationship) -> None:
    answer = as_rival.post("links", {"contact": {"email": EMAIL}, **ABOUT})
    assert answer.json()["code"] == "no_relationship"


def test_it_takes_the_scope(acme: Brand) -> None:
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


def test_a_mail_system_makes_its_own(as_acme: Api, met: Relationship) -> None:
    say(met, "grant")
    answer = as_acme.get("links/key")
    assert answer.headers["Cache-Control"] == "no-store"
    key = answer.json()
    token = mail_system(key, str(met.pk), u="marketing", c="email", k="offline")
    url = key["one_click_url"].replace("{token}", token)
    assert Client().post(path_of(url)).status_code == 200
    assert not is_allowed(met.brand)
    assert LedgerEntry.objects.get(decision="deny").campaign == "offline"


def test_with_another_brand_s_key_it_is_none(as_rival: Api, met: Relationship, acme: Brand) -> None:
    key = as_rival.get("links/key").json()
    for slug in ("rival", "acme"):
        token = mail_system({**key, "brand": slug}, str(met.pk), u="marketing")
        assert Client().post(f"/u/{token}").status_code == 404
    assert not LedgerEntry.objects.exists()


# -- Whose link -----------------------------------------------------------------------------------


@pytest.mark.parametrize("wish", ["grant:marketing:email::", "allow:marketing:email::"])
def test_a_brand_cannot_say_yes_by_a_link_of_its_mails(
    wish: str, as_acme: Api, met: Relationship
) -> None:
    say(met, "deny")
    made = as_acme.post("links", {"contact": {"email": EMAIL}, **ABOUT}).json()
    page = Client().post(path_of(made["preferences_url"]), {"say": wish})
    assert page.status_code == 422
    assert b"It stops, pauses and limits" in page.content
    assert not is_allowed(met.brand)
    own = links.build_proven_token(Link(met, "marketing", "email"), now=timezone.now())
    assert Client().post(f"/p/{own}", {"say": "grant:marketing:email::"}).status_code == 200
    assert is_allowed(met.brand)


def test_a_link_of_its_mails_still_stops_pauses_and_limits(as_acme: Api, met: Relationship) -> None:
    made = as_acme.post("links", {"contact": {"email": EMAIL}, **ABOUT}).json()
    page = path_of(made["preferences_url"])
    assert b"have it sent" in Client().get(page).content
    for said in (
        {"say": "deny:marketing:::"},
        {"say": "pause::::", "until": "2031-01-01"},
        {"say": "limit::::", "max": "1", "per": "week"},
    ):
        assert Client().post(page, said).status_code == 200


def test_the_key_of_a_brand_makes_no_proven_link(as_acme: Api, met: Relationship) -> None:
    key = as_acme.get("links/key").json()
    more: dict[str, Any]
    for more in ({}, {"proven": "true"}, {"proven": True}):
        token = mail_system(key, str(met.pk), u="marketing", c="email", **more)
        assert not links.read_link(token, now=timezone.now()).proven


def test_people_are_found_by_reference_too(as_acme: Api, acme: Brand) -> None:
    person = find_or_create_identifier(compute_identifier_digest("ben@example.org")).subject_id
    by = Actor("brand_api", acme.pk)
    lifecycle.start_relationship(person, acme, by=by, now=timezone.now(), ref="B-7", note="x")
    assert as_acme.post("links", {"contact": {"ref": "B-7"}}).status_code == 200
