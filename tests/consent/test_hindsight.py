"""Another time, another word: the same question about a past or coming moment, and what if."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from cmr import preferences
from cmr.models import Consumer
from consent import ledger
from consent.ledger import Actor, NewChoice
from consent.models import LedgerEntry, Relationship
from consent.resolution import DecisionKind, Scope
from tests.conftest import EMAIL, Api

#: What a brand asks about the past is answered by the minute.
NOW = timezone.now().replace(second=0, microsecond=0)
HOUR = timedelta(hours=1)
DENY = {"scope": {"purpose": "marketing"}, "decision": "deny"}


def say(person: Consumer, decision: DecisionKind, brand: int | None, *, at: datetime) -> None:
    until = NOW + 2 * HOUR if decision == "pause" else None
    choice = NewChoice(Scope(brand, "marketing"), decision, until=until)
    ledger.record(person.subject_id, [choice], by=Actor("api"), now=at)


def ask(api: Api, **more: Any) -> Any:
    body = {"contact": {"email": EMAIL}, "purpose": "marketing", "channel": "email", **more}
    return api.post("check", body).json()


def at(moment: datetime) -> str:
    return moment.isoformat()


def test_a_past_moment_is_answered_by_what_stood_then(
    as_acme: Api, ana: Consumer, met: Relationship
) -> None:
    say(ana, "grant", met.brand_id, at=NOW - 3 * HOUR)
    say(ana, "deny", None, at=NOW - HOUR)
    rules = [ask(as_acme, as_of=at(NOW - n * HOUR))["rule"] for n in (4, 3, 2, 1)]
    assert rules == ["default_opt_in", "person_granted", "person_granted", "person_denied"]
    assert ask(as_acme)["rule"] == "person_denied"


def test_what_was_recorded_later_was_not_known_then(
    as_acme: Api, ana: Consumer, met: Relationship
) -> None:
    """Made three hours ago, recorded one hour ago: two hours ago nobody could have known."""
    late = NewChoice(Scope(met.brand_id, "marketing"), "grant", made_at=NOW - 3 * HOUR)
    ledger.record(ana.subject_id, [late], by=Actor("api"), now=NOW - HOUR)
    assert not ask(as_acme, as_of=at(NOW - 2 * HOUR))["allowed"]
    assert ask(as_acme, as_of=at(NOW - HOUR))["allowed"]


def test_a_past_moment_is_that_of_its_full_minute(
    as_acme: Api, ana: Consumer, met: Relationship
) -> None:
    """So that no brand finds out to the microsecond when a person spoke to all brands."""
    say(ana, "deny", None, at=NOW - HOUR + timedelta(seconds=20))
    asked = [at(NOW - HOUR + timedelta(seconds=seconds)) for seconds in (19, 21, 59, 60)]
    answers = [ask(as_acme, as_of=each) for each in asked]
    assert [answer["rule"] for answer in answers] == [*["default_opt_in"] * 3, "person_denied"]
    assert {answer["as_of"][16:] for answer in answers} == {":00Z"}


def test_before_it_began_and_after_it_ended_there_is_no_relationship(
    as_acme: Api, ana: Consumer, met: Relationship, now: datetime
) -> None:
    preferences.end_relationship(ana, met, by="api", now=NOW - HOUR)
    moments = [now - HOUR, now + HOUR, NOW - 2 * HOUR, NOW - HOUR / 2]
    rules = [ask(as_acme, as_of=at(moment))["rule"] for moment in moments]
    assert rules == ["no_relationship", "default_opt_in", "default_opt_in", "no_relationship"]


def test_a_moment_to_come_is_answered_by_what_stands_now(
    as_acme: Api, ana: Consumer, met: Relationship
) -> None:
    say(ana, "grant", met.brand_id, at=NOW - 2 * HOUR)
    say(ana, "pause", met.brand_id, at=NOW - HOUR)
    assert ask(as_acme)["rule"] == "person_paused"
    assert ask(as_acme, at=at(NOW + 3 * HOUR))["rule"] == "person_granted"


def test_what_is_supposed_decides_and_is_not_recorded(
    as_acme: Api, ana: Consumer, met: Relationship
) -> None:
    say(ana, "grant", met.brand_id, at=NOW - HOUR)
    before = LedgerEntry.objects.count()
    supposed = ask(as_acme, suppose=[DENY])
    assert (supposed["rule"], supposed["because"]["entry"]) == ("person_denied", None)
    assert ask(as_acme, suppose=[DENY, {**DENY, "decision": "grant"}])["allowed"]
    assert not ask(as_acme, suppose=[{**DENY, "decision": "grant"}, DENY])["allowed"]
    assert ask(as_acme)["rule"] == "person_granted"
    assert LedgerEntry.objects.count() == before


def test_supposing_tells_nothing_of_a_stranger(as_rival: Api, met: Relationship) -> None:
    yes = {"scope": {}, "decision": "grant"}
    assert ask(as_rival, suppose=[yes])["rule"] == "no_relationship"
    assert ask(as_rival, as_of=at(NOW - HOUR))["rule"] == "no_relationship"


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"as_of": at(NOW + 24 * HOUR)}, "not_yet"),
        ({"at": at(NOW - 24 * HOUR)}, "past"),
        ({"as_of": at(NOW), "at": at(NOW + 24 * HOUR)}, "one_time"),
        ({"as_of": at(NOW), "suppose": [DENY]}, "one_time"),
        ({"as_of": "yesterday"}, "no_zone"),
        ({"at": "2999-01-01T00:00:00"}, "no_zone"),
        ({"suppose": [DENY] * 21}, "max_length"),
        ({"suppose": [{"scope": {"brand": "rival"}, "decision": "deny"}]}, "unknown_brand"),
        ({"suppose": [{"scope": {}, "decision": "pause"}]}, "needed"),
    ],
)
def test_what_makes_no_sense_is_refused(
    as_acme: Api, met: Relationship, more: dict[str, Any], code: str
) -> None:
    assert ask(as_acme, **more)["code"] == code
