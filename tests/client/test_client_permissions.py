"""A copy answers by an event's permissions as a check would."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from brands.models import Topic
from cmr_client import Client, Event, PermissionRow, Permissions, PermissionsLeftOut
from cmr_client.permissions import Turn
from consent.brand_events import payloads
from consent.decision import permission_tables, resolution
from consent.decision.resolution import Choice, Question, Scope
from consent.ledger.recording import Actor
from consent.models import Relationship
from consent.relationships import lifecycle
from tests.conftest import EMAIL
from tests.consent.laws.drawn import ASKED, HOUR, NOON, ledgers, questions
from tests.factories import record_choice

NO_TO_EMAIL = PermissionRow(purpose=None, channel="email", topic=None, allowed=False)
YES_TO_MARKETING = PermissionRow(purpose="marketing", channel=None, topic=None, allowed=True)
BOTH = PermissionRow(purpose="marketing", channel="email", topic=None, allowed=False)


def build_event(kind: str, **data: Any) -> Event:
    return Event(sequence=1, type=kind, timestamp=NOON, data={"subject_seq": 1, **data})


def read_newest(client: Client) -> Permissions:
    return Permissions.from_event(list(client.events.read())[-1])


# -- The rule --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("purpose", "channel", "allowed"),
    [
        ("marketing", "email", False),
        ("marketing", "sms", True),
        ("research", "email", False),
        ("research", "sms", None),
    ],
)
def test_the_most_specific_row_decides(purpose: str, channel: str, allowed: bool | None) -> None:
    permissions = Permissions(rows=(NO_TO_EMAIL, YES_TO_MARKETING, BOTH))
    assert permissions.allows(purpose=purpose, channel=channel) is allowed


def test_a_turn_counts_from_its_time_on() -> None:
    turns = (Turn(at=NOON, allowed=None), Turn(at=NOON + HOUR, allowed=True))
    permissions = Permissions(rows=(replace(NO_TO_EMAIL, then=turns),))
    moments = [NOON - timedelta(microseconds=1), NOON, NOON + HOUR]
    answers = [permissions.allows(purpose="research", channel="email", at=at) for at in moments]
    assert answers == [False, None, True]


def test_a_turn_that_has_passed_counts_now() -> None:
    turn = Turn(at=datetime.now(UTC) - HOUR, allowed=True)
    permissions = Permissions(rows=(replace(NO_TO_EMAIL, then=(turn,)),))
    assert permissions.allows(purpose="research", channel="email") is True


@pytest.mark.parametrize(
    ("regime", "allowed"), [("opt_in", False), ("opt_out", True), ("required", True)]
)
def test_the_regime_decides_where_nobody_said_anything(regime: str, allowed: bool) -> None:
    for rows in ((), (replace(NO_TO_EMAIL, allowed=None),)):
        answer = Permissions(rows=rows).allows(purpose="research", channel="email", regime=regime)
        assert answer is allowed


def test_nobody_refuses_what_is_required() -> None:
    permissions = Permissions(rows=(NO_TO_EMAIL,))
    assert permissions.allows(purpose="service", channel="email", regime="opt_out") is False
    assert permissions.allows(purpose="service", channel="email", regime="required") is True


def test_an_unknown_regime_is_refused() -> None:
    with pytest.raises(ValueError, match="'maybe' is no regime"):
        Permissions(rows=(NO_TO_EMAIL,)).allows(purpose="research", channel="email", regime="maybe")


# -- Reading ---------------------------------------------------------------------------------------


def test_after_the_end_nothing_is_allowed() -> None:
    ended = Permissions.from_event(build_event("relationship.ended", ended_by="person"))
    left = Permissions.from_export({"ended_at": "2026-11-22T02:02:36Z", "permissions": []})
    for permissions in (ended, left):
        assert permissions.allows(purpose="service", channel="email", regime="required") is False


def test_an_event_without_permissions_is_no_answer() -> None:
    with pytest.raises(PermissionsLeftOut, match="exports/preferences"):
        Permissions.from_event(build_event("preference.denied", permissions=None))


def test_fields_of_a_later_service_are_passed_over() -> None:
    row: dict[str, Any] = {
        "purpose": None,
        "channel": "email",
        "topic": None,
        "allowed": False,
        "then": [],
    }
    assert Permissions.from_rows([{**row, "more": 1}]).rows == (NO_TO_EMAIL,)


# -- As the service answers ------------------------------------------------------------------------


@given(choices=ledgers, question=questions, later=st.sampled_from([n * HOUR for n in range(14)]))
def test_a_copy_answers_as_the_rule_does(
    choices: list[Choice], question: Question, later: timedelta
) -> None:
    """Whatever was said, now and at any later moment."""
    table = permission_tables.build_permission_table(choices, brand_id=1, contact_point=7, now=NOON)
    rows = orjson.loads(
        orjson.dumps(payloads.describe_permission_rows(table), option=orjson.OPT_UTC_Z)
    )
    copied = Permissions.from_rows(rows).allows(
        purpose="marketing",
        channel="email",
        topic="weekly",
        at=NOON + later,
        regime=question.regime,
    )
    assert question.scope == ASKED
    assert copied is resolution.decide_by_choices(choices, question, NOON + later).allowed


@pytest.mark.django_db(transaction=True)
def test_a_copy_answers_as_a_check_does(
    acme_client: Client, met: Relationship, offers: Topic
) -> None:
    brand, soon = met.brand_id, timezone.now() + timedelta(days=3)
    record_choice(met, "deny", Scope(brand, channel="email"), by=Actor("api"))
    record_choice(met, "grant", Scope(None, "marketing"), by=Actor("api"))
    record_choice(met, "grant", Scope(brand, "marketing", "email", offers.code), by=Actor("api"))
    record_choice(met, "pause", Scope(brand, "marketing", "sms"), by=Actor("api"), until=soon)
    copied = read_newest(acme_client)
    regimes = {each.code: each.regime for each in acme_client.purposes()}
    asked = [
        ("marketing", "email", None, False),
        ("marketing", "email", offers.code, True),
        ("marketing", "sms", None, False),
        ("marketing", "voice", None, True),
        ("research", "email", None, False),
        ("service", "email", None, True),
    ]
    for purpose, channel, topic, allowed in asked:
        for at in (None, soon + timedelta(days=1)):
            answer = acme_client.check(EMAIL, purpose=purpose, channel=channel, topic=topic, at=at)
            mine = copied.allows(
                purpose=purpose, channel=channel, topic=topic, at=at, regime=regimes[purpose]
            )
            assert mine is answer.allowed, (purpose, channel, topic, at)
            assert at or mine is allowed
    assert copied.allows(purpose="marketing", channel="sms", at=soon) is True


@pytest.mark.django_db(transaction=True)
def test_a_copy_allows_nothing_once_the_relationship_is_over(
    acme_client: Client, met: Relationship
) -> None:
    record_choice(met, "grant", Scope(met.brand_id), by=Actor("api"))
    assert read_newest(acme_client).allows(purpose="marketing", channel="email") is True
    lifecycle.end_relationship(met, by=Actor("api"), now=timezone.now())
    assert read_newest(acme_client).allows(purpose="marketing", channel="email") is False
