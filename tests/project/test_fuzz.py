"""The running API against its own contract: whatever is sent, what it answers is documented."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zlib import crc32

import pytest
import schemathesis
from django.core.cache import cache
from django.test import Client
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, settings
from pytest_django.live_server_helper import LiveServer
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
from cmr.models import Consumer, User
from consent.models import Relationship, Send
from tests.conftest import EMAIL, PASSWORD

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


CONTRACT = schemathesis.openapi.from_dict(strict_contract())


@pytest.fixture
def keys_to(
    acme_key: str, ana: Consumer, ana_token: str, admin: User
) -> Mapping[str, Mapping[str, str]]:
    """How to come in where a security scheme is asked for; "" is where none is."""
    browser = Client()
    browser.force_login(admin)
    return {
        "brandKey": {"Authorization": f"Bearer {acme_key}"},
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


@CONTRACT.parametrize()
@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_every_answer_is_documented(
    case: schemathesis.Case[Any],
    live_server: LiveServer,
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
    if isinstance((case.query or {}).get("wait"), (int, float)):
        case.query["wait"] = min(case.query["wait"], 1)  # or it would be the client that gives up
    cache.clear()  # or the sign-in would soon only say that it is too often
    case.call_and_validate(live_server.url, headers=headers, checks=CHECKS, timeout=10)


def _aimed(given: Any, known: Mapping[str, Any]) -> Any:
    if isinstance(given, dict):
        return {name: known.get(name, _aimed(value, known)) for name, value in given.items()}
    return [_aimed(each, known) for each in given] if isinstance(given, list) else given
