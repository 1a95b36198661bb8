"""POST /check with several questions, answered from one snapshot."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from brands.models import Brand, Topic
from cmr.models import Consumer
from consent.checks import single
from consent.checks.single import Asked
from consent.decision.resolution import Scope
from consent.identity.identifiers import Contact
from consent.ledger.recording import Actor
from consent.models import Relationship
from tests.conftest import EMAIL, Api
from tests.factories import record_choice

QUESTIONS = [
    {"purpose": "marketing", "channel": "email"},
    {"purpose": "marketing", "channel": "sms"},
    {"purpose": "marketing", "channel": "email", "topic": "weekly-offers"},
    {"purpose": "service", "channel": "post"},
    {"purpose": "profiling"},
]


@pytest.fixture(autouse=True)
def _said(ana: Consumer, met: Relationship, offers: Topic) -> None:
    record_choice(ana, "grant", Scope(met.brand_id, "marketing"), by=Actor("api"))
    record_choice(
        ana, "deny", Scope(met.brand_id, "marketing", "email", "weekly-offers"), by=Actor("api")
    )
    record_choice(ana, "deny", Scope(None, "profiling"), by=Actor("api"))


def ask(api: Api, **body: Any) -> Any:
    return api.post("check", {"contact": {"email": EMAIL}, **body})


def test_check_several_questions_answers_as_single_checks(as_acme: Api) -> None:
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


def test_check_several_questions_applies_as_of_and_suppose_to_each(as_acme: Api) -> None:
    before = "2026-02-01T00:00:00Z"  # she knew acme, and had said nothing
    rules = {a["rule"] for a in ask(as_acme, questions=QUESTIONS, as_of=before).json()["data"]}
    assert rules == {"default_opt_in", "required"}
    nothing = [{"scope": {}, "decision": "deny"}]
    answers = ask(as_acme, questions=QUESTIONS, suppose=nothing).json()["data"]
    assert [answer["allowed"] for answer in answers] == [False, False, False, True, False]


def test_check_several_questions_without_relationship_denies_each(
    as_rival: Api, as_acme: Api
) -> None:
    questions = [each for each in QUESTIONS if "topic" not in each]
    answers = ask(as_rival, questions=questions).json()["data"]
    assert {(answer["allowed"], answer["rule"]) for answer in answers} == {
        (False, "no_relationship")
    }


def test_check_several_questions_answers_from_one_snapshot(
    acme: Brand, ana: Consumer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """She says no between the first look and the second: both answers know of it."""
    look_up = single.read_contact

    def and_then_she_says_no(asked: Asked) -> single.Known:
        found = look_up(asked)
        if asked.channel == "email":
            record_choice(ana, "deny", Scope(acme.pk, "marketing"), by=Actor("api"))
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
def test_check_several_questions_invalid_one_is_refused(
    body: dict[str, Any], code: str, field: str, as_acme: Api
) -> None:
    answer = ask(as_acme, **body)
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["field"]) == (422, code, field)
