"""Rotating link keys: old links still unsubscribe, unless the key leaked."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

import orjson
import pytest
from django.test import Client
from django.utils import timezone

from brands.credentials import brand_keys, link_keys
from brands.models import Brand
from cmr import members
from cmr.choices import links
from cmr.choices.links import BadLink, Link
from cmr.models import Consumer
from consent.identity.identifiers import compute_identifier_digest, find_or_create_identifier
from consent.ledger.recording import Actor
from consent.models import LedgerEntry, Relationship
from consent.relationships import lifecycle
from tests.cmr.api.test_api_links import mail_system
from tests.conftest import EMAIL, Api

ABOUT = {"purpose": "marketing", "channel": "email"}
NOW = timezone.now()


def make_link(as_acme: Api) -> str:
    """A one-click link that we made for a mail."""
    url: str = as_acme.post("links", {"contact": {"email": EMAIL}, **ABOUT}).json()["one_click_url"]
    return url.rpartition("/")[2]


def is_good(token: str, now: Any = None) -> bool:
    try:
        links.read_link(token, now=now or timezone.now())
    except BadLink:
        return False
    return True


def test_rotate_gives_another_key_which_makes_links(as_acme: Api, met: Relationship) -> None:
    before = as_acme.get("links/key").json()
    answer = as_acme.post("links/key/rotate", {})
    after = answer.json()
    assert (answer.status_code, answer.headers["Cache-Control"]) == (201, "no-store")
    assert after["key"] != before["key"]
    until = after.pop("old_accepted_until")
    assert until > (NOW + link_keys.OLD_KEYS_FOR).isoformat()
    assert as_acme.get("links/key").json() == after
    token = mail_system(after, str(met.pk), u="marketing", c="email")
    assert Client().post(f"/u/{token}").status_code == 200
    assert LedgerEntry.objects.get().decision == "deny"


def test_rotate_old_links_still_unsubscribe_for_a_year(as_acme: Api, met: Relationship) -> None:
    """RFC 8058 needs it: the mails are out. CAN-SPAM wants 30 days, CASL 60."""
    key = as_acme.get("links/key").json()
    old = [make_link(as_acme), mail_system(key, str(met.pk), u="marketing")]
    for _ in range(3):
        as_acme.post("links/key/rotate", {})
    for token in old:
        assert is_good(token, NOW + timedelta(days=364))
        assert not is_good(token, NOW + timedelta(days=366))
    assert Client().post(f"/u/{old[0]}").status_code == 200


def test_rotate_leaked_key_is_revoked_at_once(as_acme: Api, met: Relationship) -> None:
    before = [make_link(as_acme)]
    as_acme.post("links/key/rotate", {})
    before.append(make_link(as_acme))
    answer = as_acme.post("links/key/rotate", {"revoke_old": True})
    assert answer.status_code == 201
    assert [is_good(each) for each in [*before, make_link(as_acme)]] == [False, False, True]
    page = Client().post(f"/u/{before[0]}")
    assert page.status_code == 404 and b"Have new links sent" in page.content


def test_rotate_is_one_brand_s_alone(
    as_acme: Api, as_rival: Api, met: Relationship, rival: Brand
) -> None:
    before = as_rival.get("links/key").json()
    as_acme.post("links/key/rotate", {"revoke_old": True})
    assert as_rival.get("links/key").json() == before


def test_rotate_leaves_links_to_the_person_alone(as_acme: Api, met: Relationship) -> None:
    own = links.build_proven_token(Link(met), now=timezone.now())
    as_acme.post("links/key/rotate", {"revoke_old": True})
    assert links.read_link(own, now=timezone.now()).proven


def test_rotate_too_often_is_refused(as_acme: Api, met: Relationship) -> None:
    for _ in range(link_keys.MOST_OLD_KEYS):
        assert as_acme.post("links/key/rotate", {}).status_code == 201
    problem = as_acme.post("links/key/rotate", {})
    assert (problem.status_code, problem.json()["code"]) == (409, "too_many_link_keys")
    assert as_acme.post("links/key/rotate", {"revoke_old": True}).status_code == 201
    assert as_acme.post("links/key/rotate", {}).status_code == 201


def test_rotate_takes_the_scope(acme: Brand) -> None:
    weak = Api(brand_keys.issue_key(acme, name="x", scopes=["check"]))
    assert weak.post("links/key/rotate", {}).status_code == 403
    acme.refresh_from_db()
    assert acme.link_key == 1


@pytest.mark.django_db
@pytest.mark.parametrize("slug", ["a\0cme", "a" * 300, "", None, 7, ["acme"]])
def test_read_strange_slug_is_no_link(slug: Any) -> None:
    """It is looked up before the seal is known to be good."""
    said = orjson.dumps({"b": slug, "p": "68a4e7f6-0992-45d3-be64-536599394462"})
    payload = base64.urlsafe_b64encode(said).rstrip(b"=").decode()
    assert Client().post(f"/u/{payload}.AAAA").status_code == 404


@pytest.mark.parametrize(("form", "still"), [({}, True), ({"revoke_old": "on"}, False)])
def test_console_rotates_the_key(form: dict[str, str], still: bool, ana: Consumer) -> None:
    place = members.begin_workspace_as_owner(
        ana.user, name="Ana", domain="ana.example", now=timezone.now()
    )
    known = find_or_create_identifier(
        compute_identifier_digest(EMAIL, namespace=place.test.namespace), made_up_by=place.test
    )
    by = Actor("brand_api", place.test_id)
    met = lifecycle.start_relationship(
        known.subject_id, place.test, by=by, now=timezone.now(), note="x"
    )[0]
    old, browser = links.build_token(Link(met)), Client()
    browser.force_login(ana.user)
    path = f"/console/{place.slug}/test/keys"
    page = browser.post(f"{path}/links", form, follow=True)
    assert b"Your links have a new key." in page.content
    assert Brand.objects.get(pk=place.test_id).link_key == 2
    assert is_good(old) is still
