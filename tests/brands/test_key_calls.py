"""A brand's keys by REST: issuing, rotating, revoking, and no way to more than one has."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from brands.credentials import brand_keys
from brands.models import Brand, BrandKey
from tests.conftest import Api


@pytest.fixture
def as_acme(acme_key: str) -> Api:
    return Api(acme_key)


def issued(api: Api, **more: Any) -> dict[str, Any]:
    answer = api.post("keys", {"name": "shop", "scopes": ["check"], **more})
    assert answer.status_code == 201
    body: dict[str, Any] = answer.json()
    return body


def test_a_new_key_is_shown_once_and_works(as_acme: Api) -> None:
    made = issued(as_acme)
    assert Api(made["key"]).get("brand/purposes").status_code == 200
    listed = as_acme.get("keys").json()["data"]
    assert listed[0]["name"] == "shop" and "key" not in listed[0]
    assert made["key"] not in as_acme.get("keys").content.decode()


def test_a_key_gives_no_more_than_it_has(acme: Brand) -> None:
    api = Api(brand_keys.issue_key(acme, name="small", scopes=["keys", "check"]))
    answer = api.post("keys", {"name": "more", "scopes": ["check", "events"]})
    assert (answer.status_code, answer.json()["code"]) == (403, "missing_scope")
    strong = BrandKey.objects.get(brand=acme, name="small")
    other = brand_keys.issue_key(acme, name="strong", scopes=["events"])
    found = BrandKey.objects.get(brand=acme, name="strong")
    assert api.post(f"keys/{found.pk}/rotate", {}).status_code == 403
    assert Api(other).get("keys").status_code == 403
    assert api.post(f"keys/{strong.pk}/rotate", {}).status_code == 201


def test_both_live_while_a_key_rotates(as_acme: Api, acme: Brand) -> None:
    old = issued(as_acme)
    new = as_acme.post(f"keys/{old['id']}/rotate", {"hours": 2}).json()
    assert new["scopes"] == old["scopes"] and new["key"] != old["key"]
    assert Api(old["key"]).get("keys/current").status_code == 200
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=3)):
        assert Api(old["key"]).get("keys/current").status_code == 401
        assert Api(new["key"]).get("keys/current").status_code == 200


def test_what_is_revoked_is_neither_used_nor_rotated(as_acme: Api) -> None:
    made = issued(as_acme)
    assert as_acme.delete(f"keys/{made['id']}").status_code == 204
    assert Api(made["key"]).get("keys/current").status_code == 401
    answer = as_acme.post(f"keys/{made['id']}/rotate", {})
    assert (answer.status_code, answer.json()["code"]) == (409, "key_not_usable")


def test_a_key_says_what_it_is_and_when_it_was_used(as_acme: Api) -> None:
    made = issued(as_acme, expires_at=(timezone.now() + timedelta(days=1)).isoformat())
    assert made["last_used_on"] is None
    said = Api(made["key"]).get("keys/current").json()
    assert said["scopes"] == ["check"] and said["brand"] == {"slug": "acme", "name": "Acme"}
    assert said["last_used_on"] == timezone.now().date().isoformat()


def test_the_past_is_no_end(as_acme: Api) -> None:
    answer = as_acme.post(
        "keys", {"name": "x", "scopes": ["check"], "expires_at": "2020-01-01T00:00:00Z"}
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "past")


def test_another_brands_key_is_not_there(as_acme: Api, rival: Brand) -> None:
    brand_keys.issue_key(rival, name="theirs")
    theirs = BrandKey.objects.get(brand=rival)
    assert as_acme.delete(f"keys/{theirs.pk}").status_code == 404
    assert as_acme.post(f"keys/{theirs.pk}/rotate", {}).status_code == 404
    assert [each["name"] for each in as_acme.get("keys").json()["data"]] == ["tests"]
    theirs.refresh_from_db()
    assert theirs.revoked_at is None
