"""Brand keys: authentication, scopes, expiry and how keys are stored."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from brands.credentials import bearer, brand_keys
from brands.models import Brand, BrandKey, Topic
from consent.models import Relationship
from tests.conftest import Api

NO_ID = "00000000-0000-0000-0000-000000000000"
#: Every call that a brand can make, and the scope that it takes.
CALLS = [
    ("GET", "brand/purposes", "check"),
    ("GET", "brand/topics", "check"),
    ("POST", "check", "check"),
    ("POST", "relationships", "relationships"),
    ("POST", "choices", "relationships"),
    ("GET", "events", "events"),
    ("POST", "events/ack", "ack"),
    ("GET", "subscriptions", "subscriptions"),
    ("POST", "subscriptions", "subscriptions"),
    ("GET", f"subscriptions/{NO_ID}", "subscriptions"),
    ("PUT", f"subscriptions/{NO_ID}", "subscriptions"),
    ("GET", "exports/preferences", "exports"),
    ("DELETE", f"subscriptions/{NO_ID}", "subscriptions"),
    ("POST", f"subscriptions/{NO_ID}/rotate", "subscriptions"),
    ("POST", f"subscriptions/{NO_ID}/enable", "subscriptions"),
]


@pytest.mark.parametrize(("method", "path", "scope"), CALLS)
def test_call_without_scope_is_refused(method: str, path: str, scope: str, acme: Brand) -> None:
    lacking = brand_keys.issue_key(acme, name="tests", scopes=set(brand_keys.KEY_SCOPES) - {scope})
    answer = Api(lacking).send(method, path, b"{}")
    assert (answer.status_code, answer.json()["code"]) == (403, "missing_scope")


@pytest.mark.parametrize(("method", "path", "scope"), CALLS)
def test_call_with_only_its_scope_is_allowed(
    method: str, path: str, scope: str, acme: Brand
) -> None:
    only = brand_keys.issue_key(acme, name="tests", scopes=[scope])
    assert Api(only).send(method, path, b"{}").status_code in (200, 404, 422)


@pytest.mark.parametrize(("method", "path", "scope"), CALLS)
def test_call_without_brand_key_is_unauthenticated(
    method: str, path: str, scope: str, nobody: Api, ana_token: str
) -> None:
    for api in (nobody, Api("cmr_live_wrong"), Api(ana_token)):
        answer = api.send(method, path, b"{}")
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="brand"'


def test_call_with_session_is_unauthenticated(as_admin: Api) -> None:
    assert as_admin.get("events").status_code == 401


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        "bearer x",
        "Basic YWNtZTphY21l",
        "Token {key}",
        "{key}",
        "Bearer {key}x",
        "Bearer x{key}",
        "Bearer {key} {key}",
        "Bearer {key},",
        "Bearer {upper}",
        "Bearer é",
        "Bearer " + "a" * 10_000,
    ],
)
def test_call_with_malformed_header_is_unauthenticated(
    header: str, nobody: Api, acme_key: str
) -> None:
    text = header.format(key=acme_key, upper=acme_key.upper())
    answer = nobody.client.get("/api/v1/events", headers={"Authorization": text})
    assert answer.status_code == 401
    assert answer.json()["code"] in {"invalid_key", "not_authenticated"}


def test_key_with_secret_of_other_key_is_refused(acme_key: str, rival_key: str) -> None:
    prefix, secret = acme_key[:25], rival_key[25:]
    assert Api(acme_key).get("events").status_code == 200
    assert Api(prefix + secret).get("events").status_code == 401


def test_key_revoked_is_refused(as_acme: Api) -> None:
    key = BrandKey.objects.get()
    assert brand_keys.revoke_key(key, now=timezone.now()) is True
    assert brand_keys.revoke_key(key, now=timezone.now()) is False
    answer = as_acme.get("events")
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_key")


def test_key_expired_is_refused(acme: Brand, now: datetime) -> None:
    text = brand_keys.issue_key(acme, name="tests", expires_at=now)
    assert brand_keys.recognise_key(text, now=now - timedelta(seconds=1)) is not None
    assert brand_keys.recognise_key(text, now=now) is None
    assert Api(text).get("events").status_code == 401


def test_issue_key_stores_only_digest(acme_key: str) -> None:
    key = BrandKey.objects.get()
    assert bytes(key.digest) == hashlib.sha256(acme_key.encode()).digest()
    secret = acme_key[26:]
    with connection.cursor() as cursor:
        cursor.execute("SELECT brands_brandkey::text FROM brands_brandkey")
        (row,) = cursor.fetchone()
    assert key.prefix in row
    assert secret not in row
    assert secret.encode().hex() not in row


def test_generate_credential_many_times_is_unique() -> None:
    texts = {bearer.generate_credential(brand_keys.LIVE_KEY).text for _ in range(100)}
    assert len(texts) == 100
    assert all(len(text) == len("cmr_live_") + 16 + 1 + 43 for text in texts)


def test_issue_key_unknown_scope_is_refused(acme: Brand) -> None:
    with pytest.raises(brand_keys.UnknownScope, match="everything"):
        brand_keys.issue_key(acme, name="tests", scopes=["check", "everything"])


def test_call_returns_only_data_of_own_brand(
    as_acme: Api, as_rival: Api, offers: Topic, met: Relationship
) -> None:
    made = as_acme.post("subscriptions", {"url": "https://acme.example/hook"}).json()
    assert as_acme.get("events").json()["data"]
    for path in ("events", "subscriptions", "brand/topics"):
        assert as_acme.get(path).json()["data"]
        assert as_rival.get(path).json()["data"] == []
    assert as_rival.get(f"subscriptions/{made['id']}").status_code == 404


def test_purposes_list_regime_and_channels(as_acme: Api) -> None:
    purposes = {p["code"]: p for p in as_acme.get("brand/purposes").json()["data"]}
    assert purposes["marketing"]["regime"] == "opt_in"
    assert purposes["marketing"]["dpv"] == "https://w3id.org/dpv#DirectMarketing"
    assert "email" in purposes["marketing"]["channels"]
    assert purposes["service"]["regime"] == "required"
    assert purposes["profiling"]["channels"] == []


def test_recognise_key_returns_complete_brand(acme: Brand, acme_key: str, now: datetime) -> None:
    """What recognising does not read is read when it is needed, and saving blanks nothing."""
    Brand.objects.filter(pk=acme.pk).update(website="https://acme.example", test=True)
    key = brand_keys.recognise_key(acme_key, now=now)
    assert key is not None
    assert key.brand.website == "https://acme.example" and key.brand.namespace != b""
    key.brand.save()
    key.save()
    assert Brand.objects.get() == acme and Brand.objects.get().website == "https://acme.example"
    assert BrandKey.objects.get().created_at == key.created_at
