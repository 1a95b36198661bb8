"""The rule that decides, as laws that hold for any choices."""

from __future__ import annotations

import random
import uuid
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from consent.resolution import (
    Choice,
    Limit,
    Question,
    Regime,
    Scope,
    decide,
    fold,
    in_force,
    standing_no,
)

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
ACME = 1
QUESTION = Question(Scope(ACME, "marketing", "email", "weekly", 7), "opt_in")

# Every scope here either covers the question or misses it in one part.
scopes = st.builds(
    Scope,
    brand=st.sampled_from([None, ACME, ACME, 2]),
    purpose=st.sampled_from([None, "marketing", "marketing", "research"]),
    channel=st.sampled_from([None, "email", "email", "sms"]),
    topic=st.sampled_from([None, None, "weekly"]),
    contact_point=st.sampled_from([None, None, 7]),
)
moments = st.integers(-100, 0).map(lambda hours: NOON + timedelta(hours=hours))
ends = st.integers(-50, 50).map(lambda hours: NOON + timedelta(hours=hours))


@st.composite
def choice(draw: st.DrawFn, seq: int = 1) -> Choice:
    decision = draw(st.sampled_from(["grant", "grant", "deny", "pause", "limit", "clear"]))
    maker = draw(st.sampled_from(["person", "person", "brand"]))
    implied = decision == "grant" and maker == "brand" and draw(st.booleans())
    expires = decision == "grant" and (implied or draw(st.booleans()))
    return Choice(
        entry=uuid.UUID(int=seq),
        seq=seq,
        scope=draw(scopes),
        decision=decision,  # type: ignore[arg-type]
        maker=maker,  # type: ignore[arg-type]
        made_at=draw(moments),
        basis="implied" if implied else "express",
        until=draw(ends) if decision == "pause" else None,
        expires_at=draw(ends) if expires else None,
        limit=Limit(draw(st.integers(1, 9)), "week") if decision == "limit" else None,
    )


@st.composite
def ledgers(draw: st.DrawFn) -> list[Choice]:
    return [draw(choice(seq)) for seq in range(1, draw(st.integers(0, 9)) + 1)]


def say(decision: str, scope: Scope, hours: int, seq: int = 99, **more: object) -> Choice:
    made_at = NOON + timedelta(hours=hours)
    return Choice(uuid.UUID(int=seq), seq, scope, decision, "person", made_at, **more)  # type: ignore[arg-type]


def wider(scope: Scope, draw: random.Random) -> Scope:
    parts = ["brand", "purpose", "channel", "topic", "contact_point"]
    return scope._replace(**{part: None for part in parts if draw.random() < 0.5})


def allowed(choices: list[Choice], regime: Regime = "opt_in") -> bool:
    return decide(choices, QUESTION._replace(regime=regime), NOON).allowed


@given(ledgers(), st.randoms(use_true_random=False))
def test_a_wide_later_no_beats_every_older_yes(ledger: list[Choice], draw: random.Random) -> None:
    no = say("deny", wider(QUESTION.scope, draw), hours=1)
    assert not allowed([*ledger, no], "opt_out")


@given(ledgers(), scopes, st.randoms(use_true_random=False))
def test_a_wider_later_yes_never_lifts_an_older_no(
    ledger: list[Choice], scope: Scope, draw: random.Random
) -> None:
    """The person's no stands unless the yes is to the same thing or to something narrower."""
    refusing = [c for c in in_force(ledger) if c.refuses(NOON) and c.scope.covers(QUESTION.scope)]
    yes = say("grant", wider(scope, draw), hours=1)
    untouched = [no for no in refusing if not no.scope.covers(yes.scope)]
    if untouched and not allowed(ledger):
        lifted_before = [g for g in in_force(ledger) if g.permits(NOON)]
        if any(not any(g.lifts(no) for g in lifted_before) for no in untouched):
            assert not allowed([*ledger, yes])


@given(ledgers(), ends)
def test_a_brand_never_lifts_a_persons_no(ledger: list[Choice], expires: datetime) -> None:
    """Whatever a brand says after a person's standing no, the answer stays no."""
    if standing_no(ledger, QUESTION.scope, NOON) is None:
        return
    for decision in ("grant", "deny", "clear"):
        word = say(decision, QUESTION.scope, hours=1)._replace(maker="brand")
        assert not allowed([*ledger, word])
    implied = say("grant", QUESTION.scope, hours=1, basis="implied", expires_at=expires)
    assert not allowed([*ledger, implied._replace(maker="brand")])


@given(ledgers())
def test_the_persons_later_yes_to_the_same_question_is_a_yes(ledger: list[Choice]) -> None:
    assert allowed([*ledger, say("grant", QUESTION.scope, hours=1)])


@given(ledgers(), st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(ledger: list[Choice], draw: random.Random) -> None:
    """With times that differ, any order of arrival gives the same answer."""
    times = {c.made_at for c in ledger}
    if len(times) < len(ledger):
        return
    shuffled = draw.sample(ledger, len(ledger))
    renumbered = [c._replace(seq=seq) for seq, c in enumerate(shuffled)]
    first, second = (decide(each, QUESTION, NOON) for each in (ledger, renumbered))
    assert (first.allowed, first.rule) == (second.allowed, second.rule)
    assert first.valid_until == second.valid_until


@given(ledgers())
def test_the_fold_decides_as_the_whole_ledger_does(ledger: list[Choice]) -> None:
    assert decide(fold(ledger), QUESTION, NOON) == decide(ledger, QUESTION, NOON)


@given(ledgers(), ends)
def test_the_fold_decides_alike_at_any_later_moment(ledger: list[Choice], at: datetime) -> None:
    """A pause that ends gives back the yes beneath it, a yes that expires the no it lifted."""
    assert decide(fold(ledger), QUESTION, at) == decide(ledger, QUESTION, at)


@given(ledgers())
def test_the_answer_holds_until_valid_until_and_turns_then(ledger: list[Choice]) -> None:
    now = decide(ledger, QUESTION, NOON)
    until = now.valid_until
    for hours in range(60):
        at = NOON + timedelta(hours=hours)
        if until is None or at < until:
            assert decide(ledger, QUESTION, at).allowed == now.allowed
    if until:
        assert decide(ledger, QUESTION, until).allowed != now.allowed


@given(ledgers())
def test_a_required_purpose_is_always_allowed(ledger: list[Choice]) -> None:
    assert decide(ledger, QUESTION._replace(regime="required"), NOON).rule == "required"


@given(ledgers())
def test_what_does_not_cover_the_question_has_no_say(ledger: list[Choice]) -> None:
    """A choice about another brand, channel or topic changes nothing."""
    covering = [c for c in ledger if c.scope.covers(QUESTION.scope)]
    assert decide(covering, QUESTION, NOON) == decide(ledger, QUESTION, NOON)


@given(ledgers(), st.randoms(use_true_random=False))
def test_a_clear_takes_back_exactly_what_its_maker_said(
    ledger: list[Choice], draw: random.Random
) -> None:
    if not ledger:
        return
    scope = draw.choice(ledger).scope
    cleared = [*ledger, say("clear", scope, hours=1)]
    without = [c for c in ledger if not (c.scope == scope and c.maker == "person")]
    assert decide(cleared, QUESTION, NOON) == decide(without, QUESTION, NOON)


@given(ledgers())
def test_the_choice_that_decided_is_one_that_covers_the_question(ledger: list[Choice]) -> None:
    decision = decide(ledger, QUESTION, NOON)
    if decision.because:
        assert decision.because in ledger
        assert decision.because.scope.covers(QUESTION.scope)
    else:
        assert decision.rule == "default_opt_in"


def test_nothing_from_this_brand_covers_a_topic_that_comes_later() -> None:
    nothing = say("deny", Scope(ACME), hours=-1)
    new = Question(Scope(ACME, "marketing", "push", "brand-new"), "opt_out")
    assert decide([nothing], new, NOON).rule == "person_denied"


def test_a_pause_ends_by_itself_and_gives_back_the_yes_beneath() -> None:
    yes = say("grant", QUESTION.scope, hours=-5, seq=1)
    pause = say("pause", Scope(ACME), hours=-4, seq=2, until=NOON + timedelta(hours=1))
    paused = decide([yes, pause], QUESTION, NOON)
    assert (paused.allowed, paused.rule, paused.valid_until) == (
        False,
        "person_paused",
        pause.until,
    )
    assert pause.until
    assert decide([yes, pause], QUESTION, pause.until).rule == "person_granted"


def test_a_yes_that_runs_out_gives_back_the_no_it_lifted() -> None:
    no = say("deny", QUESTION.scope, hours=-5, seq=1)
    yes = say("grant", QUESTION.scope, hours=-4, seq=2, expires_at=NOON + timedelta(hours=1))
    assert decide([no, yes], QUESTION, NOON).allowed
    assert decide([no, yes], QUESTION, NOON + timedelta(hours=1)).rule == "person_denied"


def test_a_brand_may_lift_its_own_no_but_not_by_implication() -> None:
    own = say("deny", QUESTION.scope, hours=-5, seq=1)._replace(maker="brand")
    express = say("grant", QUESTION.scope, hours=-4, seq=2)._replace(maker="brand")
    implied = express._replace(basis="implied", expires_at=NOON + timedelta(days=1))
    assert decide([own, express], QUESTION, NOON).rule == "brand_granted"
    assert decide([own, implied], QUESTION, NOON).rule == "brand_denied"


def test_of_limits_the_tightest_is_told() -> None:
    weekly = say("limit", Scope(ACME), hours=-2, seq=1, limit=Limit(7, "week"))
    monthly = say("limit", QUESTION.scope, hours=-1, seq=2, limit=Limit(10, "month"))
    assert decide([weekly, monthly], QUESTION, NOON).limit == Limit(10, "month")


def test_a_brands_word_never_pushes_out_the_persons_in_the_same_scope() -> None:
    """Its own no comes after the person's, and lifting that one lifts nothing of theirs."""
    no = say("deny", QUESTION.scope, hours=-5, seq=1)
    own = say("deny", QUESTION.scope, hours=-4, seq=2)._replace(maker="brand")
    lifted = say("grant", QUESTION.scope, hours=-3, seq=3)._replace(maker="brand")
    assert decide([no, own, lifted], QUESTION, NOON).rule == "person_denied"


def test_of_two_in_one_slot_the_later_made_counts_whichever_arrived_first() -> None:
    forever = say("grant", QUESTION.scope, hours=-5, seq=2)
    for_now = say("grant", QUESTION.scope, hours=-4, seq=1, expires_at=NOON - timedelta(hours=1))
    for arrived in ([forever, for_now], [for_now, forever]):
        assert fold(arrived) == [for_now]
        assert decide(arrived, QUESTION, NOON).rule == "default_opt_in"


def test_valid_until_is_the_first_of_several_turns() -> None:
    """No for an hour, then yes, then no again, then yes."""
    beneath = say("pause", QUESTION.scope, -5, 1, until=NOON + timedelta(hours=3))
    lifting = say("grant", QUESTION.scope, -4, 2, expires_at=NOON + timedelta(hours=2))
    above = say("pause", Scope(ACME), -3, 3, until=NOON + timedelta(hours=1))
    decision = decide([beneath, lifting, above], QUESTION._replace(regime="opt_out"), NOON)
    assert (decision.allowed, decision.valid_until) == (False, above.until)
