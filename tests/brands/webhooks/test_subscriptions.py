"""/subscriptions: creating, listing, changing and deleting webhooks."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from brands import webhooks
from brands.events import stream
from brands.models import Brand, Subscription
from brands.webhooks import leases, signing_keys
from consent.models import Relationship
from tests.conftest import Api

URL = "https://acme.example/hook"


@pytest.fixture
def made(as_acme: Api) -> dict[str, Any]:
    answer = as_acme.post("subscriptions", {"url": URL})
    assert answer.status_code == 201
    body: dict[str, Any] = answer.json()
    return body


@pytest.fixture
def _production(settings: Settings) -> None:
    settings.OUTBOUND_ALLOW_LOOPBACK = False


# -- Making ---------------------------------------------------------------------------------------


def test_create_shows_secret_once(as_acme: Api, made: dict[str, Any]) -> None:
    assert made["secret"].startswith("whsec_")
    shown = as_acme.get(f"subscriptions/{made['id']}").json()
    assert shown == {name: value for name, value in made.items() if name != "secret"}
    assert as_acme.get("subscriptions").json() == {"data": [shown], "next_cursor": None}


def test_create_stores_secret_encrypted(made: dict[str, Any]) -> None:
    bare = made["secret"].removeprefix("whsec_")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT brands_subscription::text, convert_from(secret, 'utf-8')"
            " FROM brands_subscription"
        )
        stored = "\n".join(cursor.fetchone())
    assert bare not in stored
    assert bare.encode().hex() not in stored
    kept = Subscription.objects.get()
    assert signing_keys.list_secrets(kept, now=timezone.now()) == [made["secret"]]


def test_create_without_terms_starts_at_end_with_all_types(as_acme: Api, met: Relationship) -> None:
    made = as_acme.post("subscriptions", {"url": URL}).json()
    assert (made["delivered_through"], made["event_types"]) == (1, ["*"])
    assert (made["enabled"], made["batch"], made["failures"]) == (True, 1, 0)


@pytest.mark.parametrize(("after", "status"), [(0, 201), (1, 201), (2, 422), (2**63 - 1, 422)])
def test_create_with_after_starts_there(
    after: int, status: int, as_acme: Api, met: Relationship
) -> None:
    answer = as_acme.post("subscriptions", {"url": URL, "after": after})
    assert answer.status_code == status
    if status == 201:
        assert answer.json()["delivered_through"] == after
    else:
        assert (answer.json()["code"], answer.json()["field"]) == ("beyond_stream", "after")


@pytest.mark.usefixtures("_production")
@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/hook",
        "https://127.0.0.1/hook",
        "https://127.0.0.1:8000/hook",
        "https://0.0.0.0/",
        "https://10.1.2.3/",
        "https://172.16.0.1/",
        "https://192.168.1.1/",
        "https://100.64.0.1/",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/",
        "https://[::]/",
        "https://[::ffff:10.0.0.1]/",
        "https://[::ffff:a00:1]/",
        "https://[64:ff9b::a00:1]/",
        "https://[2002:a00:1::]/",
        "https://[fe80::1%25eth0]/",
        "https://[fd00::1]/",
        "https://user:pass@example.org/",
        "https://user@example.org/",
        "https://@example.org/",
        "https://:@example.org/",
        "https://",
        "https:///hook",
        "https:example.org",
        "https://:443/",
        "https://example.org:0/",
        "https://example.org:22/",
        "https://example.org:8000/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://0177.0.0.1/",
        "https://\uff11\uff12\uff17.0.0.1/",
        "https://127.0.0.1./",
        "https://%31%32%37.0.0.1/",
        "https://example.org:65536/",
        "https://example.org:x/",
        "https://[::1/",
        "https://example.org/#part",
        "https://example.org/a b",
        "https://exa mple.org/",
        "https://example.org/a\tb",
        "https://example.org/\r\nX-Evil: 1",
        "https://example.org\x7f/",
        "//example.org/hook",
        "example.org",
        "ftp://example.org/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "gopher://example.org/",
        "https+unix://example.org/",
    ],
)
def test_create_forbidden_url_is_refused(url: str, as_acme: Api) -> None:
    answer = as_acme.post("subscriptions", {"url": url})
    assert (answer.status_code, answer.json()["code"]) == (422, "forbidden_url"), answer.content
    assert answer.json()["field"] == "url"
    assert not Subscription.objects.exists()


@pytest.mark.usefixtures("_production")
@pytest.mark.parametrize(
    "url",
    [
        "https://example.org",
        "HTTPS://EXAMPLE.ORG/Hook",
        "https://example.org:8443/a?b=c",
        "https://bücher.example/",
        "https://93.184.216.34/",
        "https://[2606:2800:220:1:248:1893:25c8:1946]/",
    ],
)
def test_create_allowed_url_is_stored(url: str, as_acme: Api) -> None:
    answer = as_acme.post("subscriptions", {"url": url})
    assert (answer.status_code, answer.json().get("url")) == (201, url)


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"url": "https://example.org/" + "a" * 1981}, "max_length", "url"),
        ({"url": "https://example.org/\0"}, "null_characters_not_allowed", "url"),
        ({"url": ""}, "blank", "url"),
        ({"url": None}, "null", "url"),
        ({"url": ["https://example.org"]}, "invalid", "url"),
        ({"event_types": ["preference.exploded"]}, "unknown_event_type", "event_types"),
        ({"event_types": ["preference.*", "nothing.*"]}, "unknown_event_type", "event_types"),
        ({"event_types": ["*.denied"]}, "unknown_event_type", "event_types"),
        ({"event_types": ["preference"]}, "unknown_event_type", "event_types"),
        ({"event_types": [".*"]}, "unknown_event_type", "event_types"),
        ({"event_types": []}, "min_length", "event_types"),
        ({"event_types": "*"}, "not_a_list", "event_types"),
        ({"event_types": [""]}, "blank", "event_types.0"),
        ({"event_types": [None]}, "null", "event_types.0"),
        ({"event_types": ["*"] * 21}, "max_length", "event_types"),
        ({"after": -1}, "min_value", "after"),
        ({"after": 2**63}, "max_value", "after"),
        ({"batch": 101}, "max_value", "batch"),
        ({"secret": "whsec_mine"}, "unknown_field", "secret"),
    ],
)
def test_create_invalid_body_is_refused(
    change: dict[str, Any], code: str, field: str, as_acme: Api
) -> None:
    answer = as_acme.post("subscriptions", {"url": URL, **change})
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["field"]) == (422, code, field)
    assert not Subscription.objects.exists()


@pytest.mark.parametrize(
    "types", [["*"], ["preference.*"], ["relationship.ended"], ["preference.denied", "*"]]
)
def test_create_known_event_types_are_stored(types: list[str], as_acme: Api) -> None:
    answer = as_acme.post("subscriptions", {"url": URL, "event_types": types})
    assert (answer.status_code, answer.json()["event_types"]) == (201, types)


def test_create_more_than_fifty_is_refused(as_acme: Api) -> None:
    body = {"url": URL}
    assert {as_acme.post("subscriptions", body).status_code for _ in range(50)} == {201}
    answer = as_acme.post("subscriptions", body)
    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_subscriptions")
    first = as_acme.get("subscriptions").json()["data"][0]["id"]
    as_acme.delete(f"subscriptions/{first}")
    assert as_acme.post("subscriptions", body).status_code == 201


# -- Changing and ending --------------------------------------------------------------------------


def test_change_keeps_cursor(as_acme: Api, made: dict[str, Any], met: Relationship) -> None:
    path = f"subscriptions/{made['id']}"
    other = {"url": "https://acme.example/other", "event_types": ["preference.*"]}
    answer = as_acme.put(path, other)
    assert answer.status_code == 200
    assert answer.json() == {k: v for k, v in made.items() if k != "secret"} | other
    assert as_acme.get(path).json() == answer.json()


@pytest.mark.usefixtures("_production")
@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"url": "https://10.0.0.1/", "event_types": ["*"]}, "forbidden_url"),
        ({"url": URL, "event_types": ["nothing"]}, "unknown_event_type"),
        ({"url": URL}, "required"),
        ({"event_types": ["*"]}, "required"),
        ({"url": URL, "event_types": ["*"], "enabled": True}, "unknown_field"),
        ({"url": URL, "event_types": ["*"], "after": 0}, "unknown_field"),
    ],
)
def test_change_invalid_body_changes_nothing(
    body: dict[str, Any], code: str, as_acme: Api, made: dict[str, Any]
) -> None:
    path = f"subscriptions/{made['id']}"
    before = as_acme.get(path).json()
    answer = as_acme.put(path, body)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert as_acme.get(path).json() == before


def test_delete_removes_and_stops_delivery(
    as_acme: Api, as_ana: Api, made: dict[str, Any], met: Relationship
) -> None:
    path = f"subscriptions/{made['id']}"
    assert as_acme.delete(path).status_code == 204
    assert as_acme.get("subscriptions").json()["data"] == []
    as_ana.post("me/choices", {"scope": {"brand": "acme"}, "decision": "deny"})
    assert stream.read_last_sequence(met.brand_id) > made["delivered_through"]
    assert not leases.find_due_subscriptions()
    for answer in (as_acme.get(path), as_acme.delete(path), as_acme.post(f"{path}/enable")):
        assert answer.status_code == 404


def test_rotate_secret_keeps_old_one_for_a_while(as_acme: Api, made: dict[str, Any]) -> None:
    new = as_acme.post(f"subscriptions/{made['id']}/rotate")
    assert new.status_code == 200
    kept, now = Subscription.objects.get(), timezone.now()
    assert signing_keys.list_secrets(kept, now=now) == [new.json()["secret"], made["secret"]]
    after = now + signing_keys.ROTATION
    assert signing_keys.list_secrets(kept, now=after) == [new.json()["secret"]]


def test_enable_continues_at_cursor(as_acme: Api, made: dict[str, Any], met: Relationship) -> None:
    webhooks.disable_subscription(Subscription.objects.get(), reason="gone", now=timezone.now())
    path = f"subscriptions/{made['id']}"
    stopped = as_acme.get(path).json()
    assert (stopped["enabled"], stopped["disabled_reason"]) == (False, "gone")
    assert not leases.find_due_subscriptions()
    answer = as_acme.post(f"{path}/enable")
    assert (answer.status_code, answer.json()["enabled"]) == (200, True)
    assert answer.json()["delivered_through"] == made["delivered_through"]
    assert leases.find_due_subscriptions()


@pytest.mark.parametrize("step", ["", "/rotate", "/enable"])
def test_subscription_of_other_brand_is_not_found(
    step: str, as_rival: Api, made: dict[str, Any], acme: Brand
) -> None:
    nowhere = "00000000-0000-0000-0000-000000000000"
    body = {"url": "https://rival.example/", "event_types": ["*"]}
    for method in ["POST"] if step else ["GET", "PUT", "DELETE"]:
        answers = []
        for each in (made["id"], nowhere):
            path = f"subscriptions/{each}{step}"
            answers.append(
                as_rival.put(path, body) if method == "PUT" else as_rival.send(method, path)
            )
        assert [answer.status_code for answer in answers] == [404, 404]
        assert answers[0].json() | {"request_id": ""} == answers[1].json() | {"request_id": ""}
    assert Subscription.objects.get().url == URL


@pytest.mark.parametrize("name", ["x", "1", "..", "%00", "0" * 40])
def test_subscription_invalid_id_is_not_found(name: str, as_acme: Api) -> None:
    assert as_acme.get(f"subscriptions/{name}").status_code == 404


# -- Key pairs ------------------------------------------------------------------------------------


def test_create_with_key_pair_shows_public_key(as_acme: Api, nobody: Api) -> None:
    made = as_acme.post("subscriptions", {"url": URL, "signature": "v1a"}).json()
    assert made["public_key"].startswith("whpk_")
    assert "secret" not in made
    answer = nobody.get(f"subscriptions/{made['id']}/jwks.json")
    (key,) = answer.json()["keys"]
    assert (key["kty"], key["crv"], key["alg"]) == ("OKP", "Ed25519", "Ed25519")
    assert "d" not in key
    assert answer.headers["Cache-Control"] == "public, max-age=300"


def test_rotate_key_pair_keeps_old_key_in_jwks(as_acme: Api, nobody: Api) -> None:
    made = as_acme.post("subscriptions", {"url": URL, "signature": "v1a"}).json()
    path = f"subscriptions/{made['id']}"
    (old,) = nobody.get(f"{path}/jwks.json").json()["keys"]
    new = as_acme.post(f"{path}/rotate").json()
    assert new["public_key"] != made["public_key"]
    keys = nobody.get(f"{path}/jwks.json").json()["keys"]
    assert len(keys) == 2
    assert keys[1] == old


def test_jwks_with_secret_is_not_found(made: dict[str, Any], nobody: Api) -> None:
    for subscription_id in (made["id"], "019a0000-0000-7000-8000-000000000000"):
        answer = nobody.get(f"subscriptions/{subscription_id}/jwks.json")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
