"""The running API against its own contract: whatever is sent, what it answers is documented."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from zlib import crc32

import pytest
import schemathesis
from django.test import Client
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, settings
from pytest_django.live_server_helper import LiveServer
from requests import Session
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from brands import webhooks
from brands.models import Brand, Topic
from cmr import tokens
from cmr.models import Consumer, RateLimitCount, User
from consent.models import Relationship, Send
from tests.conftest import EMAIL, PASSWORD
from tests.project.tenants import Tenant, settled
from tests.trying import TIMES

#: Longer than any answer takes on a slow machine; what hangs fails all the same.
PATIENCE = 120  # seconds
METHODS = ("get", "post", "put", "patch", "delete")
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@schemathesis.serializer("application/x-ndjson")
def written(ctx: object, value: Any) -> bytes:
    """Lines of any text: most are no contacts, and each of those must get its own error."""
    return str(value).encode("utf-8", "replace")


@schemathesis.deserializer("application/x-ndjson")
def read(ctx: object, response: Any) -> str:
    return str(response.content.decode())


def strict_contract() -> dict[str, Any]:
    """The schema without room for fields that it does not name, in calls and in answers."""
    generator: Any = SchemaGenerator
    schema: dict[str, Any] = generator().get_schema(public=True)
    for each in schema["components"]["schemas"].values():
        if "properties" in each:
            each.setdefault("additionalProperties", False)
    return schema


#: Of so many operations one gets every edge case of its schema, too; `FUZZ=all` tries all.
#: `test_spoilt_calls` tries edge cases of each operation anyway, for a small part of the time.
PART = 1 if os.environ.get("FUZZ") == "all" else 6


def configured(schema: dict[str, Any]) -> schemathesis.Config:
    """Return settings by which edge cases are tried of a part that is always the same."""
    labels = [f"{method.upper()} {path}" for path in schema["paths"] for method in METHODS]
    chosen = [each for each in labels if crc32(each.encode()) // 2 % PART == 0]
    return schemathesis.Config.from_dict(
        {
            "phases": {"coverage": {"enabled": False}},
            "operations": [{"include-name": chosen, "phases": {"coverage": {"enabled": True}}}],
        }
    )


SCHEMA = strict_contract()
CONTRACT = schemathesis.openapi.from_dict(SCHEMA, config=configured(SCHEMA))


def _is_for_brands(context: Any) -> bool:
    security = context.operation.definition.raw.get("security", [])
    return any("brandKey" in each for each in security)


def _is_left_out(context: Any, *, mode: int) -> bool:
    """Half of the calls for brands with a key of each mode; `FUZZ=all` tries all with both."""
    turn = crc32(context.operation.label.encode()) % 2
    return not _is_for_brands(context) or (turn != mode and os.environ.get("FUZZ") != "all")


OF_OTHERS = CONTRACT.exclude(func=_is_for_brands)
WITH_LIVE_KEYS = CONTRACT.exclude(func=lambda context: _is_left_out(context, mode=0))
WITH_TEST_KEYS = CONTRACT.exclude(func=lambda context: _is_left_out(context, mode=1))
FEW = settings(
    max_examples=3 * TIMES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)


@pytest.fixture
def keys_to(ana: Consumer, ana_token: str, admin: User) -> Mapping[str, Mapping[str, str]]:
    """How to come in where a security scheme is asked for; "" is where none is."""
    browser = Client()
    browser.force_login(admin)
    return {
        "consumerToken": {"Authorization": f"Bearer {ana_token}"},
        "session": {"Cookie": f"sessionid={browser.cookies['sessionid'].value}"},
        "": {},
    }


@pytest.fixture
def known(acme: Brand, met: Relationship, offers: Topic, now: datetime) -> Mapping[str, Any]:
    """What exists, by the name of the field or argument: no generator would guess it."""
    hook = "https://acme.example/hook"
    made, _ = webhooks.subscribe(acme, webhooks.Terms(url=hook), now=now)
    reserved = Send.objects.create(
        subject_id=met.subject_id, brand=acme, purpose_id=offers.purpose_id, at=now
    )
    return {
        "subscription_id": str(made.pk),
        "send_id": str(reserved.pk),
        "brand": acme.slug,
        "purpose": offers.purpose_id,
        "topic": offers.code,
        "channel": "email",
        "contact_point": None,
        "contact": {"email": EMAIL},
        "email": EMAIL,
        "password": PASSWORD,
        "url": hook,
        "event_types": ["preference.*"],
        "after": 0,
        "through": 1,
        "evidence": "Form 7",
        "note": "Bought a bicycle.",
        "time_zone": "Europe/Berlin",
        "made_at": now.isoformat(),
    }


@OF_OTHERS.parametrize()
@settings(
    max_examples=6 * TIMES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
def test_every_answer_is_documented(
    case: schemathesis.Case[Any],
    line: Line,
    keys_to: Mapping[str, Mapping[str, str]],
    known: Mapping[str, Any],
    ana: Consumer,
) -> None:
    schemes = [name for each in case.operation.definition.raw.get("security", []) for name in each]
    headers = dict(keys_to[schemes[0] if schemes else ""])
    if case.operation.path.endswith("tokens/current"):  # which revokes what it comes in with
        headers = {"Authorization": f"Bearer {tokens.issue(ana, name='fuzz')}"}
    if crc32(repr((case.path_parameters, case.body)).encode()) % 2:  # half mean what exists
        case.path_parameters = _aimed(case.path_parameters, known)
        case.body = _aimed(case.body, known)
    _call(case, line, headers)


@dataclass(frozen=True, slots=True)
class Line:
    """A connection that stays open, for each new one costs the server one to the database."""

    url: str
    session: Session


@pytest.fixture
def line(live_server: LiveServer) -> Iterator[Line]:
    with Session() as session:
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        yield Line(live_server.url, session)


def _call(
    case: schemathesis.Case[Any], line: Line, headers: Mapping[str, str]
) -> schemathesis.Response:
    if isinstance((case.query or {}).get("wait"), (int, float)):
        case.query["wait"] = min(case.query["wait"], 1)  # or it would be the client that gives up
    RateLimitCount.objects.all().delete()  # or it would soon be too often
    return case.call_and_validate(
        line.url, session=line.session, headers=dict(headers), checks=CHECKS, timeout=PATIENCE
    )


@pytest.fixture
def tenants(
    acme: Brand, rival: Brand, known: Mapping[str, Any], now: datetime, mode: str
) -> Iterator[dict[str, Tenant]]:
    """Acme in both modes, and a brand that has nothing to do with it; who calls in one *mode*
    leaves all that the others have as it was.
    """
    trial = Brand.objects.create(slug="acme-test", name="Acme", test=True)
    brands = {"live": acme, "test": trial, "rival": rival}
    found = {name: settled(brand, name, now) for name, brand in brands.items()}
    others = [each for name, each in found.items() if name != mode]
    before = [each.state() for each in others]
    yield found
    assert [each.state() for each in others] == before


@pytest.mark.parametrize("mode", ["live"])
@WITH_LIVE_KEYS.parametrize()
@FEW
def test_a_live_key_gets_what_is_documented_and_nobody_elses(
    mode: str,
    case: schemathesis.Case[Any],
    line: Line,
    tenants: dict[str, Tenant],
    known: Mapping[str, Any],
) -> None:
    _try(case, mode, line, tenants, known)


@pytest.mark.parametrize("mode", ["test"])
@WITH_TEST_KEYS.parametrize()
@FEW
def test_a_test_key_gets_what_is_documented_and_nobody_elses(
    mode: str,
    case: schemathesis.Case[Any],
    line: Line,
    tenants: dict[str, Tenant],
    known: Mapping[str, Any],
) -> None:
    _try(case, mode, line, tenants, known)


def _try(
    case: schemathesis.Case[Any],
    mode: str,
    line: Line,
    tenants: dict[str, Tenant],
    known: Mapping[str, Any],
) -> None:
    """Aim at what is its own, at what is another brand's or of its other mode, and at nothing."""
    own, others = tenants[mode], [each for name, each in tenants.items() if name != mode]
    aim = crc32(repr((case.path_parameters, case.body)).encode()) % 4
    if aim:
        aimed = {**known, **[own, own, *others][aim].known}
        case.path_parameters = _aimed(case.path_parameters, aimed)
        case.body = _aimed(case.body, aimed)
    answer = _call(case, line, {"Authorization": f"Bearer {own.key}"})
    assert [each.secret for each in others if each.secret in answer.text] == []


def _aimed(given: Any, known: Mapping[str, Any]) -> Any:
    if isinstance(given, dict):
        return {name: known.get(name, _aimed(value, known)) for name, value in given.items()}
    return [_aimed(each, known) for each in given] if isinstance(given, list) else given
