"""Every event fits the JSON Schema of its type."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from django.utils import timezone
from jsonschema import Draft202012Validator, FormatChecker

from brands.events import schemas
from brands.events.types import EVENT_TYPES
from brands.models import Brand, Event, Topic
from cmr.models import Consumer
from config.management.commands import event_catalogue
from consent.models import LedgerEntry, Relationship
from consent.propagation import expirations, late_reasons, propagate
from tests.conftest import EMAIL, ROOT, Api
from tests.project.running import environment

CATALOGUE = {each["type"]: each for each in schemas.build_event_catalogue()}


def problems(body: dict[str, Any]) -> list[str]:
    schema = CATALOGUE[body["type"]]["schema"]
    found = Draft202012Validator(schema, format_checker=FormatChecker()).iter_errors(body)
    return [f"{body['type']}: {each.message}" for each in found]


def test_catalogue_contains_every_event_type() -> None:
    assert set(CATALOGUE) == {*EVENT_TYPES, "events.batch", "ping", "subscription.challenge"}


@pytest.mark.parametrize("kind", CATALOGUE)
def test_schema_of_each_type_validates_its_example(kind: str) -> None:
    Draft202012Validator.check_schema(CATALOGUE[kind]["schema"])
    assert problems(CATALOGUE[kind]["example"]) == []


def lose(body: dict[str, Any]) -> None:
    body["data"].pop("subject")


def add(body: dict[str, Any]) -> None:
    body["data"]["email"] = EMAIL


def mistake(body: dict[str, Any]) -> None:
    body["data"]["subject_seq"] = "5"


def renumber(body: dict[str, Any]) -> None:
    body["sequence"] = 0


@pytest.mark.parametrize("change", [lose, add, mistake, renumber])
@pytest.mark.parametrize("kind", EVENT_TYPES)
def test_schema_changed_example_is_refused(
    kind: str, change: Callable[[dict[str, Any]], None]
) -> None:
    body = orjson.loads(orjson.dumps(CATALOGUE[kind]["example"]))
    change(body)
    assert problems(body)


@pytest.fixture
def told(
    as_ana: Api, as_acme: Api, ana: Consumer, met: Relationship, offers: Topic
) -> list[dict[str, Any]]:
    """Everything that acme can be told, told."""
    scope = {"brand": "acme", "purpose": "marketing", "channel": "email", "topic": offers.code}
    soon = timezone.now() + timedelta(seconds=60)
    choices: list[tuple[str, dict[str, Any]]] = [
        ("grant", {"expires_at": soon.isoformat()}),
        ("deny", {"reason": "too_many_from_brand"}),
        ("limit", {"limit": {"max": 2, "per": "week"}}),
        ("pause", {"until": soon.isoformat()}),
    ]
    for decision, more in choices:
        answer = as_ana.post("me/choices", {"scope": scope, "decision": decision, **more})
        assert answer.status_code == 201, answer.content
    sms = scope | {"channel": "sms"}
    as_ana.post("me/choices", {"scope": sms, "decision": "grant", "expires_at": soon.isoformat()})
    as_ana.post("me/choices", {"scope": {}, "decision": "deny"})
    as_ana.post("me/choices", {"scope": {}, "decision": "clear"})
    as_acme.post(
        "choices",
        {
            "contact": {"email": EMAIL},
            "scope": {"purpose": "research"},
            "decision": "deny",
            "reason": "other",
        },
    )
    late_reasons.record_late_reason(
        LedgerEntry.objects.get(decision="limit"), "other", now=timezone.now()
    )
    propagate.propagate_choices(ana.subject_id, now=timezone.now())
    expirations.tell_due_endings(now=soon + timedelta(seconds=1))
    as_ana.delete("me/relationships/acme")
    as_ana.post("me/relationships", {"brand": "acme"})
    events = Event.objects.filter(brand=met.brand).order_by("sequence")
    return [orjson.loads(bytes(event.body)) for event in events]


@pytest.mark.django_db
def test_events_of_every_type_fit_their_schemas(told: list[dict[str, Any]]) -> None:
    assert {body["type"] for body in told} == set(EVENT_TYPES)
    assert [problem for body in told for problem in problems(body)] == []


@pytest.mark.django_db
def test_events_contain_no_address(told: list[dict[str, Any]], acme: Brand) -> None:
    bodies = b"".join(bytes(event.body) for event in Event.objects.filter(brand=acme))
    assert EMAIL.encode() not in bodies
    assert max(len(bytes(event.body)) for event in Event.objects.all()) < 20_000


def test_the_catalogue_is_there_for_programs(nobody: Api) -> None:
    answer = nobody.get("event-types")
    assert answer.status_code == 200
    assert {each["type"] for each in answer.json()["data"]} == set(CATALOGUE)


def test_the_page_is_what_the_command_prints() -> None:
    page = (ROOT / "docs" / "events.md").read_text()
    assert page == event_catalogue.page(), "make event-catalogue"


def test_the_command_needs_no_settings(tmp_path: Path) -> None:
    command = [sys.executable, "manage.py", "event_catalogue"]
    env = environment() | {"CMR_FOLDER": str(tmp_path)}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == event_catalogue.page()
