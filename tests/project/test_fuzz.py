"""The API against its own contract: whatever is sent, what it answers is documented.

Calls are made in the process of the tests, which take them back; `test_web_server` and
`tests/races` look at what goes over a line.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from zlib import crc32

import pytest
import schemathesis
from django.test import Client, override_settings
from django.test.client import ClientHandler
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from brands.models import Brand, Topic
from cmr.accounts import ownership
from cmr.models import Consumer, RateLimitCount, User
from cmr.sign_in import access_tokens
from consent.ledger.recording import Actor
from consent.models import Send
from consent.relationships import lifecycle
from tests.conftest import EMAIL, PASSWORD
from tests.factories import create_subscription, create_test_brand
from tests.project.tenants import Tenant, settled
from tests.trying import TIMES

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
METHODS = ("get", "post", "put", "patch", "delete")
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@schemathesis.serializer("application/x-ndjson")
def write_lines(ctx: object, value: Any) -> bytes:
    """Lines of any text: most are no contacts, and each of those must get its own error."""
    return str(value).encode("utf-8", "replace")


@schemathesis.deserializer("application/x-ndjson")
def read_lines(ctx: object, response: Any) -> str:
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
#: `test_malformed_requests` tries edge cases of each operation, too, in much less time.
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


def answer_in_process(environ: Any, start_response: Any) -> list[bytes]:
    """Answer on the test's own connection, which a real server would close after each call."""
    answer: Any = ClientHandler()({"REMOTE_ADDR": "127.0.0.1", **environ})
    start_response(f"{answer.status_code} {answer.reason_phrase}", list(answer.items()))
    return [b"".join(answer) if answer.streaming else answer.content]


SCHEMA = strict_contract()
CONTRACT = schemathesis.openapi.from_dict(SCHEMA, config=configured(SCHEMA))
CONTRACT.app = answer_in_process


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


@pytest.fixture(scope="module")
def cast_of_all(module_transaction: None) -> Iterator[None]:
    """Let the cast be made once: what a test does is taken back, what these fixtures do stays."""
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        yield


@pytest.fixture(scope="module")
def ana(cast_of_all: None) -> Consumer:
    return ownership.open_account(email=EMAIL, password=PASSWORD, verified_at=NOW)


@pytest.fixture(scope="module")
def acme(cast_of_all: None) -> Brand:
    return Brand.objects.create(slug="acme", name="Acme")


@pytest.fixture(scope="module")
def keys_to(ana: Consumer) -> Mapping[str, Mapping[str, str]]:
    """How to come in where a security scheme is asked for; "" is where none is."""
    browser = Client()
    browser.force_login(User.objects.create_superuser("admin@example.org", PASSWORD))
    return {
        "consumerToken": {
            "Authorization": f"Bearer {access_tokens.issue_token(ana, name='tests')}"
        },
        "session": {"Cookie": f"sessionid={browser.cookies['sessionid'].value}"},
        "": {},
    }


@pytest.fixture(scope="module")
def known(acme: Brand, ana: Consumer) -> Mapping[str, Any]:
    """What exists, by the name of the field or argument: no generator would guess it."""
    met, _ = lifecycle.start_relationship(ana.subject_id, acme, by=Actor("api"), now=NOW)
    offers = Topic.objects.create(
        brand=acme, code="weekly-offers", name="Weekly offers", purpose_id="marketing"
    )
    hook = "https://acme.example/hook"
    made = create_subscription(acme, hook, now=NOW)
    reserved = Send.objects.create(
        subject_id=met.subject_id, brand=acme, purpose_id=offers.purpose_id, at=NOW
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
        "made_at": NOW.isoformat(),
    }


@OF_OTHERS.parametrize()
@settings(
    max_examples=6 * TIMES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
def test_every_answer_is_documented(
    case: schemathesis.Case[Any],
    db: None,
    keys_to: Mapping[str, Mapping[str, str]],
    known: Mapping[str, Any],
    ana: Consumer,
) -> None:
    schemes = [name for each in case.operation.definition.raw.get("security", []) for name in each]
    headers = dict(keys_to[schemes[0] if schemes else ""])
    if case.operation.path.endswith("tokens/current"):  # which revokes what it comes in with
        headers = {"Authorization": f"Bearer {access_tokens.issue_token(ana, name='fuzz')}"}
    if crc32(repr((case.path_parameters, case.body)).encode()) % 2:  # half mean what exists
        case.path_parameters = _aimed(case.path_parameters, known)
        case.body = _aimed(case.body, known)
    _call(case, headers)


def _call(case: schemathesis.Case[Any], headers: Mapping[str, str]) -> schemathesis.Response:
    if isinstance((case.query or {}).get("wait"), (int, float)):
        case.query["wait"] = min(case.query["wait"], 1)  # or each would take half a minute
    RateLimitCount.objects.all().delete()  # or it would soon be too often
    plain = {"Accept-Encoding": "identity", **headers}
    return case.call_and_validate(headers=plain, checks=CHECKS)


@pytest.fixture(scope="module")
def settled_brands(acme: Brand, known: Mapping[str, Any]) -> dict[str, Tenant]:
    """Acme in both modes, and a brand that has nothing to do with it."""
    trial = create_test_brand()
    rival = Brand.objects.create(slug="rival", name="Rival")
    brands = {"live": acme, "test": trial, "rival": rival}
    return {name: settled(brand, name, NOW) for name, brand in brands.items()}


@pytest.fixture
def tenants(settled_brands: dict[str, Tenant], db: None, mode: str) -> Iterator[dict[str, Tenant]]:
    """Whoever calls in one *mode* leaves all that the others have as it was."""
    others = [each for name, each in settled_brands.items() if name != mode]
    before = [each.state() for each in others]
    yield settled_brands
    assert [each.state() for each in others] == before


@pytest.mark.parametrize("mode", ["live"])
@WITH_LIVE_KEYS.parametrize()
@FEW
def test_a_live_key_gets_what_is_documented_and_nobody_elses(
    mode: str,
    case: schemathesis.Case[Any],
    tenants: dict[str, Tenant],
    known: Mapping[str, Any],
) -> None:
    _try(case, mode, tenants, known)


@pytest.mark.parametrize("mode", ["test"])
@WITH_TEST_KEYS.parametrize()
@FEW
def test_a_test_key_gets_what_is_documented_and_nobody_elses(
    mode: str,
    case: schemathesis.Case[Any],
    tenants: dict[str, Tenant],
    known: Mapping[str, Any],
) -> None:
    _try(case, mode, tenants, known)


def _try(
    case: schemathesis.Case[Any],
    mode: str,
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
    answer = _call(case, {"Authorization": f"Bearer {own.key}"})
    assert [each.secret for each in others if each.secret in answer.text] == []


def _aimed(given: Any, known: Mapping[str, Any]) -> Any:
    if isinstance(given, dict):
        return {name: known.get(name, _aimed(value, known)) for name, value in given.items()}
    return [_aimed(each, known) for each in given] if isinstance(given, list) else given
