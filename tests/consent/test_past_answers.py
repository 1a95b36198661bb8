"""`as_of` is what a check answered then: random lives, asked while they go on and once more later.

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


def told(decision: Decision) -> Any:
    """What the decision says; nobody counts on the order of its limits."""
    return decision._replace(limits=frozenset(decision.limits))  # type: ignore[arg-type]


def ask_again(answer: Answer, life: Life) -> Decision:
    return as_of.check_contact_as_of(answer.asked, as_of=answer.at, now=life.now)


@pytest.mark.parametrize("seed", SEEDS)
def test_as_of_is_what_a_check_answered_then(seed: int, acme: Brand, rival: Brand) -> None:
    life = lead(seed, acme, rival)
    for answer in life.answers:
        assert told(ask_again(answer, life)) == told(answer.decision), (seed, answer.asked)


def test_many_at_once_are_answered_as_each_alone(acme: Brand, rival: Brand) -> None:
    life = lead(0, acme, rival)
    contacts = [each.asked.contact for each in life.answers]
    question = bulk.build_bulk_question(acme.pk, purpose="marketing", channel="email")
    for answer in life.answers[::30]:
        many = as_of.check_contacts_as_of(question, contacts, as_of=answer.at, now=life.now)
        asked = [Asked(acme.pk, each, "marketing", "email") for each in contacts[:10]]
        alone = [as_of.check_contact_as_of(each, as_of=answer.at, now=life.now) for each in asked]
        assert [told(each) for each in list(many)[:10]] == [told(each) for each in alone]  # type: ignore[arg-type]


def test_the_lives_have_all_that_can_go_wrong(acme: Brand, rival: Brand) -> None:
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
