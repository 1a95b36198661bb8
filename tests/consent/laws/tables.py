"""Laws of permission tables: a copy that keeps to one answers as a check does."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from hypothesis import strategies as st

from consent.decision.permission_tables import NO_REGIONAL_DEFAULTS, RegionalDefaults
from consent.decision.resolution import Choice, Question, Regime
from tests.consent.laws import page
from tests.consent.laws.drawn import (
    ASKED,
    COVERING,
    NOON,
    OTHER,
    after,
    covering,
    ledgers,
    ledgers_of_some,
    moments,
    said,
    to_come,
    word,
)
from tests.consent.laws.law import law
from tests.consent.laws.rule import Rule

Ledger = list[Choice]
#: Also about another purpose, channel and topic, and about none.
asked = st.builds(
    lambda purpose, channel, topic, regime: Question(
        ASKED._replace(purpose=purpose, channel=channel, topic=topic), regime
    ),
    st.sampled_from([ASKED.purpose, OTHER["purpose"]]),
    st.sampled_from([ASKED.channel, OTHER["channel"], None]),
    st.sampled_from([ASKED.topic, OTHER["topic"], None]),
    st.sampled_from(["opt_in", "opt_out"]),
)
passing = word("pause", until=to_come) | word("grant", expires_at=to_come)


def _table(rule: Rule, ledger: Ledger, defaults: RegionalDefaults = NO_REGIONAL_DEFAULTS) -> Any:
    """Of the brand and address that are asked about."""
    return rule.tables.build_permission_table(
        ledger,
        brand_id=ASKED.brand,
        contact_point=ASKED.contact_point,
        now=NOON,
        defaults=defaults,
    )


def _answer(rule: Rule, table: Any, question: Question, at: datetime) -> bool:
    """As a brand answers by its copy."""
    _brand, purpose, channel, topic, *_others = question.scope
    allowed = rule.tables.is_allowed(table, purpose=purpose, channel=channel, topic=topic, now=at)
    return question.regime == "opt_out" if allowed is None else bool(allowed)


@law(
    "The most specific row of a permission table answers as the whole ledger does.",
    ledger=ledgers_of_some,
    question=asked,
)
def table(rule: Rule, ledger: Ledger, question: Question) -> None:
    assert (
        _answer(rule, _table(rule, ledger), question, NOON)
        == page.answer(ledger, question, NOON)[0]
    )


@law(
    "A permission table also answers as the ledger does at any later moment.",
    ledger=ledgers,
    passing=st.lists(passing, min_size=1, max_size=4),
    question=asked,
    at=to_come,
)
def table_turns(
    rule: Rule, ledger: Ledger, passing: Ledger, question: Question, at: datetime
) -> None:
    said = after(ledger, *passing)
    assert _answer(rule, _table(rule, said), question, at) == page.answer(said, question, at)[0]


@law(
    "A permission table has the default of the place where the person lives.",
    ledger=ledgers,
    question=asked,
    regime=st.sampled_from(["opt_in", "opt_out"]),
)
def table_defaults(rule: Rule, ledger: Ledger, question: Question, regime: Regime) -> None:
    about = question.scope[1:3]
    cells = frozenset({(*about, None)})

    def regime_of(purpose: str, channel: str | None) -> Regime | None:
        return regime if (purpose, channel) == about else None

    held = _table(rule, ledger, RegionalDefaults(cells, regime_of))
    there = question._replace(regime=regime)
    if question.scope.topic is None:
        assert _answer(rule, held, question, NOON) == page.answer(ledger, there, NOON)[0]


@law(
    "No row of a permission table contains a choice about another address.",
    ledger=ledgers,
    others=st.lists(said(covering, moments), min_size=1, max_size=4),
)
def table_other_address(rule: Rule, ledger: Ledger, others: Ledger) -> None:
    elsewhere = [
        each._replace(scope=each.scope._replace(contact_point=OTHER["contact_point"]))
        for each in others
    ]
    mine = [c for c in ledger if c.scope.contact_point in (None, ASKED.contact_point)]
    assert _table(rule, after(mine, *elsewhere)) == _table(rule, mine)


@law(
    "Of the rows of a permission table that cover a question, one is the most specific.",
    ledger=st.lists(said(st.sampled_from(COVERING), moments), min_size=2, max_size=8),
)
def table_one_row(rule: Rule, ledger: Ledger) -> None:
    known = after([], *ledger)
    cells = [row[:3] for row in _table(rule, known)]
    sizes = [sum(part is not None for part in cell) for cell in cells]
    assert len(cells) == len(set(cells)) and sizes == sorted(sizes)
    assert sizes.count(max(sizes, default=0)) <= 1
