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


def say(decision: str, scope: Scope, hours: int, seq: int = 99, **more: object) -> Choice:
    made_at = NOON + timedelta(hours=hours)
    return Choice(uuid.UUID(int=seq), seq, scope, decision, "person", made_at, **more)  # type: ignore[arg-type]


def test_nothing_from_this_brand_covers_a_topic_that_comes_later() -> None:
    nothing = say("deny", Scope(ACME), hours=-1)
    new = Question(Scope(ACME, "marketing", "push", "brand-new"), "opt_out")
    assert decide_by_choices([nothing], new, NOON).rule == "person_denied"


def test_a_pause_ends_by_itself_and_gives_back_the_yes_beneath() -> None:
    yes = say("grant", QUESTION.scope, hours=-5, seq=1)
    pause = say("pause", Scope(ACME), hours=-4, seq=2, until=NOON + timedelta(hours=1))
    paused = decide_by_choices([yes, pause], QUESTION, NOON)
    assert (paused.allowed, paused.rule, paused.valid_until) == (
        False,
        "person_paused",
        pause.until,
    )
    assert pause.until
    assert decide_by_choices([yes, pause], QUESTION, pause.until).rule == "person_granted"


def test_a_yes_that_runs_out_gives_back_the_no_it_lifted() -> None:
    no = say("deny", QUESTION.scope, hours=-5, seq=1)
    yes = say("grant", QUESTION.scope, hours=-4, seq=2, expires_at=NOON + timedelta(hours=1))
    assert decide_by_choices([no, yes], QUESTION, NOON).allowed
    assert decide_by_choices([no, yes], QUESTION, NOON + timedelta(hours=1)).rule == "person_denied"


def test_a_brand_may_lift_its_own_no_but_not_by_implication() -> None:
    own = say("deny", QUESTION.scope, hours=-5, seq=1)._replace(maker="brand")
    express = say("grant", QUESTION.scope, hours=-4, seq=2)._replace(maker="brand")
    implied = express._replace(basis="implied", expires_at=NOON + timedelta(days=1))
    assert decide_by_choices([own, express], QUESTION, NOON).rule == "brand_granted"
    assert decide_by_choices([own, implied], QUESTION, NOON).rule == "brand_denied"


def test_of_limits_the_tightest_is_told() -> None:
    weekly = say("limit", Scope(ACME), hours=-2, seq=1, limit=Limit(7, "week"))
    monthly = say("limit", QUESTION.scope, hours=-1, seq=2, limit=Limit(10, "month"))
    assert decide_by_choices([weekly, monthly], QUESTION, NOON).limit == Limit(10, "month")


def test_a_brands_word_never_pushes_out_the_persons_in_the_same_scope() -> None:
    """Its own no comes after the person's, and lifting that one lifts nothing of theirs."""
    no = say("deny", QUESTION.scope, hours=-5, seq=1)
    own = say("deny", QUESTION.scope, hours=-4, seq=2)._replace(maker="brand")
    lifted = say("grant", QUESTION.scope, hours=-3, seq=3)._replace(maker="brand")
    assert decide_by_choices([no, own, lifted], QUESTION, NOON).rule == "person_denied"


def test_of_two_in_one_slot_the_later_made_counts_whichever_arrived_first() -> None:
    forever = say("grant", QUESTION.scope, hours=-5, seq=2)
    for_now = say("grant", QUESTION.scope, hours=-4, seq=1, expires_at=NOON - timedelta(hours=1))
    for arrived in ([forever, for_now], [for_now, forever]):
        assert fold_choices(arrived) == [for_now]
        assert decide_by_choices(arrived, QUESTION, NOON).rule == "default_opt_in"


def test_valid_until_is_the_first_of_several_turns() -> None:
    """No for an hour, then yes, then no again, then yes."""
    beneath = say("pause", QUESTION.scope, -5, 1, until=NOON + timedelta(hours=3))
    lifting = say("grant", QUESTION.scope, -4, 2, expires_at=NOON + timedelta(hours=2))
    above = say("pause", Scope(ACME), -3, 3, until=NOON + timedelta(hours=1))
    decision = decide_by_choices(
        [beneath, lifting, above], QUESTION._replace(regime="opt_out"), NOON
    )
    assert (decision.allowed, decision.valid_until) == (False, above.until)
