"""Everyone who may not be reached, and what changed since."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from brands.events import stream
from brands.models import Brand
from cmr.accounts import ownership
from cmr.choices import choose
from cmr.models import Consumer
from consent.decision.resolution import DecisionKind, Scope
from consent.identity.identifiers import compute_identifier_digest, find_or_create_identifier
from consent.ledger import recording
from consent.ledger.recording import Actor, NewChoice
from consent.models import Relationship
from consent.propagation import propagate
from consent.relationships import iteration
from tests.conftest import Api

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
ABOUT = {"purpose": "marketing", "channel": "email"}


def say(person: Consumer, decision: DecisionKind, brand: Brand | None = None) -> None:
    scope = Scope(brand.pk if brand else None, "marketing")
    recording.record_choices(
        person.subject_id, [NewChoice(scope, decision)], by=Actor("api"), now=NOW
    )


@pytest.fixture
def people(acme: Brand) -> list[Consumer]:
    """Five with acme; the first two said yes."""
    made = [
        ownership.open_account(email=f"p{n}@example.org", password=None, verified_at=NOW)
        for n in range(5)
    ]
    for n, person in enumerate(made):
        relationship, _ = choose.add_brand(person, acme, by="api", now=NOW)
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
    assert through == stream.read_last_sequence(acme.pk)


def test_a_list_is_the_same_in_batches_of_any_size(
    as_acme: Api, people: list[Consumer], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, _ = listed(as_acme)
    monkeypatch.setattr(iteration, "BATCH", 2)
    assert listed(as_acme)[0] == whole


def test_a_delta_says_who_changed_either_way(
    as_acme: Api, people: list[Consumer], acme: Brand
) -> None:
    _, through = listed(as_acme)
    assert listed(as_acme, since=through)[0] == {}
    say(people[0], "deny", acme)
    say(people[2], "grant", acme)
    over = Relationship.objects.get(subject=people[3].subject_id)
    choose.end_relationship(people[3], over, by="api", now=NOW)
    rules, _ = listed(as_acme, since=through)
    assert rules == {"p0": "person_denied", "p2": "yes", "p3": "no_relationship"}


def deny(person: Consumer, **scope: Any) -> None:
    choice = NewChoice(Scope(**scope), "deny")
    recording.record_choices(person.subject_id, [choice], by=Actor("api"), now=NOW)


def test_a_delta_has_a_wide_no_at_once_and_again_with_its_event(
    as_acme: Api, people: list[Consumer], acme: Brand
) -> None:
    _, through = listed(as_acme)
    deny(people[0])
    contact = {"contact": {"email": "p0@example.org"}}
    assert as_acme.post("check", ABOUT | contact).json()["rule"] == "person_denied"
    assert stream.read_last_sequence(acme.pk) == through  # no worker has been there yet
    rules, then = listed(as_acme, since=through)
    assert (rules, then) == ({"p0": "person_denied"}, through)
    propagate.propagate_choices(people[0].subject_id, now=NOW)
    rules, then = listed(as_acme, since=through)
    assert (rules, then) == ({"p0": "person_denied"}, through + 1)
    assert listed(as_acme, since=then)[0] == {}


def test_a_delta_names_nobody_whose_wide_choice_a_check_would_not_show(
    as_acme: Api, people: list[Consumer], acme: Brand
) -> None:
    _, through = listed(as_acme)
    deny(people[0], purpose="research")
    deny(people[1], channel="sms")
    say(people[2], "clear")
    deny(
        people[3],
        contact_point=find_or_create_identifier(compute_identifier_digest("other@example.org")).pk,
    )
    deny(people[4])
    over = Relationship.objects.get(subject=people[4].subject_id)
    choose.end_relationship(people[4], over, by="api", now=NOW)
    assert listed(as_acme, since=stream.read_last_sequence(acme.pk))[0] == {}
    assert listed(as_acme, since=through)[0] == {"p4": "no_relationship"}


def test_whoever_changed_and_has_a_wide_choice_on_its_way_is_there_once(
    as_acme: Api, people: list[Consumer], acme: Brand
) -> None:
    _, through = listed(as_acme)
    say(people[0], "deny", acme)
    deny(people[0])
    lines = as_acme.get("suppressions", **ABOUT, since=through)
    assert len(b"".join(lines.streaming_content).splitlines()) == 1  # type: ignore[attr-defined]


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
