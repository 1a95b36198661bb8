"""Laws of what is kept of a ledger, of clears, and of how long an answer holds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

from consent.decision.resolution import Choice, Question, Scope
from tests.consent.laws import page
from tests.consent.laws.drawn import (
    HOUR,
    NOON,
    TICK,
    after,
    covering,
    crowded,
    ends,
    ledgers,
    ledgers_of_some,
    limits,
    makers,
    moments,
    questions,
    to_come,
    word,
)
from tests.consent.laws.law import law
from tests.consent.laws.rule import Rule, told

Ledger = list[Choice]
#: What time alone ends.
passing = word("pause", until=to_come) | word("grant", expires_at=to_come)


@law(
    "The projection has the newest choice of each slot (scope, decision, maker, basis).",
    ledger=crowded,
)
def slots(rule: Rule, ledger: Ledger) -> None:
    newest: dict[Any, Choice] = {}
    for choice in sorted(ledger, key=page.when):
        newest[page.slot(choice)] = choice
    kept = rule.resolution.fold_choices(ledger)
    assert len(kept) == len(newest) and set(kept) == set(newest.values())


@law(
    "The projection answers as the whole ledger does, now and at any later moment.",
    ledger=ledgers_of_some | crowded,
    question=questions,
    at=ends,
)
def projection(rule: Rule, ledger: Ledger, question: Question, at: datetime) -> None:
    decision = rule.resolution.decide_by_choices(rule.resolution.fold_choices(ledger), question, at)
    assert (decision.allowed, decision.rule) == page.answer(ledger, question, at)


@law(
    "The projection can be updated choice by choice, in any order of arrival.",
    ledger=ledgers,
    scope=covering,
    later=st.lists(word("deny", made_at=moments), min_size=2, max_size=3),
)
def upsert(rule: Rule, ledger: Ledger, scope: Scope, later: Ledger) -> None:
    same_slot = [c._replace(scope=scope, seq=50 + n) for n, c in enumerate(later)]
    fold = rule.resolution.fold_choices
    whole = set(fold([*ledger, *same_slot]))
    assert set(fold([*fold(ledger), *same_slot])) == whole
    assert set(fold([*reversed(same_slot), *fold(ledger)])) == whole


@law(
    "A clear withdraws all earlier choices of its maker on exactly that scope, and no others.",
    ledger=ledgers_of_some,
    clear=word("clear", made_at=moments, seq=50),
    which=st.integers(0, 7),
    maker=makers,
    question=questions,
    at=ends,
)
def clear(
    rule: Rule,
    *,
    ledger: Ledger,
    clear: Choice,
    which: int,
    maker: Any,
    question: Question,
    at: datetime,
) -> None:
    clear = clear._replace(scope=ledger[which % len(ledger)].scope, maker=maker)
    left = [
        c
        for c in ledger
        if (c.scope, c.maker) != (clear.scope, maker) or page.when(c) > page.when(clear)
    ]
    cleared, without = (
        rule.resolution.decide_by_choices(x, question, at) for x in ([*ledger, clear], left)
    )
    assert told(cleared) == told(without)


@law(
    "A choice that is made after a clear of the same scope counts.",
    ledger=ledgers,
    clear=word("clear"),
    no=word("deny"),
    question=questions,
)
def after_a_clear(
    rule: Rule, ledger: Ledger, clear: Choice, no: Choice, question: Question
) -> None:
    said = after(ledger, clear, no._replace(scope=clear.scope))
    assert rule.resolution.decide_by_choices(said, question, NOON).because == said[-1]


@law(
    "The answer stays the same until `valid_until`, or for ever if there is none.",
    ledger=ledgers,
    passing=st.lists(passing, min_size=2, max_size=4),
    question=questions,
)
def holds(rule: Rule, ledger: Ledger, passing: Ledger, question: Question) -> None:
    said = after(ledger, *passing)
    decision = rule.resolution.decide_by_choices(said, question, NOON)
    for at in _moments_until(decision.valid_until):
        assert rule.resolution.decide_by_choices(said, question, at).allowed == decision.allowed


@law(
    "At `valid_until` the answer changes.",
    ledger=ledgers,
    passing=st.lists(passing, min_size=2, max_size=4),
    question=questions,
)
def turns(rule: Rule, ledger: Ledger, passing: Ledger, question: Question) -> None:
    said = after(ledger, *passing)
    decision = rule.resolution.decide_by_choices(said, question, NOON)
    assume(decision.valid_until)
    turned = rule.resolution.decide_by_choices(said, question, decision.valid_until)
    assert decision.valid_until > NOON and turned.allowed != decision.allowed


def of_addresses(said: st.SearchStrategy[Choice]) -> st.SearchStrategy[Ledger]:
    """Said of some of the person's addresses, or of any."""
    points = st.sampled_from([None, 7, 8, 9])
    each = st.builds(lambda c, p: c._replace(scope=c.scope._replace(contact_point=p)), said, points)
    return st.lists(each, min_size=1, max_size=5)


points = of_addresses(word("deny") | word("grant") | word("limit", limit=limits) | passing)


@law(
    "In a question about one address, only choices that cover that address count.",
    ledger=ledgers,
    said=points,
    question=questions,
)
def one_address(rule: Rule, ledger: Ledger, said: Ledger, question: Question) -> None:
    known = after(ledger, *said)
    mine = [c for c in known if c.scope.contact_point in (None, question.scope.contact_point)]
    answer = rule.resolution.decide_by_choices(known, question, NOON)
    assert answer == rule.resolution.decide_by_choices(mine, question, NOON)


def _moments_until(end: datetime | None) -> Iterator[datetime]:
    """Each hour, and the moment before it: every end that is drawn lies on an hour."""
    for hours in range(1, 14):
        for at in (NOON + hours * HOUR - TICK, NOON + hours * HOUR):
            if end is None or at < end:
                yield at
