"""Everyone who may not be reached, and what changed since."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from brands import stream
from brands.models import Brand
from cmr import accounts, preferences
from cmr.models import Consumer
from consent import ledger, roll
from consent.ledger import Actor, NewChoice
from consent.models import Relationship
from consent.resolution import DecisionKind, Scope
from tests.conftest import Api

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
ABOUT = {"purpose": "marketing", "channel": "email"}


def say(person: Consumer, decision: DecisionKind, brand: Brand | None = None) -> None:
    scope = Scope(brand.pk if brand else None, "marketing")
    ledger.record(person.subject_id, [NewChoice(scope, decision)], by=Actor("api"), now=NOW)


@pytest.fixture
def people(acme: Brand) -> list[Consumer]:
    """Five with acme; the first two said yes."""
    made = [
        accounts.open_account(email=f"p{n}@example.org", password=None, verified_at=NOW)
        for n in range(5)
    ]
    for n, person in enumerate(made):
        relationship, _ = preferences.add_brand(person, acme, by="api", now=NOW)
        Relationship.objects.filter(pk=relationship.pk).update(ref=f"p{n}")
    for person in made[:2]:
        say(person, "grant", acme)
    return made


def listed(api: Api, **query: Any) -> tuple[dict[str, str], int]:
    """The rule by reference, or "yes"; and the sequence through which it holds."""
    answer = api.get("suppressions", **ABOUT, **query)
    assert answer.status_code == 200, answer.content
    text = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    lines = [json.loads(line) for line in text.splitlines()]
    rules = {line["subject"]["ref"]: "yes" if line["allowed"] else line["rule"] for line in lines}
    return rules, int(answer.headers["X-Through-Sequence"])


def test_everyone_who_may_not_be_reached_is_listed(
    as_acme: Api, people: list[Consumer], acme: Brand
) -> None:
    say(people[1], "deny")
    rules, through = listed(as_acme)
    assert rules == {
        "p1": "person_denied",
        **dict.fromkeys(["p2", "p3", "p4"], "default_opt_in"),
    }
    assert through == stream.last_sequence(acme.pk)


def test_a_list_is_the_same_in_batches_of_any_size(
    as_acme: Api, people: list[Consumer], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, _ = listed(as_acme)
    monkeypatch.setattr(roll, "BATCH", 2)
    assert listed(as_acme)[0] == whole


def test_a_delta_says_who_changed_either_way(
    as_acme: Api, people: list[Consumer], acme: Brand
) -> None:
    _, through = listed(as_acme)
    assert listed(as_acme, since=through)[0] == {}
    say(people[0], "deny", acme)
    say(people[2], "grant", acme)
    over = Relationship.objects.get(subject=people[3].subject_id)
    preferences.end_relationship(people[3], over, by="api", now=NOW)
    rules, _ = listed(as_acme, since=through)
    assert rules == {"p0": "person_denied", "p2": "yes", "p3": "no_relationship"}


def test_a_rival_sees_nobody(as_rival: Api, people: list[Consumer]) -> None:
    assert listed(as_rival) == ({}, 0)
    assert listed(as_rival, since=0) == ({}, 0)


def test_no_address_or_digest_of_one_is_in_it(as_acme: Api, people: list[Consumer]) -> None:
    answer = as_acme.get("suppressions", **ABOUT)
    lines = b"".join(answer.streaming_content).splitlines()  # type: ignore[attr-defined]
    assert {frozenset(json.loads(line)) for line in lines} == {
        frozenset({"subject", "allowed", "rule", "valid_until"})
    }
    assert {frozenset(json.loads(line)["subject"]) for line in lines} == {frozenset({"id", "ref"})}


@pytest.mark.parametrize(
    "query", [{"since": -1}, {"since": "x"}, {"purpose": "nothing"}, {"channel": "pigeon"}]
)
def test_a_question_that_makes_no_sense_is_refused(as_acme: Api, query: dict[str, Any]) -> None:
    assert as_acme.get("suppressions", **(ABOUT | query)).status_code == 422
