"""POST /checks with `as_of` or `suppose`: answered as single checks."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from brands.models import Brand
from cmr.choices import choose
from cmr.models import Consumer
from consent.decision.resolution import Limit, Scope
from consent.ledger import recording
from consent.ledger.recording import Actor, ChoiceTerms, NewChoice
from consent.models import Relationship
from consent.relationships import person_settings
from tests.conftest import EMAIL, Api
from tests.factories import open_account, record_choice

NOW = timezone.now().replace(second=0, microsecond=0)
HOUR = timedelta(hours=1)
ABOUT = {"purpose": "marketing", "channel": "email"}
CONTACTS = [{"email": EMAIL}, {"email": "nobody@example.org"}, {"email": "not"}, {"ref": "none"}]
DENY = {"scope": {"purpose": "marketing"}, "decision": "deny"}
GRANT = DENY | {"decision": "grant"}
LIMIT = {"scope": {}, "decision": "limit", "limit": {"max": 2, "per": "day"}}
THEN, SOON = (NOW - 90 * timedelta(minutes=1)).isoformat(), (NOW + 30 * HOUR).isoformat()


@pytest.fixture(autouse=True)
def _lived(ana: Consumer, met: Relationship) -> None:
    """A yes two hours ago that ends soon, a move and an end of the relationship since."""
    until = NOW + 24 * HOUR
    record_choice(
        ana,
        "grant",
        Scope(met.brand_id, "marketing"),
        by=Actor("api"),
        now=NOW - 2 * HOUR,
        expires_at=until,
    )
    person_settings.change_settings(ana.subject_id, {"jurisdiction": "DE"}, now=NOW - HOUR)


def timeless(answer: dict[str, Any]) -> dict[str, Any]:
    told = {name: value for name, value in answer.items() if name != "as_of"}
    if told.get("because") and told["because"]["entry"] is None:
        told["because"] = told["because"] | {"made_at": None}
    return told


def ask_alone(api: Api, contact: Any, more: Any) -> Any:
    answer = api.post("check", {"contact": contact, **ABOUT, **more})
    return timeless(answer.json()) if answer.status_code == 200 else answer.json()["code"]


def read_answer(answer: dict[str, Any]) -> Any:
    return answer["error"]["code"] if "error" in answer else timeless(answer)


def ask_stream(api: Api, contacts: list[Any], **more: Any) -> Any:
    body = b"\n".join(json.dumps(each).encode() for each in contacts)
    path = f"checks/stream?{urlencode(ABOUT | more)}"
    return api.send("POST", path, body, "application/x-ndjson")


@pytest.mark.parametrize(
    "more",
    [
        {"as_of": THEN},
        {"as_of": (NOW - 3 * HOUR).isoformat()},
        {"at": SOON},
        {"suppose": [DENY]},
        {"suppose": [DENY, GRANT]},
        {"suppose": [LIMIT], "at": (NOW + HOUR).isoformat()},
    ],
)
def test_checks_as_of_answer_as_single_checks(
    as_acme: Api, ana: Consumer, met: Relationship, more: Any
) -> None:
    choose.end_relationship(ana, met, by="api", now=NOW - HOUR) if "as_of" in more else None
    answers = as_acme.post("checks", {"contacts": CONTACTS, **ABOUT, **more}).json()["data"]
    assert [read_answer(each) for each in answers] == [
        ask_alone(as_acme, c, more) for c in CONTACTS
    ]
    if "suppose" not in more:
        streamed = ask_stream(as_acme, CONTACTS, **more)
        lines = [json.loads(line) for line in b"".join(streamed.streaming_content).splitlines()]
        assert [read_answer(each) for each in lines] == [read_answer(each) for each in answers]


def test_checks_as_of_before_relationship_end_are_allowed(
    as_acme: Api, ana: Consumer, met: Relationship
) -> None:
    choose.end_relationship(ana, met, by="api", now=NOW - HOUR)
    asked = {"contacts": CONTACTS[:1], **ABOUT}
    (then,) = as_acme.post("checks", asked | {"as_of": THEN}).json()["data"]
    (now,) = as_acme.post("checks", asked).json()["data"]
    assert (then["rule"], now["rule"]) == ("person_granted", "no_relationship")


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"as_of": (NOW + 24 * HOUR).isoformat()}, "not_yet"),
        ({"at": (NOW - 24 * HOUR).isoformat()}, "past"),
        ({"as_of": THEN, "at": SOON}, "one_time"),
        ({"as_of": "yesterday"}, "invalid"),
    ],
)
def test_checks_as_of_invalid_time_is_refused(as_acme: Api, more: Any, code: str) -> None:
    for answer in (
        as_acme.post("checks", {"contacts": CONTACTS, **ABOUT, **more}),
        ask_stream(as_acme, CONTACTS, **more),
    ):
        assert (answer.status_code, answer.json()["code"]) == (422, code)


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"suppose": [DENY], "as_of": THEN}, "one_time"),
        ({"suppose": [DENY] * 21}, "max_length"),
        ({"suppose": [DENY | {"scope": {"brand": "rival"}}]}, "unknown_brand"),
    ],
)
def test_checks_suppose_invalid_choice_is_refused(as_acme: Api, more: Any, code: str) -> None:
    answer = as_acme.post("checks", {"contacts": CONTACTS, **ABOUT, **more})
    assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_checks_stream_suppose_is_refused(as_acme: Api) -> None:
    answer = ask_stream(as_acme, CONTACTS, suppose=json.dumps([DENY]))
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_field")


@pytest.mark.parametrize("more", [{}, {"as_of": THEN}])
def test_checks_as_of_cost_no_query_per_contact(as_acme: Api, acme: Brand, more: Any) -> None:
    emails = [f"q{n}@example.org" for n in range(8)]
    for email in emails:
        person = open_account(email, now=NOW - 9 * HOUR)
        choose.add_brand(person, acme, by="api", now=NOW - 9 * HOUR)
        limit = NewChoice(Scope(acme.pk), ChoiceTerms("limit", limit=Limit(3, "day")))
        yes = NewChoice(Scope(acme.pk), ChoiceTerms("grant"))
        recording.record_choices(
            person.subject_id, [limit, yes], by=Actor("api"), now=NOW - 8 * HOUR
        )

    def count(some: list[str]) -> int:
        asked = {"contacts": [{"email": each} for each in some], **ABOUT, **more}
        with CaptureQueriesContext(connection) as queries:
            answers = as_acme.post("checks", asked).json()["data"]
        assert [each["remaining"] for each in answers] == [3] * len(some)
        return len(queries)

    count(emails[:1])
    assert count(emails[:2]) == count(emails)
