"""/keys: creating, rotating and revoking keys by API, without gaining scopes."""

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


def issue_key(api: Api, **more: Any) -> dict[str, Any]:
    answer = api.post("keys", {"name": "shop", "scopes": ["check"], **more})
    assert answer.status_code == 201
    body: dict[str, Any] = answer.json()
    return body


def test_create_key_shows_it_once(as_acme: Api) -> None:
    made = issue_key(as_acme)
    assert Api(made["key"]).get("brand/purposes").status_code == 200
    listed = as_acme.get("keys").json()["data"]
    assert listed[0]["name"] == "shop" and "key" not in listed[0]
    assert made["key"] not in as_acme.get("keys").content.decode()


def test_create_key_with_more_scopes_is_refused(acme: Brand) -> None:
    api = Api(brand_keys.issue_key(acme, name="small", scopes=["keys", "check"]))
    answer = api.post("keys", {"name": "more", "scopes": ["check", "events"]})
    assert (answer.status_code, answer.json()["code"]) == (403, "missing_scope")
    strong = BrandKey.objects.get(brand=acme, name="small")
    other = brand_keys.issue_key(acme, name="strong", scopes=["events"])
    found = BrandKey.objects.get(brand=acme, name="strong")
    assert api.post(f"keys/{found.pk}/rotate", {}).status_code == 403
    assert Api(other).get("keys").status_code == 403
    assert api.post(f"keys/{strong.pk}/rotate", {}).status_code == 201


def test_rotate_key_keeps_old_one_for_a_while(as_acme: Api, acme: Brand) -> None:
    old = issue_key(as_acme)
    new = as_acme.post(f"keys/{old['id']}/rotate", {"hours": 2}).json()
    assert new["scopes"] == old["scopes"] and new["key"] != old["key"]
    assert Api(old["key"]).get("keys/current").status_code == 200
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=3)):
        assert Api(old["key"]).get("keys/current").status_code == 401
        assert Api(new["key"]).get("keys/current").status_code == 200


def test_revoke_key_refuses_use_and_rotation(as_acme: Api) -> None:
    made = issue_key(as_acme)
    assert as_acme.delete(f"keys/{made['id']}").status_code == 204
    assert Api(made["key"]).get("keys/current").status_code == 401
    answer = as_acme.post(f"keys/{made['id']}/rotate", {})
    assert (answer.status_code, answer.json()["code"]) == (409, "key_not_usable")


def test_current_key_shows_scopes_and_last_use(as_acme: Api) -> None:
    made = issue_key(as_acme, expires_at=(timezone.now() + timedelta(days=1)).isoformat())
    assert made["last_used_on"] is None
    said = Api(made["key"]).get("keys/current").json()
    assert said["scopes"] == ["check"] and said["brand"] == {"slug": "acme", "name": "Acme"}
    assert said["last_used_on"] == timezone.now().date().isoformat()


def test_create_key_with_past_expiry_is_refused(as_acme: Api) -> None:
    answer = as_acme.post(
        "keys", {"name": "x", "scopes": ["check"], "expires_at": "2020-01-01T00:00:00Z"}
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "past")


def test_key_of_other_brand_is_not_found(as_acme: Api, rival: Brand) -> None:
    brand_keys.issue_key(rival, name="theirs")
    theirs = BrandKey.objects.get(brand=rival)
    assert as_acme.delete(f"keys/{theirs.pk}").status_code == 404
    assert as_acme.post(f"keys/{theirs.pk}/rotate", {}).status_code == 404
    assert [each["name"] for each in as_acme.get("keys").json()["data"]] == ["tests"]
    theirs.refresh_from_db()
    assert theirs.revoked_at is None
