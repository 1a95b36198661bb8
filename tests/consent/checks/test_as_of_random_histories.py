"""`as_of` repeats past answers: random histories, checked while they run and again later.

`make as-of ANSWERS=5000` compares more of them.
"""

from __future__ import annotations

import os
from typing import Any

import pytest

from brands.models import Brand, Topic
from consent.checks import as_of, bulk
from consent.checks.single import Asked
from consent.decision.resolution import Decision
from consent.models import PastMerge, PastProfile, PastRelationship
from tests.consent.random_past import Answer, Life

#: A life has so many steps, of five answers each.
STEPS = 25
SEEDS = range(max(3, int(os.environ.get("ANSWERS", "0")) // (5 * STEPS)))


def lead(seed: int, acme: Brand, rival: Brand) -> Life:
    for brand in (acme, rival):
        Topic.objects.get_or_create(
            brand=brand, code=f"t-{brand.slug}", name="T", purpose_id="marketing"
        )
    return Life(seed, [acme, rival]).live(STEPS)


def without_order(decision: Decision) -> Any:
    """What the decision says; nobody counts on the order of its limits."""
    return decision._replace(limits=frozenset(decision.limits))  # type: ignore[arg-type]


def ask_again(answer: Answer, life: Life) -> Decision:
    return as_of.check_contact_as_of(answer.asked, as_of=answer.at, now=life.now)


@pytest.mark.parametrize("seed", SEEDS)
def test_as_of_random_history_repeats_past_answers(seed: int, acme: Brand, rival: Brand) -> None:
    life = lead(seed, acme, rival)
    for answer in life.answers:
        assert without_order(ask_again(answer, life)) == without_order(answer.decision), (
            seed,
            answer.asked,
        )


def test_as_of_bulk_answers_as_single_checks(acme: Brand, rival: Brand) -> None:
    life = lead(0, acme, rival)
    contacts = [each.asked.contact for each in life.answers]
    question = bulk.build_bulk_question(acme.pk, purpose="marketing", channel="email")
    for answer in life.answers[::30]:
        many = as_of.check_contacts_as_of(question, contacts, as_of=answer.at, now=life.now)
        asked = [Asked(acme.pk, each, "marketing", "email") for each in contacts[:10]]
        alone = [as_of.check_contact_as_of(each, as_of=answer.at, now=life.now) for each in asked]
        first = [each for each in list(many)[:10] if isinstance(each, Decision)]
        assert [without_order(each) for each in first] == [without_order(each) for each in alone]


def test_random_histories_contain_every_rule_and_limit(acme: Brand, rival: Brand) -> None:
    """Else the comparison above would say little."""
    lives = [lead(seed, acme, rival) for seed in range(3)]
    decisions = [each.decision for life in lives for each in life.answers]
    rules = {each.rule for each in decisions}
    assert rules >= {"no_relationship", "person_granted", "person_denied", "default_opt_out"}
    assert {each.remaining for each in decisions} >= {None, 0, 1}
    assert sum(each.not_before is not None for each in decisions) > 10
    assert any(each.valid_until for each in decisions)
    for kept in (PastRelationship, PastProfile, PastMerge):
        assert kept._default_manager.exists(), kept
