"""Several questions about one contact in one call, answered by one state of what they said."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from brands.models import Brand, Topic
from cmr.models import Consumer
from consent.checks import single
from consent.checks.single import Asked
from consent.decision.resolution import DecisionKind, Scope
from consent.identity.identifiers import Contact
from consent.ledger import recording
from consent.ledger.recording import Actor, NewChoice
from consent.models import Relationship
from tests.conftest import EMAIL, Api

QUESTIONS = [
    {"purpose": "marketing", "channel": "email"},
    {"purpose": "marketing", "channel": "sms"},
    {"purpose": "marketing", "channel": "email", "topic": "weekly-offers"},
    {"purpose": "service", "channel": "post"},
    {"purpose": "profiling"},
]


@pytest.fixture(autouse=True)
def _said(ana: Consumer, met: Relationship, offers: Topic) -> None:
    say(ana, "grant", Scope(met.brand_id, "marketing"))
    say(ana, "deny", Scope(met.brand_id, "marketing", "email", "weekly-offers"))
    say(ana, "deny", Scope(None, "profiling"))


def say(person: Consumer, decision: DecisionKind, scope: Scope) -> None:
    choice = NewChoice(scope, decision)
    recording.record_choices(person.subject_id, [choice], by=Actor("api"), now=timezone.now())


def ask(api: Api, **body: Any) -> Any:
    return api.post("check", {"contact": {"email": EMAIL}, **body})


def test_each_is_answered_as_it_would_be_alone(as_acme: Api) -> None:
    together = ask(as_acme, questions=QUESTIONS).json()["data"]
    alone = [ask(as_acme, **question).json() for question in QUESTIONS]
    asked = {"purpose": None, "channel": None, "topic": None}
    assert [_timeless(a) for a in together] == [
        _timeless(a) | asked | question for a, question in zip(alone, QUESTIONS, strict=True)
    ]
    assert [answer["allowed"] for answer in together] == [True, True, False, True, False]
    assert len({answer["as_of"] for answer in together}) == 1


def _timeless(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name != "as_of"}


def test_another_time_and_another_word_hold_for_each(as_acme: Api) -> None:
    before = "2026-02-01T00:00:00Z"  # she knew acme, and had said nothing
    rules = {a["rule"] for a in ask(as_acme, questions=QUESTIONS, as_of=before).json()["data"]}
    assert rules == {"default_opt_in", "required"}
    nothing = [{"scope": {}, "decision": "deny"}]
    answers = ask(as_acme, questions=QUESTIONS, suppose=nothing).json()["data"]
    assert [answer["allowed"] for answer in answers] == [False, False, False, True, False]


def test_a_stranger_gets_the_same_no_to_each(as_rival: Api, as_acme: Api) -> None:
    questions = [each for each in QUESTIONS if "topic" not in each]
    answers = ask(as_rival, questions=questions).json()["data"]
    assert {(answer["allowed"], answer["rule"]) for answer in answers} == {
        (False, "no_relationship")
    }


def test_no_answer_is_older_than_another(
    acme: Brand, ana: Consumer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """She says no between the first look and the second: both answers know of it."""
    look_up = single.read_contact

    def and_then_she_says_no(asked: Asked) -> single.Known:
        found = look_up(asked)
        if asked.channel == "email":
            say(ana, "deny", Scope(acme.pk, "marketing"))
        return found

    monkeypatch.setattr(single, "read_contact", and_then_she_says_no)
    contact = Contact(email=EMAIL)
    asked = [Asked(acme.pk, contact, "marketing", channel) for channel in ("email", "sms")]
    answers = single.check_questions(asked, now=timezone.now() + timedelta(seconds=1))
    assert [answer.rule for answer in answers] == ["person_denied", "person_denied"]


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({}, "required", "purpose"),
        ({"questions": []}, "min_length", "questions"),
        ({"questions": QUESTIONS * 11}, "max_length", "questions"),
        ({"questions": QUESTIONS, "purpose": "marketing"}, "either", "questions"),
        ({"questions": QUESTIONS, "channel": "sms"}, "either", "questions"),
        ({"questions": [{"channel": "sms"}]}, "required", "questions.0.purpose"),
        ({"questions": ["marketing"]}, "invalid", "questions.0"),
        ({"questions": [{"purpose": "markting"}]}, "unknown_purpose", "purpose"),
        ({"questions": [{"purpose": "marketing"}]}, "channel_needed", "channel"),
    ],
)
def test_a_question_that_is_wrong_is_never_dropped(
    body: dict[str, Any], code: str, field: str, as_acme: Api
) -> None:
    answer = ask(as_acme, **body)
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["field"]) == (422, code, field)
