"""/sends: reserving a send, idempotency, cancelling."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from brands.models import Brand
from cmr.models import Consumer
from consent.decision.resolution import Limit, Scope
from consent.ledger import recording
from consent.ledger.recording import Actor, ChoiceTerms, NewChoice
from consent.models import Relationship, Send, Subject
from consent.relationships import lifecycle
from tests.conftest import EMAIL, Api
from tests.factories import open_account, record_choice

AS_OF = re.compile(rb'"as_of":"[^"]*"')
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def two_a_day(ana: Consumer, met: Relationship) -> None:
    record_choice(ana, "grant", Scope(None, "marketing"), by=Actor("api"), now=NOON - DAY)
    record_choice(
        ana,
        "limit",
        Scope(met.brand.pk, "marketing"),
        by=Actor("api"),
        now=NOON - DAY,
        limit=Limit(2, "day"),
    )


def reserve(api: Api, key: str | None = None, **question: Any) -> Any:
    asked = {"contact": {"email": EMAIL}, "purpose": "marketing", "channel": "email"}
    headers = {} if key is None else {"Idempotency_Key": key}
    return api.post("sends/reserve", asked | question, **headers)


def refused(answer: Any) -> Any:
    body = answer.json()
    assert (answer.status_code, body["reserved"], body["send"]) == (200, False, None), body
    return body


@pytest.mark.usefixtures("two_a_day")
def test_reserve_within_limit_returns_remaining(as_acme: Api, met: Relationship) -> None:
    answer = reserve(as_acme, campaign="June")
    body = answer.json()
    assert (answer.status_code, body["reserved"], body["allowed"]) == (201, True, True)
    assert (body["remaining"], body["not_before"]) == (1, None)
    send = Send.objects.get(pk=body["send"])
    assert (send.subject_id, send.brand_id, send.at) == (met.subject_id, met.brand_id, NOON)
    assert (send.purpose_id, send.channel, send.topic, send.campaign) == (
        *("marketing", "email", None),
        "June",
    )


@pytest.mark.usefixtures("two_a_day")
def test_reserve_exhausted_limit_returns_not_before(as_acme: Api, clock: Any) -> None:
    first, second = reserve(as_acme).json(), reserve(as_acme).json()
    assert (first["remaining"], second["remaining"], second["not_before"]) == (1, 0, None)
    body = refused(reserve(as_acme))
    assert (body["allowed"], body["remaining"]) == (True, 0)
    assert datetime.fromisoformat(body["not_before"]) == NOON + DAY
    clock.move_to(NOON + DAY)
    assert reserve(as_acme).status_code == 201


def test_reserve_without_limit_is_counted(as_acme: Api, ana: Consumer, met: Relationship) -> None:
    record_choice(ana, "grant", Scope(None, "marketing"), by=Actor("api"), now=NOON - DAY)
    body = reserve(as_acme).json()
    assert (body["reserved"], body["remaining"]) == (True, None)
    record_choice(
        ana,
        "limit",
        Scope(met.brand.pk, "marketing"),
        by=Actor("api"),
        now=NOON - DAY,
        limit=Limit(2, "day"),
    )
    assert reserve(as_acme).json()["remaining"] == 0


@pytest.mark.usefixtures("two_a_day")
def test_reserve_after_denial_stores_no_send(as_acme: Api, ana: Consumer) -> None:
    record_choice(ana, "deny", Scope(None, "marketing"), by=Actor("api"), now=NOON - DAY)
    assert refused(reserve(as_acme))["rule"] == "person_denied"
    assert not Send.objects.exists()


@pytest.mark.usefixtures("two_a_day")
def test_reserve_in_quiet_hours_stores_no_send(as_acme: Api, ana: Consumer, clock: Any) -> None:
    Subject.objects.filter(pk=ana.subject_id).update(quiet_start=time(11), quiet_end=time(13))
    body = refused(reserve(as_acme))
    assert (body["allowed"], body["remaining"]) == (True, 2)
    assert datetime.fromisoformat(body["not_before"]) == NOON.replace(hour=13)
    clock.move_to(NOON.replace(hour=13))
    assert reserve(as_acme).status_code == 201


def test_reserve_unknown_and_unrelated_get_identical_answers(
    as_rival: Api, rival: Brand, ana: Consumer, met: Relationship
) -> None:
    record_choice(ana, "grant", Scope(None, "marketing"), by=Actor("api"), now=NOON - DAY)
    ended = open_account("ben@example.org", now=NOON)
    begun, _ = lifecycle.start_relationship(ended.subject_id, rival, by=Actor("api"), now=NOON)
    lifecycle.end_relationship(begun, by=Actor("api"), now=NOON)
    contacts = [{"email": f"{name}@example.org"} for name in ("ana", "ben", "unknown")]
    with CaptureQueriesContext(
        connection,
    ) as queries:
        answers = [reserve(as_rival, "k", contact=c) for c in [*contacts, {"ref": "unknown"}]]
    assert len({AS_OF.sub(b"", answer.content) for answer in answers}) == 1
    assert refused(answers[0])["rule"] == "no_relationship"
    assert not [each for each in queries if "FOR UPDATE" in each["sql"]]
    assert len(queries) % len(answers) == 0


@pytest.mark.parametrize(
    ("question", "code"),
    [
        ({"purpose": "selling"}, "unknown_purpose"),
        ({"channel": None}, "channel_needed"),
        ({"topic": "no-such"}, "unknown_topic"),
        ({"contact": {"email": "ana"}}, "invalid_contact"),
        ({"campaign": "x" * 101}, "max_length"),
        ({"compaign": "x"}, "unknown_field"),  # codespell:ignore compaign
    ],
)
def test_reserve_invalid_question_is_refused(question: Any, code: str, as_acme: Api) -> None:
    answer = reserve(as_acme, **question)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


# -- The same key again ---------------------------------------------------------------------------


@pytest.mark.usefixtures("two_a_day")
def test_reserve_same_key_returns_same_send(as_acme: Api) -> None:
    first, again = reserve(as_acme, "k-1"), reserve(as_acme, "k-1")
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.content == again.content  # the clock stands still
    assert Send.objects.count() == 1


@pytest.mark.usefixtures("two_a_day")
def test_reserve_same_key_for_last_send_still_succeeds(as_acme: Api) -> None:
    reserve(as_acme, "k-1")
    first, again = reserve(as_acme, "k-2"), reserve(as_acme, "k-2")
    assert first.content == again.content
    assert (again.json()["reserved"], again.json()["remaining"]) == (True, 0)


@pytest.mark.usefixtures("two_a_day")
def test_reserve_same_key_shows_current_decision(as_acme: Api, ana: Consumer) -> None:
    send = reserve(as_acme, "k-1").json()["send"]
    Subject.objects.filter(pk=ana.subject_id).update(quiet_start=time(11), quiet_end=time(13))
    body = reserve(as_acme, "k-1").json()
    assert (body["reserved"], body["send"]) == (True, send)
    assert datetime.fromisoformat(body["not_before"]) == NOON.replace(hour=13)
    record_choice(ana, "deny", Scope(None, "marketing"), by=Actor("api"), now=NOON - DAY)
    body = reserve(as_acme, "k-1").json()
    assert (body["reserved"], body["allowed"], body["not_before"]) == (True, False, None)


@pytest.mark.usefixtures("two_a_day", "offers")
@pytest.mark.parametrize(
    "other",
    [
        {"channel": "sms"},
        {"topic": "weekly-offers"},
        {"campaign": "June"},
        {"contact": {"email": "unknown@example.org"}},
        {"contact": {"ref": EMAIL}},
    ],
)
def test_reserve_same_key_with_other_question_is_refused(other: Any, as_acme: Api) -> None:
    reserve(as_acme, "k-1")
    answer = reserve(as_acme, "k-1", **other)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert answer.json()["field"] == "Idempotency-Key"
    assert Send.objects.count() == 1


@pytest.mark.usefixtures("two_a_day")
def test_reserve_same_key_of_other_brand_is_independent(
    as_acme: Api, as_rival: Api, ana: Consumer, rival: Brand
) -> None:
    lifecycle.start_relationship(ana.subject_id, rival, by=Actor("api"), now=NOON)
    mine, theirs = reserve(as_acme, "k-1"), reserve(as_rival, "k-1", channel="sms")
    assert (mine.status_code, theirs.status_code) == (201, 201)


@pytest.mark.usefixtures("two_a_day")
def test_reserve_refused_keeps_key_usable(as_acme: Api, ana: Consumer, clock: Any) -> None:
    Subject.objects.filter(pk=ana.subject_id).update(quiet_start=time(11), quiet_end=time(13))
    refused(reserve(as_acme, "k-1"))
    clock.move_to(NOON.replace(hour=13))
    assert reserve(as_acme, "k-1").status_code == 201


@pytest.mark.parametrize(("key", "status"), [("k" * 200, 201), ("k" * 201, 422), ("", 422)])
@pytest.mark.usefixtures("two_a_day")
def test_reserve_key_over_200_characters_is_refused(key: str, status: int, as_acme: Api) -> None:
    answer = reserve(as_acme, key)
    assert answer.status_code == status
    assert status == 201 or answer.json()["field"] == "Idempotency-Key"


# -- Giving back ----------------------------------------------------------------------------------


@pytest.mark.usefixtures("two_a_day")
def test_cancel_send_frees_budget(as_acme: Api) -> None:
    sends = [reserve(as_acme).json()["send"] for _ in range(2)]
    refused(reserve(as_acme))
    answers = [as_acme.delete(f"sends/{sends[0]}") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [204, 204]
    assert reserve(as_acme).json()["remaining"] == 0
    refused(reserve(as_acme))


@pytest.mark.usefixtures("two_a_day")
def test_cancel_send_twice_keeps_first_time(as_acme: Api, clock: Any) -> None:
    send = reserve(as_acme).json()["send"]
    as_acme.delete(f"sends/{send}")
    clock.move_to(NOON + DAY)
    as_acme.delete(f"sends/{send}")
    assert Send.objects.get().returned_at == NOON


@pytest.mark.usefixtures("two_a_day")
def test_reserve_key_of_cancelled_send_reserves_nothing(as_acme: Api) -> None:
    as_acme.delete(f"sends/{reserve(as_acme, 'k-1').json()['send']}")
    assert refused(reserve(as_acme, "k-1"))["remaining"] == 2


@pytest.mark.usefixtures("two_a_day")
def test_cancel_send_of_other_brand_is_not_found(as_acme: Api, as_rival: Api) -> None:
    send = reserve(as_acme).json()["send"]
    for each in (send, uuid.uuid4()):
        answer = as_rival.delete(f"sends/{each}")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert Send.objects.get().returned_at is None


def test_reserve_required_purpose_spends_no_limit(
    as_acme: Api, ana: Consumer, met: Relationship
) -> None:
    """No limit binds `service`, so its messages may not use up what is left for others."""
    everything = Scope(met.brand_id)
    choices = [
        NewChoice(everything, ChoiceTerms("grant")),
        NewChoice(everything, ChoiceTerms("limit", limit=Limit(1, "day"))),
    ]
    recording.record_choices(ana.subject_id, choices, by=Actor("api"), now=NOON)
    assert reserve(as_acme, purpose="service").json()["reserved"]
    assert reserve(as_acme).json()["remaining"] == 0
    assert reserve(as_acme).json()["reserved"] is False
