"""The rule that decides, by example. Its laws are in `tests/consent/laws`."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

from consent.decision.resolution import (
    Choice,
    Limit,
    Question,
    Scope,
    decide_by_choices,
    fold_choices,
)

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
ACME = 1
QUESTION = Question(Scope(ACME, "marketing", "email", "weekly", 7), "opt_in")


def build_choice(decision: str, scope: Scope, hours: int, seq: int = 99, **more: object) -> Choice:
    made_at = NOON + timedelta(hours=hours)
    return Choice(uuid.UUID(int=seq), seq, scope, decision, "person", made_at, **more)  # type: ignore[arg-type]


def test_decide_brand_denial_covers_new_topic() -> None:
    nothing = build_choice("deny", Scope(ACME), hours=-1)
    new = Question(Scope(ACME, "marketing", "push", "brand-new"), "opt_out")
    assert decide_by_choices([nothing], new, NOON).rule == "person_denied"


def test_decide_after_pause_restores_grant() -> None:
    yes = build_choice("grant", QUESTION.scope, hours=-5, seq=1)
    pause = build_choice("pause", Scope(ACME), hours=-4, seq=2, until=NOON + timedelta(hours=1))
    paused = decide_by_choices([yes, pause], QUESTION, NOON)
    assert (paused.allowed, paused.rule, paused.valid_until) == (
        False,
        "person_paused",
        pause.until,
    )
    assert pause.until
    assert decide_by_choices([yes, pause], QUESTION, pause.until).rule == "person_granted"


def test_decide_after_expired_grant_restores_denial() -> None:
    no = build_choice("deny", QUESTION.scope, hours=-5, seq=1)
    yes = build_choice(
        "grant", QUESTION.scope, hours=-4, seq=2, expires_at=NOON + timedelta(hours=1)
    )
    assert decide_by_choices([no, yes], QUESTION, NOON).allowed
    assert decide_by_choices([no, yes], QUESTION, NOON + timedelta(hours=1)).rule == "person_denied"


def test_decide_brand_grant_lifts_own_denial_unless_implied() -> None:
    own = build_choice("deny", QUESTION.scope, hours=-5, seq=1)._replace(maker="brand")
    express = build_choice("grant", QUESTION.scope, hours=-4, seq=2)._replace(maker="brand")
    implied = express._replace(basis="implied", expires_at=NOON + timedelta(days=1))
    assert decide_by_choices([own, express], QUESTION, NOON).rule == "brand_granted"
    assert decide_by_choices([own, implied], QUESTION, NOON).rule == "brand_denied"


def test_decide_several_limits_returns_tightest() -> None:
    weekly = build_choice("limit", Scope(ACME), hours=-2, seq=1, limit=Limit(7, "week"))
    monthly = build_choice("limit", QUESTION.scope, hours=-1, seq=2, limit=Limit(10, "month"))
    assert decide_by_choices([weekly, monthly], QUESTION, NOON).limit == Limit(10, "month")


def test_decide_brand_choice_keeps_person_choice_of_same_scope() -> None:
    """Its own no comes after the person's, and lifting that one lifts nothing of theirs."""
    no = build_choice("deny", QUESTION.scope, hours=-5, seq=1)
    own = build_choice("deny", QUESTION.scope, hours=-4, seq=2)._replace(maker="brand")
    lifted = build_choice("grant", QUESTION.scope, hours=-3, seq=3)._replace(maker="brand")
    assert decide_by_choices([no, own, lifted], QUESTION, NOON).rule == "person_denied"


def test_decide_two_in_same_scope_uses_later_made() -> None:
    forever = build_choice("grant", QUESTION.scope, hours=-5, seq=2)
    for_now = build_choice(
        "grant", QUESTION.scope, hours=-4, seq=1, expires_at=NOON - timedelta(hours=1)
    )
    for arrived in ([forever, for_now], [for_now, forever]):
        assert fold_choices(arrived) == [for_now]
        assert decide_by_choices(arrived, QUESTION, NOON).rule == "default_opt_in"


def test_decide_several_turns_returns_first_valid_until() -> None:
    """No for an hour, then yes, then no again, then yes."""
    beneath = build_choice("pause", QUESTION.scope, -5, 1, until=NOON + timedelta(hours=3))
    lifting = build_choice("grant", QUESTION.scope, -4, 2, expires_at=NOON + timedelta(hours=2))
    above = build_choice("pause", Scope(ACME), -3, 3, until=NOON + timedelta(hours=1))
    decision = decide_by_choices(
        [beneath, lifting, above], QUESTION._replace(regime="opt_out"), NOON
    )
    assert (decision.allowed, decision.valid_until) == (False, above.until)
