"""GET /suppressions: everyone who may not be reached, and changes since."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from brands.events import stream
from brands.models import Brand
from cmr.choices import choose
from cmr.models import Consumer
from consent.decision.resolution import Scope
from consent.identity.identifiers import compute_identifier_digest, find_or_create_identifier
from consent.ledger.recording import Actor
from consent.models import Relationship
from consent.propagation import propagate
from consent.relationships import iteration
from tests.conftest import Api
from tests.factories import open_account, record_choice

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
ABOUT = {"purpose": "marketing", "channel": "email"}


@pytest.fixture
def people(acme: Brand) -> list[Consumer]:
    """Five with acme; the first two said yes."""
    made = [open_account(f"p{n}@example.org", now=NOW) for n in range(5)]
    for n, person in enumerate(made):
        relationship, _ = choose.add_brand(person, acme, by="api", now=NOW)
        Relationship.objects.filter(pk=relationship.pk).update(ref=f"p{n}")
    for person in made[:2]:
        record_choice(person, "grant", Scope(acme.pk, "marketing"), by=Actor("api"), now=NOW)
    return made


def list_rules(api: Api, **query: Any) -> tuple[dict[str, str], int]:
    """The rule by reference, or "yes"; and the sequence through which it holds."""
    answer = api.get("suppressions", **ABOUT, **query)
    assert answer.status_code == 200, answer.content
    text = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    lines = [json.loads(line) for line in text.splitlines()]
    rules = {line["subject"]["ref"]: "yes" if line["allowed"] else line["rule"] for line in lines}
    return rules, int(answer.headers["X-Through-Sequence"])


def test_suppressions_full_lists_everyone_not_allowed(
    as_acme: Api, people: list[Consumer], acme: Brand
) -> None:
    record_choice(people[1], "deny", Scope(None, "marketing"), by=Actor("api"), now=NOW)
    rules, through = list_rules(as_acme)
    assert rules == {
        "p1": "person_denied",
        **dict.fromkeys(["p2", "p3", "p4"], "default_opt_in"),
    }
    assert through == stream.read_last_sequence(acme.pk)


def test_suppressions_any_batch_size_lists_same(
    as_acme: Api, people: list[Consumer], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, _ = list_rules(as_acme)
    monkeypatch.setattr(iteration, "BATCH", 2)
    assert list_rules(as_acme)[0] == whole


def test_suppressions_since_lists_changes_in_both_directions(
    as_acme: Api, people: list[Consumer], acme: Brand
) -> None:
    _, through = list_rules(as_acme)
    assert list_rules(as_acme, since=through)[0] == {}
    record_choice(people[0], "deny", Scope(acme.pk, "marketing"), by=Actor("api"), now=NOW)
    record_choice(people[2], "grant", Scope(acme.pk, "marketing"), by=Actor("api"), now=NOW)
    over = Relationship.objects.get(subject=people[3].subject_id)
    choose.end_relationship(people[3], over, by="api", now=NOW)
    rules, _ = list_rules(as_acme, since=through)
    assert rules == {"p0": "person_denied", "p2": "yes", "p3": "no_relationship"}


def test_suppressions_since_lists_wide_denial_before_and_after_event(
    as_acme: Api, people: list[Consumer], acme: Brand
) -> None:
    _, through = list_rules(as_acme)
    record_choice(people[0], "deny", Scope(), by=Actor("api"), now=NOW)
    contact = {"contact": {"email": "p0@example.org"}}
    assert as_acme.post("check", ABOUT | contact).json()["rule"] == "person_denied"
    assert stream.read_last_sequence(acme.pk) == through  # no worker has been there yet
    rules, then = list_rules(as_acme, since=through)
    assert (rules, then) == ({"p0": "person_denied"}, through)
    propagate.propagate_choices(people[0].subject_id, now=NOW)
    rules, then = list_rules(as_acme, since=through)
    assert (rules, then) == ({"p0": "person_denied"}, through + 1)
    assert list_rules(as_acme, since=then)[0] == {}


def test_suppressions_since_omits_unrelated_wide_choices(
    as_acme: Api, people: list[Consumer], acme: Brand
) -> None:
    _, through = list_rules(as_acme)
    record_choice(people[0], "deny", Scope(purpose="research"), by=Actor("api"), now=NOW)
    record_choice(people[1], "deny", Scope(channel="sms"), by=Actor("api"), now=NOW)
    record_choice(people[2], "clear", Scope(None, "marketing"), by=Actor("api"), now=NOW)
    record_choice(
        people[3],
        "deny",
        Scope(
            contact_point=find_or_create_identifier(
                compute_identifier_digest("other@example.org")
            ).pk
        ),
        by=Actor("api"),
        now=NOW,
    )
    record_choice(people[4], "deny", Scope(), by=Actor("api"), now=NOW)
    over = Relationship.objects.get(subject=people[4].subject_id)
    choose.end_relationship(people[4], over, by="api", now=NOW)
    assert list_rules(as_acme, since=stream.read_last_sequence(acme.pk))[0] == {}
    assert list_rules(as_acme, since=through)[0] == {"p4": "no_relationship"}


def test_suppressions_since_lists_each_person_once(
    as_acme: Api, people: list[Consumer], acme: Brand
) -> None:
    _, through = list_rules(as_acme)
    record_choice(people[0], "deny", Scope(acme.pk, "marketing"), by=Actor("api"), now=NOW)
    record_choice(people[0], "deny", Scope(), by=Actor("api"), now=NOW)
    lines = as_acme.get("suppressions", **ABOUT, since=through)
    assert len(b"".join(lines.streaming_content).splitlines()) == 1  # type: ignore[attr-defined]


def test_suppressions_of_other_brand_is_empty(as_rival: Api, people: list[Consumer]) -> None:
    assert list_rules(as_rival) == ({}, 0)
    assert list_rules(as_rival, since=0) == ({}, 0)


def test_suppressions_contain_no_address_or_digest(as_acme: Api, people: list[Consumer]) -> None:
    answer = as_acme.get("suppressions", **ABOUT)
    lines = b"".join(answer.streaming_content).splitlines()  # type: ignore[attr-defined]
    assert {frozenset(json.loads(line)) for line in lines} == {
        frozenset({"subject", "allowed", "rule", "valid_until"})
    }
    assert {frozenset(json.loads(line)["subject"]) for line in lines} == {frozenset({"id", "ref"})}


@pytest.mark.parametrize(
    "query", [{"since": -1}, {"since": "x"}, {"purpose": "nothing"}, {"channel": "pigeon"}]
)
def test_suppressions_invalid_query_is_refused(as_acme: Api, query: dict[str, Any]) -> None:
    assert as_acme.get("suppressions", **(ABOUT | query)).status_code == 422
