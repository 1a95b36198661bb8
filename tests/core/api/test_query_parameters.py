"""The query of every call of the API, by its schema: what it refuses, and how lists are paged."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.urls import URLPattern, get_resolver
from django.utils import timezone
from drf_spectacular.generators import SchemaGenerator

from brands import webhooks
from brands.catalogue import privacy_notices
from brands.credentials import brand_keys
from brands.models import Attempt, Brand, Event, QuarantinedEvent
from cmr.accounts import access, ownership
from cmr.models import Consumer, TestMail
from consent.decision.resolution import Scope
from consent.ledger.recording import Actor
from consent.models import Relationship
from consent.relationships import lifecycle
from core.api.pagination import write_cursor
from core.api.query_parameters import QueryView
from tests.conftest import EMAIL, Api
from tests.factories import create_sender, create_test_brand, record_choice

generator: Any = SchemaGenerator
SCHEMA: dict[str, Any] = generator().get_schema(public=True)
GETS = {path: each["get"] for path, each in SCHEMA["paths"].items() if "get" in each}
#: What each has to be asked beside.
NEEDED = {"/api/v1/suppressions": {"purpose": "marketing", "channel": "email"}}


def _is_list(operation: Mapping[str, Any]) -> bool:
    content = operation["responses"].get("200", {}).get("content", {})
    shown = content.get("application/json", {}).get("schema", {})
    kind = SCHEMA["components"]["schemas"].get(shown.get("$ref", "").rpartition("/")[2], {})
    return "next_cursor" in kind.get("properties", {})


LISTS = [path for path, each in GETS.items() if _is_list(each)]


# -- Two of everything ----------------------------------------------------------------------------


@pytest.fixture
def ids(
    as_acme: Api, as_ana_signed_in: Api, rival: Brand, met: Relationship, now: datetime
) -> dict[str, str]:
    """What exists, by the name of an argument; of everything that is listed there are two."""
    acme, ana = met.brand, Consumer.objects.get()
    lifecycle.start_relationship(ana.subject_id, rival, by=Actor("api"), now=now)
    made = {"brand": "acme", "name": "overview", "code": "spring"}
    made["request_id"] = _ask_twice(as_acme)
    made["import_id"] = _import_twice(as_acme)
    for code in ("spring", "autumn"):
        _expect(as_acme.post("campaigns", {"code": code, "purpose": "marketing"}))
        _expect(as_acme.post("brand/topics", {"code": code, "name": "X", "purpose": "marketing"}))
        privacy_notices.write_notice(acme, code=code, texts={"en": code}, now=now)
    _expect(as_acme.put("campaigns/spring/stats", {"days": [_day(1), _day(2)]}))
    for _ in range(2):
        _expect(as_acme.post("inbound/inlets", {"provider": "postmark"}))
        _expect(as_acme.post("keys", {"name": "another", "scopes": ["check"]}))
        _expect(as_ana_signed_in.post("me/tokens", {"name": "mine"}))
        report = {"brand": "acme", "purpose": "marketing", "channel": "email"}
        _expect(
            as_ana_signed_in.post("me/contact-reports", report | {"contacted_at": now.isoformat()})
        )
    _remove_two_addresses(ana)
    for organisation in ("news.example", "shop.example"):
        create_sender(ana, organisation)
    ownership.add_contact(ana, kind="email", value="ana@example.net", now=now)
    made["entry_id"] = _refuse_twice(ana, now)
    made["subscription_id"] = _subscribe_twice(acme, now)
    return made


def _ask_twice(as_acme: Api) -> str:
    asked = {"contact": {"email": EMAIL}, "purpose": "research", "text": "Once a year."}
    for channel in ("email", "sms"):
        answer = _expect(as_acme.post("permission-requests", asked | {"channel": channel}))
    return str(answer["id"])


def _import_twice(as_acme: Api) -> str:
    for _ in range(2):
        made = _expect(as_acme.post("imports", {"note": "Our list"}))["id"]
    rows = b"email,ref\nnone,1\nnone,2\n"
    _expect(as_acme.send("PUT", f"imports/{made}/parts/1", rows, "text/csv"))
    return str(made)


def _subscribe_twice(acme: Brand, now: datetime) -> str:
    terms = webhooks.SubscriptionTerms(url="https://acme.example/hook")
    for _ in range(2):
        hook, _secret = webhooks.create_subscription(acme, terms, now=now, signature="v1a")
    for sequence in (1, 2):
        message = Event.objects.get(brand=acme, sequence=sequence).uid
        Attempt.objects.create(
            brand=acme, subscription=hook, sequence=sequence, message=message, started_at=now,
            latency_ms=1, outcome="refused", status=422,
        )  # fmt: skip
        QuarantinedEvent.objects.create(
            brand=acme, subscription=hook, sequence=sequence, subject=message, quarantined_at=now
        )
    return str(hook.pk)


def _day(number: int) -> dict[str, Any]:
    day = timezone.now().date() - timedelta(days=number)
    sums = {"sends": 9, "deliveries": 9, "responses": 1, "complaints": 0}
    return {"channel": "email", "day": str(day), **sums}


def _remove_two_addresses(ana: Consumer) -> None:
    for value in ("ana.old@example.net", "ana.older@example.net"):
        point = ownership.add_contact(ana, kind="email", value=value, now=timezone.now())
        access.remove_address(point, now=timezone.now())


def _refuse_twice(ana: Consumer, now: datetime) -> str:
    """Refuse something of acme so long ago that it is overdue, and something of any brand."""
    for brand, purpose in ((True, "research"), (True, "marketing"), (False, "profiling")):
        met = Relationship.objects.get(person=ana.subject_id, brand__slug="acme")
        scope = Scope(brand=met.brand_id if brand else None, purpose=purpose)
        entry = record_choice(ana, "deny", scope, by=Actor("api"), now=now)
    return str(entry.pk)


def _expect(answer: Any) -> Any:
    assert answer.status_code in (200, 201), answer.content
    return answer.json()


@pytest.fixture
def callers(
    as_acme: Api, as_ana_signed_in: Api, as_admin: Api, nobody: Api, now: datetime
) -> dict[str, Api]:
    """Who may call, by the security scheme; test mode has a brand of its own."""
    trial = create_test_brand()
    for text in ("one", "two"):
        TestMail.objects.create(brand=trial, subject=text, text=text, made_at=now)
    return {
        "brandKey": as_acme,
        "test": Api(brand_keys.issue_key(trial, name="tests")),
        "person": as_ana_signed_in,
        "admin": as_admin,
        "": nobody,
    }


def _caller(path: str, callers: Mapping[str, Api]) -> Api:
    if "/test/" in path:
        return callers["test"]
    schemes = {name for each in GETS[path].get("security", []) for name in each}
    if "brandKey" in schemes:
        return callers["brandKey"]
    if "session" in schemes:
        return callers["admin" if path.startswith("/api/v1/reports/") else "person"]
    return callers[""]


def _filled(path: str, ids: Mapping[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda m: ids[m[1]], path).removeprefix("/api/v1/")


# -- What is refused ------------------------------------------------------------------------------


def test_api_views_all_check_their_query() -> None:
    views = {
        str(each.pattern): getattr(each.callback, "cls", None)
        for each in get_resolver().url_patterns
        if isinstance(each, URLPattern) and str(each.pattern).startswith("api/v1/")
    }
    others = {path for path, view in views.items() if not (view and issubclass(view, QueryView))}
    assert others == {"api/v1/schema"}


def test_get_unknown_parameter_is_refused(ids: dict[str, str], callers: dict[str, Api]) -> None:
    for path in GETS:
        api, real = _caller(path, callers), _filled(path, ids)
        needed = NEEDED.get(path, {})
        answer: Any = api.get(real, **needed)
        assert answer.status_code == 200, path
        if answer.streaming:
            list(answer.streaming_content)  # read to its end, it gives its slot back
        answer = api.get(real, **needed, zzz=1)
        assert (answer.status_code, answer.json()["code"]) == (422, "unknown_field"), path
        assert answer.json()["field"] == "zzz"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "check"),
        ("POST", "choices"),
        ("PUT", "brand"),
        ("DELETE", "subscriptions/00000000-0000-0000-0000-000000000000"),
    ],
)
def test_write_unknown_parameter_is_refused(method: str, path: str, as_acme: Api) -> None:
    about = b'{"contact":{"email":"a@example.org"},"purpose":"marketing","channel":"email"}'
    answer = as_acme.send(method, f"{path}?dry_run=1", about)
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_field")
    assert answer.json()["field"] == "dry_run"


@pytest.mark.parametrize("path", ["events", "keys", "exports/preferences"])
def test_get_repeated_parameter_is_refused(path: str, as_acme: Api) -> None:
    name = "form" if path.startswith("exports") else "limit"
    value = "csv" if name == "form" else "1"
    answer = as_acme.get(path, **{name: [value, value]})
    assert (answer.status_code, answer.json()["code"]) == (422, "given_twice")
    assert answer.json()["field"] == name


def test_unknown_method_with_parameter_is_405(as_acme: Api) -> None:
    assert as_acme.send("DELETE", "check?zzz=1").status_code == 405


def test_exceptions_csv_with_page_is_refused(as_acme: Api, ids: dict[str, str]) -> None:
    path = f"imports/{ids['import_id']}/exceptions"
    assert as_acme.get(path, form="csv").status_code == 200
    for given in ({"form": "csv", "limit": 1}, {"form": "xlsx"}, {"form": "csv", "zzz": 1}):
        assert as_acme.get(path, **given).status_code == 422


NO_NUMBERS = ["1.0", "+1", " 1", "1 ", "1\n", "٣", "１", "1_0", "1e1", "0x1"]


def test_integer_parameter_other_digits_are_refused(
    ids: dict[str, str], callers: dict[str, Api]
) -> None:
    for path, operation in GETS.items():
        for each in operation.get("parameters", []):
            if each["in"] != "query" or each["schema"].get("type") != "integer":
                continue
            for text in NO_NUMBERS:
                query = NEEDED.get(path, {}) | {each["name"]: text}
                answer = _caller(path, callers).get(_filled(path, ids), **query)
                assert (answer.status_code, answer.json()["field"]) == (422, each["name"]), path


# -- Pages ----------------------------------------------------------------------------------------


def test_list_pages_hold_every_row(ids: dict[str, str], callers: dict[str, Api]) -> None:
    for path in LISTS:
        api, real = _caller(path, callers), _filled(path, ids)
        found = _walk(api, real, place="after" if "/events" in path else "cursor")
        assert found == api.get(real).json()["data"], path
        assert len(found) >= 2, path


def _walk(api: Api, path: str, *, place: str) -> list[Any]:
    """Return what all pages of a list hold, of which each has one item."""
    found, query = [], {"limit": 1}
    while True:
        page = api.get(path, **query).json()
        assert len(page["data"]) == 1, path
        found += page["data"]
        if page["next_cursor"] is None:
            return found
        query[place] = page["next_cursor"]


NO_CURSORS = ["x", "ü", "eA", *map(write_cursor, ([], ["\0"], ["a", "b", "c"]))]


def test_list_unknown_cursor_is_refused(ids: dict[str, str], callers: dict[str, Api]) -> None:
    for path in LISTS:
        for cursor in NO_CURSORS if "/events" not in path else []:
            answer = _caller(path, callers).get(_filled(path, ids), cursor=cursor)
            assert (answer.status_code, answer.json()["code"]) == (422, "invalid_cursor"), path


@pytest.mark.parametrize("place", ["x", "9" * 30, "-1e3", "0000-00-00"])
def test_list_cursor_with_invalid_place_is_refused(place: str, as_acme: Api) -> None:
    for path, length in (("keys", 1), ("subscriptions", 2), ("imports", 1)):
        answer = as_acme.get(path, cursor=write_cursor([place] * length))
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_cursor")


#: Lists that are ordered by a time.
BY_TIME = ["subscriptions", "inbound/inlets", "me/permission-requests", "me/history"]


@pytest.mark.parametrize(
    "time",
    [
        "0001-01-01 00:00:00+23:59",  # the database takes no such offset, and UTC has no such time
        "2200-01-01 00:00:00+00:00",
        "9999-12-31 23:59:59-23:59",
        "2026-11-22 00:00:00",
    ],
)
@pytest.mark.parametrize("path", BY_TIME)
def test_list_cursor_with_invalid_time_is_refused(
    path: str, time: str, as_acme: Api, as_ana_signed_in: Api
) -> None:
    api = as_ana_signed_in if path.startswith("me/") else as_acme
    for entry in ("1", "ffffffff-ffff-ffff-ffff-ffffffffffff"):
        answer = api.get(path, cursor=write_cursor([time, entry]))
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_cursor")


def test_list_cursor_with_any_zone_is_read(as_acme: Api) -> None:
    for time in ("2026-11-22 00:00:00+23:59", "1900-01-01 00:00:00+00:00"):
        cursor = write_cursor([time, "ffffffff-ffff-ffff-ffff-ffffffffffff"])
        assert as_acme.get("subscriptions", cursor=cursor).status_code == 200


def test_list_changed_meanwhile_keeps_pages(as_acme: Api, acme_key: str) -> None:
    made = [as_acme.post("keys", {"name": "x", "scopes": ["check"]}).json()["id"] for _ in "123"]
    page = as_acme.get("keys", limit=2).json()
    assert [each["id"] for each in page["data"]] == made[:0:-1]
    as_acme.post("keys", {"name": "new", "scopes": ["check"]})
    rest = as_acme.get("keys", limit=2, cursor=page["next_cursor"]).json()["data"]
    assert rest[0]["id"] == made[0]
