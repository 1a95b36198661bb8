"""Malformed requests to every operation of the API: each gets a documented refusal, none a 500.

`FUZZ=all` tries all requests of `malformed_requests`; without it, a part that is always the same.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zlib import crc32

import orjson
import pytest
from django.db import transaction
from django.test import override_settings
from drf_spectacular.generators import SchemaGenerator
from pytest_django import DjangoDbBlocker

from brands.models import Brand
from cmr.accounts import ownership
from cmr.models import AccessToken, Consumer, RateLimitCount, User
from cmr.permission_requests import requests
from cmr.permission_requests.requests import RequestedPermission
from cmr.sign_in import access_tokens
from config import problems
from consent.ledger.recording import Actor
from consent.relationships import lifecycle
from tests.conftest import EMAIL, PASSWORD, ROOT, Api
from tests.factories import create_test_brand
from tests.project import malformed_requests
from tests.project.malformed_requests import Call, Operation
from tests.project.tenants import Tenant, settled

NOW = datetime.now(UTC)
LATER = (NOW + timedelta(days=90)).isoformat()
CODES = set(re.findall(r"^### `(\w+)`", (ROOT / "docs" / "errors.md").read_text(), re.MULTILINE))
#: Of so many spoilt calls one is tried.
PART = 1 if os.environ.get("FUZZ") == "all" else 50
QUESTION = {"purpose": "marketing", "channel": "email"}
CHOICES: list[dict[str, Any]] = [
    {"decision": "deny"},
    {
        "decision": "grant",
        "scope": QUESTION,
        "evidence": "Form 7",
        "made_at": (NOW - timedelta(days=1)).isoformat(),
        "expires_at": LATER,
        "also": ("evidence", "made_at", "expires_at"),
    },
    {"decision": "pause", "until": LATER, "also": ("until",)},
    {"decision": "limit", "scope": QUESTION, "also": ("limit",)},
]
#: What a good call gives: by the name of the field, and for one operation by that of the operation.
KNOWN: dict[str, Any] = {
    **QUESTION,
    "scope": {"purpose": "marketing"},
    "email": EMAIL,
    "operations_email": EMAIL,
    "password": PASSWORD,
    "brand": "acme",
    "url": "https://127.0.0.1/hook",
    "event_types": ["preference.*"],
    "number": "2",
    "name": "overview",
    "from": EMAIL,
    "value": "new@example.org",
    "texts": {"en": "We send offers."},
    "day": NOW.date().isoformat(),
    "PUT /api/v1/brand/notices/{code}": [{"code": "acme-notice"}],
    "GET /api/v1/brand/notices/{code}": [{"code": "acme-notice"}],
    "POST /api/v1/brand/topics": [{"code": "new-topic"}],
    "PUT /api/v1/brand/topics/{code}": [{"code": "acme-topic"}],
    "DELETE /api/v1/brand/topics/{code}": [{"code": "acme-topic"}],
    "POST /api/v1/campaigns": [{"code": "new-campaign"}],
    "PUT /api/v1/campaigns/stats": [
        {
            "text": b"campaign,channel,day,sends,deliveries,responses,complaints\n"
            b"acme-campaign,email,%b,9,8,1,0\n" % NOW.date().isoformat().encode()
        }
    ],
    "POST /api/v1/check": [{"also": ("purpose", "channel")}],
    "POST /api/v1/checks": [{"also": ("channel", "email")}],
    "POST /api/v1/checks/stream": [{"query": QUESTION, "text": b'{"email":"ana@example.org"}\n'}],
    "GET /api/v1/suppressions": [{"query": QUESTION}],
    "POST /api/v1/choices": CHOICES,
    "POST /api/v1/me/choices": CHOICES,
    "POST /api/v1/test/choices": CHOICES,
    "PUT /api/v1/imports/{import_id}/parts/{number}": [{"text": b"email\nana@example.org\n"}],
    "POST /api/v1/inbound/sms": [{"from": "+491701234567"}],
    "POST /api/v1/links": [{"also": ("contact",)}],
    "POST /api/v1/me/check": [{"also": ("channel",)}],
    "POST /api/v1/sends/reserve": [{"also": ("channel",)}],
    "POST /api/v1/subscriptions/{subscription_id}/replay": [{"from": 1, "also": ("from",)}],
}
#: Operations whose good call is refused here all the same, and why.
REFUSED = {
    "DELETE /api/v1/me/contact-points/{point_id}": "last_address",
    "POST /api/v1/me/contact-points/{pending_id}/verify": "not_found",
    "POST /api/v1/me/removed-contact-points/{removed_id}/restore": "not_found",
    "GET /api/v1/subscriptions/{subscription_id}/jwks.json": "not_found",
}


def build_document() -> Mapping[str, Any]:
    generator: Any = SchemaGenerator
    document: Mapping[str, Any] = generator().get_schema(public=True)
    return document


DOCUMENT = build_document()
each_operation = pytest.mark.parametrize(
    "name", [each.name for each in malformed_requests.read_operations(DOCUMENT, KNOWN)]
)


@pytest.fixture(scope="module")
def _kept(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Hold a transaction around those of the tests, so that the cast is made once."""
    cheap = override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"])
    with django_db_blocker.unblock(), cheap, transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def person(_kept: None) -> Consumer:
    return ownership.open_account(email=EMAIL, password=PASSWORD, verified_at=NOW)


@pytest.fixture(scope="module")
def brands(person: Consumer) -> dict[str, Tenant]:
    """One in each mode, with something of everything; the person deals with the live one."""
    acme = Brand.objects.create(slug="acme", name="Acme")
    trial = create_test_brand()
    met, _ = lifecycle.start_relationship(person.subject_id, acme, by=Actor("api"), now=NOW)
    live = settled(acme, "acme", NOW)
    asked = requests.ask_person(
        met, RequestedPermission("research", "email", None, "May we?"), now=NOW
    )
    live.known["request_of_person"] = str(asked.pk)  # type: ignore[index]
    return {"live": live, "test": settled(trial, "trial", NOW)}


@pytest.fixture(scope="module")
def callers(person: Consumer, brands: dict[str, Tenant]) -> dict[str, Api]:
    """By the name of the security scheme; "" is nobody."""
    admin = User.objects.create_superuser("admin@example.org", PASSWORD)
    return {
        "brandKey": Api(brands["live"].key),
        "test": Api(brands["test"].key),
        "consumerToken": Api(access_tokens.issue_token(person, name="spoilt")),
        "session": _sign_in(person.user),
        "admin": _sign_in(admin),
        "": Api(),
    }


def _sign_in(user: Any) -> Api:
    api = Api()
    api.client.force_login(user)
    return api


@pytest.fixture(scope="module")
def operations(
    person: Consumer, brands: dict[str, Tenant], callers: dict[str, Api]
) -> dict[str, Operation]:
    mine = callers["consumerToken"]
    done = mine.post("me/choices", {"scope": {"purpose": "research"}, "decision": "deny"})
    entry = done.json()["data"][0]["entry"]
    receipt = mine.get(f"me/history/{entry}/receipt").json()["receipt"]
    own = {
        "entry_id": entry,
        "receipt": receipt,
        "point_id": str(person.contact_points.get().pk),
        "token_id": str(AccessToken.objects.get(consumer=person).pk),
    }
    known = {**brands["live"].known, **KNOWN, **own}
    request = {"request_id": brands["live"].known["request_of_person"]}
    known["POST /api/v1/me/permission-requests/{request_id}"] = [request]
    found = {each.name: each for each in malformed_requests.read_operations(DOCUMENT, known)}
    known |= {name: value for name, value in brands["test"].known.items() if name in KNOWN_OF_TEST}
    tests = {each.name: each for each in malformed_requests.read_operations(DOCUMENT, known)}
    return found | {name: each for name, each in tests.items() if "/api/v1/test/" in name}


KNOWN_OF_TEST = ("contact", "request_id")


def caller_of(operation: Operation, callers: Mapping[str, Api]) -> Api:
    if operation.path.startswith("/api/v1/test/"):
        return callers["test"]
    if operation.path.startswith("/api/v1/reports/{"):
        return callers["admin"]
    return callers[operation.schemes[0] if operation.schemes else ""]


@pytest.fixture
def call(callers: dict[str, Api], db: None) -> Callable[[Operation, Call], tuple[int, bytes, str]]:
    """Makes a call and takes back whatever it did."""

    def ask(operation: Operation, call: Call) -> tuple[int, bytes, str]:
        api = caller_of(operation, callers)
        before = transaction.savepoint()
        RateLimitCount.objects.all().delete()  # or it would soon be too often
        path = call.path.removeprefix("/api/v1/") + (f"?{call.query}" if call.query else "")
        try:
            answer = api.send(operation.method, path, call.body, call.media, **call.headers)
            content = b"".join(answer) if answer.streaming else answer.content
        except Exception as error:  # what no middleware turns into an answer
            return 500, repr(error).encode(), ""
        finally:
            transaction.savepoint_rollback(before)
        return answer.status_code, content, answer.headers.get("Content-Type", "")

    return ask


def explain_fault(status: int, content: bytes, media: str) -> str:
    """Return what is wrong about an answer to any call; "" for nothing."""
    if status < 400:
        return ""
    if status >= 500 or media != problems.MEDIA_TYPE:
        return f"{status} {media} {content[:200]!r}"
    codes = {each["code"] for each in orjson.loads(content)["errors"]}
    return "" if codes <= CODES else f"not in docs/errors.md: {codes - CODES}"


Ask = Callable[[Operation, Call], tuple[int, bytes, str]]


@each_operation
def test_a_good_call_reaches_its_view(
    name: str, operations: dict[str, Operation], call: Ask
) -> None:
    """What is spoilt would otherwise be refused for something else."""
    good = next(malformed_requests.spoil(operations[name]))
    status, content, _ = call(operations[name], good)
    code = orjson.loads(content)["code"] if status >= 400 else None
    assert code == REFUSED.get(name), content


@each_operation
def test_spoilt_calls_get_a_documented_refusal(
    name: str, operations: dict[str, Operation], call: Ask
) -> None:
    faults = {}
    for nth, spoilt in enumerate(malformed_requests.spoil(operations[name])):
        if crc32(f"{name} {nth}".encode()) % PART:
            continue
        if fault := explain_fault(*call(operations[name], spoilt)):
            faults[spoilt.what] = fault
    assert faults == {}
