"""Links that a brand built itself: they unsubscribe whatever they contain."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import orjson
import pytest
from django.test import Client
from django.utils import timezone

from brands.credentials import link_keys
from brands.models import Topic
from cmr.choices import links
from consent.decision.resolution import Scope
from consent.ledger.recording import Actor
from consent.models import LedgerEntry, Relationship
from consent.relationships import lifecycle
from tests.factories import record_choice

GOOD = {"u": "marketing", "c": "email", "k": "spring"}


def make_token(met: Relationship, **about: Any) -> str:
    """As the program in docs/links.md does, but for its checks."""
    said = {"b": met.brand.slug, "p": str(met.pk), **about}
    payload = links._text(orjson.dumps(said))
    seal = hmac.digest(link_keys.derive_link_key(met.brand), payload.encode(), hashlib.sha256)
    return f"{payload}.{links._text(seal)}"


def press(token: str) -> LedgerEntry:
    """Press the link, after looking at both pages, and return the no."""
    browser = Client(raise_request_exception=False)
    assert browser.get(f"/p/{token}").status_code == 200
    assert browser.get(f"/u/{token}").status_code == 200
    assert browser.post(f"/u/{token}").status_code == 200
    return LedgerEntry.objects.get(decision="deny")


def read_scope(entry: LedgerEntry) -> tuple[str | None, str | None, str | None]:
    assert entry.brand is not None and entry.source == "link"
    return entry.purpose_id, entry.channel, entry.topic


@pytest.mark.parametrize(
    "campaign",
    ["k" * 400, "k" * 2_000, ["spring"], {"a": 1}, 7, True, "a\0b", "a\nb", "", None],
    ids=str,
)
def test_unsubscribe_drops_a_campaign_that_is_none(met: Relationship, campaign: Any) -> None:
    entry = press(make_token(met, **GOOD | {"k": campaign}))
    assert read_scope(entry) == ("marketing", "email", None)
    assert entry.campaign == ""


def test_unsubscribe_keeps_a_campaign_that_fits(met: Relationship) -> None:
    assert press(make_token(met, **GOOD | {"k": "k" * 100})).campaign == "k" * 100


@pytest.mark.parametrize(
    ("about", "meant"),
    [
        ({"u": {"a": 1}}, (None, "email", None)),
        ({"u": ["marketing"]}, (None, "email", None)),
        ({"u": "a\0b"}, (None, "email", None)),
        ({"u": 7}, (None, "email", None)),
        ({"u": "since_deleted"}, (None, "email", None)),
        ({"u": "service"}, (None, "email", None)),  # a no to it alone would have no effect
        ({"u": None}, (None, "email", None)),
        ({"c": "pigeon"}, ("marketing", None, None)),
        ({"c": ["email"]}, ("marketing", None, None)),
        ({"t": "since-deleted"}, ("marketing", "email", None)),
        ({"t": {"a": 1}}, ("marketing", "email", None)),
        ({"t": "a\0b"}, ("marketing", "email", None)),
        ({"t": "weekly-offers"}, ("marketing", "email", "weekly-offers")),
        ({"t": "weekly-offers", "u": None}, ("marketing", "email", "weekly-offers")),
        ({"t": "weekly-offers", "u": "research"}, ("marketing", "email", "weekly-offers")),
        ({"t": "rivals-own", "u": "research"}, ("research", "email", None)),
        ({"z": [1], "e": "soon", "n": 7}, ("marketing", "email", None)),
    ],
)
def test_unsubscribe_widens_what_is_unknown(
    met: Relationship, offers: Topic, about: dict[str, Any], meant: tuple[str | None, ...]
) -> None:
    assert read_scope(press(make_token(met, **GOOD | about))) == meant


def test_unsubscribe_without_anything_is_about_all(met: Relationship) -> None:
    assert read_scope(press(make_token(met))) == (None, None, None)


def test_unsubscribe_of_a_retired_topic_stops_it(met: Relationship, offers: Topic) -> None:
    offers.retired_at = timezone.now()
    offers.save()
    entry = press(make_token(met, t=offers.code))
    assert read_scope(entry) == ("marketing", None, offers.code)


def test_unsubscribe_of_a_relationship_that_is_over_is_kept(met: Relationship) -> None:
    lifecycle.end_relationship(met, by=Actor("portal"), now=timezone.now())
    assert read_scope(press(make_token(met, **GOOD))) == ("marketing", "email", None)


def test_unsubscribe_takes_an_address_with_a_slash(met: Relationship) -> None:
    scope = Scope(met.brand_id, "marketing", "email")
    record_choice(met, "grant", scope)
    token = make_token(met, **GOOD)
    assert Client().post(f"/u/{token}/", {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert LedgerEntry.objects.get(decision="deny").purpose_id == "marketing"
    assert Client().get(f"/p/{token}/").status_code == 200


@pytest.mark.parametrize("body", [b"\xff\x00", b"--x\r\nbroken", b""])
@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=x", "multipart/form-data", "a/b"])
def test_unsubscribe_does_not_need_its_body(met: Relationship, kind: str, body: bytes) -> None:
    token = make_token(met, **GOOD)
    answer = Client(raise_request_exception=False).post(f"/u/{token}", body, content_type=kind)
    assert answer.status_code == 200
    assert LedgerEntry.objects.filter(decision="deny").count() == 1


@pytest.mark.parametrize("said", [[], 7, "x", None, {}, {"b": "acme"}, {"b": ["acme"], "p": {}}])
def test_pages_of_a_token_about_nobody_lead_to_the_way_to_one(met: Relationship, said: Any) -> None:
    payload = links._text(orjson.dumps(said))
    seal = hmac.digest(link_keys.derive_link_key(met.brand), payload.encode(), hashlib.sha256)
    for page in ("u", "p"):
        answer = Client(raise_request_exception=False).post(
            f"/{page}/{payload}.{links._text(seal)}"
        )
        assert answer.status_code == 404
