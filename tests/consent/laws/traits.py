"""Laws of traits: what a person says about one kind of profile data, and about messages.

Note [Traits] in `consent.decision.resolution` says what a choice about a trait names.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

from consent.decision.resolution import Choice, Question, Scope
from tests.consent.laws import page
from tests.consent.laws.drawn import (
    COVERING,
    COVERING_USE,
    NOON,
    OF_USE,
    OTHER_TRAIT,
    TRAIT_PARTS,
    USED,
    after,
    brands_words,
    ends,
    ledgers,
    ledgers_of_use,
    moments,
    questions,
    said,
    uses,
    word,
)
from tests.consent.laws.law import law
from tests.consent.laws.rule import Rule, told

Ledger = list[Choice]
covering_use = st.sampled_from(COVERING_USE)
#: What names a kind, a category or a trait, of brands and addresses as a message names them.
about_traits = st.builds(
    lambda scope, of_use: scope._replace(**{part: getattr(of_use, part) for part in TRAIT_PARTS}),
    st.sampled_from(COVERING),
    st.sampled_from(OF_USE),
)


def decide(rule: Rule, ledger: Ledger, question: Question, now: datetime = NOON) -> Any:
    return rule.resolution.decide_by_choices(ledger, question, now)


@law(
    "The answer about the use of a trait is also the one that this page gives.",
    ledger=ledgers_of_use,
    question=uses,
    now=ends,
)
def trait_page(rule: Rule, ledger: Ledger, question: Question, now: datetime) -> None:
    decision = decide(rule, ledger, question, now)
    assert (decision.allowed, decision.rule) == page.answer(ledger, question, now)


@law(
    "Choices about a trait, a kind or a category do not affect a question about a message.",
    ledger=ledgers,
    traits=st.lists(said(about_traits, moments), min_size=1, max_size=3),
    question=questions,
)
def trait_beside(rule: Rule, ledger: Ledger, traits: Ledger, question: Question) -> None:
    with_them, without = (decide(rule, x, question) for x in (after(ledger, *traits), ledger))
    assert told(with_them) == told(without)


@law(
    "A no about the purpose, a kind or a category refuses a trait that is declared later.",
    ledger=ledgers_of_use,
    no=word("deny", scope=st.sampled_from([s for s in COVERING_USE if s.trait is None])),
    trait=st.text(min_size=1, max_size=3),
    question=uses,
)
def trait_later(rule: Rule, ledger: Ledger, no: Choice, trait: str, question: Question) -> None:
    new = question._replace(scope=question.scope._replace(trait=trait))
    assert decide(rule, after(ledger, no), new).rule == "person_denied"


@law(
    "A no about one trait applies whatever kind and category the brand gives it later.",
    ledger=ledgers_of_use,
    no=word("deny", scope=st.just(Scope(1, "profiling", trait="pregnancy"))),
    kind=st.text(max_size=3),
    category=st.none() | st.text(max_size=3),
    question=uses,
)
def trait_renamed(
    rule: Rule, *, ledger: Ledger, no: Choice, kind: str, category: str | None, question: Question
) -> None:
    scope = question.scope._replace(trait_kind=kind, trait_category=category)
    new = question._replace(scope=scope)
    assert decide(rule, after(ledger, no), new).rule == "person_denied"


@law(
    "A later yes to a trait, with its kind and its category, lifts a no about any of them.",
    no=word("deny", scope=covering_use),
    yes=word("grant", scope=st.just(USED)),
    question=uses,
)
def trait_yes(rule: Rule, no: Choice, yes: Choice, question: Question) -> None:
    assert decide(rule, after([], no, yes), question).rule == "person_granted"


@law(
    "A yes to a trait has no effect once its kind or its category has changed.",
    ledger=ledgers_of_use,
    yes=word("grant", scope=st.just(USED)),
    part=st.sampled_from(["trait_kind", "trait_category"]),
    question=uses,
)
def trait_changed(rule: Rule, ledger: Ledger, yes: Choice, part: str, question: Question) -> None:
    changed = question.scope._replace(**{part: OTHER_TRAIT[part]})
    new = question._replace(scope=changed)
    assert told(decide(rule, after(ledger, yes), new)) == told(decide(rule, ledger, new))


@law(
    "A yes without a kind lifts no refusal of a kind. The same is true of a category.",
    no=word("deny", scope=st.sampled_from(OF_USE)),
    part=st.sampled_from(["trait_kind", "trait_category"]),
    question=uses,
)
def trait_wide_yes(rule: Rule, no: Choice, part: str, question: Question) -> None:
    assume(getattr(no.scope, part) is not None)
    yes = no._replace(decision="grant", scope=rule.own(USED)._replace(**{part: None}))
    assert decide(rule, after([], no, yes), question).rule == "person_denied"


@law(
    "A brand never lifts a person's no about a trait, a kind or a category.",
    no=word("deny", scope=st.sampled_from(OF_USE)),
    words=brands_words,
    where=covering_use,
    question=uses,
)
def trait_of_brand(rule: Rule, no: Choice, words: Ledger, where: Scope, question: Question) -> None:
    own = [each._replace(scope=where) for each in words]
    assert not decide(rule, after([], no, *own), question).allowed
