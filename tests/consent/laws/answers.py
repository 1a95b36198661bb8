"""Laws of the answer: whose word counts, over which, and what is told of it."""

from __future__ import annotations

from copy import deepcopy
from datetime import datetime
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

from consent.decision.resolution import Choice, Question, Scope
from tests.consent.laws import page
from tests.consent.laws.drawn import (
    ASKED,
    MISSING,
    NOON,
    after,
    brands_words,
    crowded,
    ends,
    every_question,
    gone,
    ledgers,
    ledgers_apart,
    ledgers_of_some,
    limits,
    makers,
    moments,
    no,
    questions,
    said,
    scopes,
    to_come,
    word,
    yes,
)
from tests.consent.laws.law import law
from tests.consent.laws.rule import Rule, told

Ledger = list[Choice]
implied = word("grant", "brand", basis=st.just("implied"), expires_at=to_come)


def decide(rule: Rule, ledger: Ledger, question: Question, now: datetime = NOON) -> Any:
    return rule.resolution.decide_by_choices(ledger, question, now)


def without_slot(ledger: Ledger, choice: Choice) -> Ledger:
    """What is left where *choice* has the last word in its slot."""
    return [c for c in ledger if page.slot(c) != page.slot(choice)]


@law(
    "The answer is the one that this page gives, when it is applied to the whole ledger.",
    ledger=ledgers,
    question=questions,
    now=ends,
)
def the_page(rule: Rule, ledger: Ledger, question: Question, now: datetime) -> None:
    decision = decide(rule, ledger, question, now)
    assert (decision.allowed, decision.rule) == page.answer(ledger, question, now)


@law("A required purpose is always allowed, whatever the person chose.", ledger=ledgers, no=no)
def required(rule: Rule, ledger: Ledger, no: Choice) -> None:
    question = rule.own(Question(ASKED, "opt_in"))._replace(regime="required")
    decision = decide(rule, after(ledger, no), question)
    assert (decision.allowed, decision.rule, decision.because) == (True, "required", None)


@law(
    "If no choice covers the question, its regime decides.",
    ledger=st.lists(word("grant", scope=st.sampled_from(MISSING)), max_size=3)
    | st.lists(word("deny", scope=st.sampled_from(MISSING)), max_size=3),
    question=questions,
)
def default(rule: Rule, ledger: Ledger, question: Question) -> None:
    decision = decide(rule, ledger, question)
    assert decision.allowed == (question.regime == "opt_out")
    assert (decision.rule, decision.because) == (f"default_{question.regime}", None)


@law(
    "A later no, however wide, overrides every older yes.",
    ledger=ledgers,
    older=word("grant", made_at=moments, seq=50),
    no=no,
    question=questions,
)
def wide_no(rule: Rule, ledger: Ledger, older: Choice, no: Choice, question: Question) -> None:
    assert not decide(rule, after([*ledger, older], no), question).allowed


@law(
    "A later yes that an older no does not cover completely never lifts that no.",
    older=ledgers,
    no=no,
    yes=yes,
    question=questions,
)
def wide_yes(rule: Rule, older: Ledger, no: Choice, yes: Choice, question: Question) -> None:
    assume(not page.covers(no.scope, yes.scope))
    assert not decide(rule, after(older, no, yes), question).allowed


@law(
    "The person's own later yes to the same thing, or to a part of it, lifts a no.",
    no=no,
    yes=yes,
    maker=makers,
    question=questions,
)
def narrow_yes(rule: Rule, no: Choice, yes: Choice, maker: Any, question: Question) -> None:
    assume(page.covers(no.scope, yes.scope))
    assert decide(rule, after([], no._replace(maker=maker), yes), question).allowed


@law(
    "If the newest choice is the person's yes to exactly the question, the answer is yes.",
    ledger=ledgers,
    yes=word("grant", scope=st.just(ASKED)),
    question=questions,
)
def last_yes(rule: Rule, ledger: Ledger, yes: Choice, question: Question) -> None:
    assert decide(rule, after(ledger, yes), question).rule == "person_granted"


@law(
    "A brand never lifts a person's no, whatever it records, clears or implies later.",
    older=st.lists(yes | word("grant", "brand"), max_size=3),
    no=no,
    words=brands_words,
    question=questions,
)
def brand_over_person(
    rule: Rule, older: Ledger, no: Choice, words: Ledger, question: Question
) -> None:
    """Older yeses alone: an older no of the person's would hide that this one was lifted."""
    assert not decide(rule, after([], *older, no, *words), question).allowed


@law(
    "A brand's choice on a scope neither replaces nor clears a person's choice on it.",
    ledger=crowded,
    words=brands_words,
)
def same_scope(rule: Rule, ledger: Ledger, words: Ledger) -> None:
    whole = after(ledger, *(word._replace(scope=ledger[0].scope) for word in words))
    standing = [c for c in rule.resolution.select_in_force(whole) if c.maker == "person"]
    alone = rule.resolution.select_in_force([c for c in whole if c.maker == "person"])
    assert set(standing) == set(alone)


@law(
    "A brand's later express yes lifts the brand's own no.",
    no=word("deny", "brand"),
    yes=word("grant", "brand"),
    question=questions,
)
def own_no(rule: Rule, no: Choice, yes: Choice, question: Question) -> None:
    assume(page.covers(no.scope, yes.scope))
    assert decide(rule, after([], no, yes), question).rule == "brand_granted"


@law("An implied yes never lifts a no.", no=no, yes=implied, maker=makers, question=questions)
def implied_yes(rule: Rule, no: Choice, yes: Choice, maker: Any, question: Question) -> None:
    assert not decide(rule, after([], no._replace(maker=maker), yes), question).allowed


@law(
    "An express yes counts before an implied one, even if it is older.",
    ledger=ledgers,
    yes=word("grant", made_at=moments, seq=50),
    implied=implied,
    question=questions,
)
def express_first(
    rule: Rule, ledger: Ledger, yes: Choice, implied: Choice, question: Question
) -> None:
    """Denials are left out: this is about which yes is told."""
    grants = [c for c in ledger if c.decision == "grant"]
    assume(page.stands(yes, [*grants, yes]))
    decision = decide(rule, after([*grants, yes], implied), question)
    assert decision.rule in ("person_granted", "brand_granted")


@law(
    "A yes has no effect from the moment at which it expires.",
    ledger=ledgers,
    yes=word("grant", expires_at=gone),
    question=questions,
)
def run_out(rule: Rule, ledger: Ledger, yes: Choice, question: Question) -> None:
    left = without_slot(ledger, yes)
    assert told(decide(rule, after(ledger, yes), question)) == told(decide(rule, left, question))


@law(
    "A yes applies until just before it expires.",
    ledger=ledgers,
    yes=word("grant", scope=st.just(ASKED), expires_at=to_come),
    question=questions,
)
def still_running(rule: Rule, ledger: Ledger, yes: Choice, question: Question) -> None:
    assert yes.expires_at
    last = yes.expires_at - datetime.resolution
    assert decide(rule, after(ledger, yes), question, last).rule == "person_granted"


@law(
    "A pause refuses until just before its end.",
    ledger=ledgers,
    pause=word("pause", until=to_come),
    question=questions,
)
def pause(rule: Rule, ledger: Ledger, pause: Choice, question: Question) -> None:
    assert pause.until
    decision = decide(rule, after(ledger, pause), question, pause.until - datetime.resolution)
    assert (decision.allowed, decision.rule) == (False, "person_paused")


@law(
    "After a pause has ended, the other choices apply as they would without it.",
    ledger=ledgers,
    pause=word("pause", until=to_come),
    question=questions,
)
def pause_ended(rule: Rule, ledger: Ledger, pause: Choice, question: Question) -> None:
    assert pause.until
    beneath = decide(rule, without_slot(ledger, pause), question, pause.until)
    assert told(decide(rule, after(ledger, pause), question, pause.until)) == told(beneath)


@law(
    "After “nothing from this brand”, the answer for a new purpose, channel or topic is no.",
    ledger=ledgers,
    no=word("deny", scope=st.just(Scope(1))),
    purpose=st.text(max_size=3),
    channel=st.none() | st.text(max_size=3),
    topic=st.none() | st.text(max_size=3),
    question=questions,
)
def later_topic(rule: Rule, ledger: Ledger, no: Choice, question: Question, **parts: Any) -> None:
    new = question._replace(scope=question.scope._replace(**parts))
    assert decide(rule, after(ledger, no), new).rule == "person_denied"


@law(
    "A scope covers another if each of its parts is any or the same, and only then.",
    wide=scopes,
    narrow=scopes,
)
def covering_scope(rule: Rule, wide: Scope, narrow: Scope) -> None:
    assert wide.covers(narrow) == page.covers(wide, narrow)


@law(
    "Choices about another brand, purpose, channel, topic or contact point have no effect.",
    ledger=ledgers,
    beside=st.lists(
        said(st.sampled_from(MISSING), moments),
        min_size=1,
        max_size=3,
    ),
    question=questions,
)
def beside(rule: Rule, ledger: Ledger, beside: Ledger, question: Question) -> None:
    assert told(decide(rule, after(ledger, *beside), question)) == told(
        decide(rule, [c for c in ledger if page.covers(c.scope, question.scope)], question)
    )


@law(
    "The choice in `because` exists, is in force, and gives the same answer alone.",
    ledger=ledgers_of_some,
    question=questions,
)
def because(rule: Rule, ledger: Ledger, question: Question) -> None:
    decision = decide(rule, ledger, question)
    reason = decision.because
    assert (reason is None) == decision.rule.startswith("default_")
    assume(reason is not None)
    assert reason in ledger and page.stands(reason, ledger)
    alone = decide(rule, [reason], question)
    assert (alone.allowed, alone.rule) == (decision.allowed, decision.rule)


@law(
    "If several choices give the same answer, `because` is the newest.",
    ledger=ledgers,
    words=st.lists(no, min_size=2, max_size=4) | st.lists(yes, min_size=2, max_size=4),
    question=questions,
)
def newest(rule: Rule, ledger: Ledger, words: Ledger, question: Question) -> None:
    whole = after(ledger, *words)
    decision = decide(rule, whole, question)
    assume(decision.allowed == (words[0].decision == "grant"))
    assert decision.because == whole[-1]


@law(
    "The person's refusal in force is the one that would decide without the brand's choices.",
    ledger=ledgers,
    no=word("deny", made_at=moments, seq=50),
    brands=word("deny", "brand"),
)
def standing_no(rule: Rule, ledger: Ledger, no: Choice, brands: Choice) -> None:
    whole = after([*ledger, no], brands)
    mine = decide(
        rule, [c for c in whole if c.maker == "person"], rule.own(Question(ASKED, "opt_out"))
    )
    expected = None if mine.allowed else mine.because
    assert rule.resolution.find_standing_refusal(whole, rule.own(ASKED), NOON) == expected


@law(
    "If the times of choices differ, their order of arrival does not matter.",
    ledger=ledgers_apart,
    draw=st.randoms(use_true_random=False),
    question=questions,
)
def arrival(rule: Rule, ledger: Ledger, draw: Any, question: Question) -> None:
    shuffled = [c._replace(seq=seq) for seq, c in enumerate(draw.sample(ledger, len(ledger)))]
    first, second = (decide(rule, each, question) for each in (ledger, shuffled))
    assert _entries(first) == _entries(second)


@law(
    "Of two choices of the same time, the one recorded later counts, in any list order.",
    ledger=ledgers,
    no=word("deny", scope=st.just(ASKED)),
    yes=word("grant", scope=st.just(ASKED), seq=98),
    question=questions,
    earlier=st.booleans(),
)
def one_time(
    rule: Rule, *, ledger: Ledger, no: Choice, yes: Choice, question: Question, earlier: bool
) -> None:
    words = [no._replace(seq=97), yes] if earlier else [yes, no]
    for whole in ([*ledger, *words], [*reversed(words), *ledger]):
        assert decide(rule, whole, question).allowed == earlier


@law(
    "The same choices, question and moment give the same answer, and are not modified.",
    ledger=ledgers_of_some,
    question=every_question,
    now=ends,
)
def pure(rule: Rule, ledger: Ledger, question: Question, now: datetime) -> None:
    before = deepcopy((ledger, question))
    first = decide(rule, ledger, question, now)
    assert (ledger, question) == before
    assert first.as_of == now and first == decide(rule, ledger, question, now)


@law(
    "A limit alone is neither a yes nor a no.",
    ledger=ledgers,
    limit=word("limit", limit=limits),
    question=questions,
)
def limit(rule: Rule, ledger: Ledger, limit: Choice, question: Question) -> None:
    with_it, without = (decide(rule, x, question) for x in (after(ledger, limit), ledger))
    assert (with_it.allowed, with_it.rule) == (without.allowed, without.rule)


@law(
    "`limits` has the limits in force that cover the question, and `limit` is the strictest.",
    ledger=ledgers,
    one=word("limit", limit=limits),
    two=word("limit", scope=scopes, limit=limits),
    question=questions,
)
def tightest(rule: Rule, ledger: Ledger, one: Choice, two: Choice, question: Question) -> None:
    whole = after(ledger, one, two)
    decision = decide(rule, whole, question)
    told = {
        c
        for c in whole
        if c.limit and page.stands(c, whole) and page.covers(c.scope, question.scope)
    }
    assert set(decision.limits) == told
    rates = [c.limit.max / c.limit.window.days for c in told if c.limit]
    assert decision.limit.per_day == min(rates)


def _entries(decision: Any) -> Any:
    """What does not depend on the order of recording."""
    reason = decision.because.entry if decision.because else None
    rest = (decision.allowed, decision.rule, decision.valid_until)
    return *rest, reason, {choice.entry for choice in decision.limits}
