"""Registering people: POST /relationships."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from brands.events import stream
from brands.models import Brand
from cmr.models import Consumer
from consent.ledger.recording import Actor
from consent.models import Identifier, Relationship, Subject
from consent.relationships import lifecycle
from tests.conftest import Api
from tests.factories import register_person, report_choice

NOTE = "Bought a bicycle in our shop."


BEN = {"email": "ben@example.org"}


def refusal(answer: Any) -> tuple[int, str, str | None]:
    problem = answer.json()
    return answer.status_code, problem["code"], problem["field"]


def test_register_twice_creates_one_relationship(as_acme: Api, acme: Brand) -> None:
    first, again = (
        register_person(as_acme, BEN, ref="no-7"),
        register_person(as_acme, BEN, ref="no-7"),
    )
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert first.json()["subject"]["ref"] == "no-7"
    assert stream.read_last_sequence(acme.pk) == 1


def test_register_shows_note_to_person(as_acme: Api, as_ana: Api) -> None:
    register_person(as_acme)
    shown = as_ana.get("me/relationships/acme").json()
    assert (shown["origin"], shown["note"]) == ("brand", NOTE)


def test_register_with_and_without_account_get_same_answer(as_acme: Api, ana: Consumer) -> None:
    member, stranger = register_person(as_acme), register_person(as_acme, BEN)
    assert member.status_code == stranger.status_code == 201
    assert member.json().keys() == stranger.json().keys()


def test_register_event_holds_earlier_choices(as_acme: Api, as_ana: Api, acme: Brand) -> None:
    as_ana.post("me/choices", {"scope": {"brand": "acme"}, "decision": "deny"})
    register_person(as_acme)
    told = as_acme.get("events").json()["data"][-1]
    assert [each["decision"] for each in told["data"]["standing"]] == ["deny"]


def test_register_with_new_reference_replaces_old(as_acme: Api) -> None:
    register_person(as_acme, BEN, ref="old")
    assert register_person(as_acme, BEN, ref="new").json()["subject"]["ref"] == "new"
    assert report_choice(as_acme, "deny", {"ref": "new"}).status_code == 201
    assert report_choice(as_acme, "deny", {"ref": "old"}).status_code == 404


def test_register_reference_of_other_person_is_refused(
    as_acme: Api, as_rival: Api, acme: Brand
) -> None:
    register_person(as_acme, BEN, ref="no-7")
    register_person(as_acme, ref="no-8")
    new = {"phone": "+4915112345678"}
    for answer in (register_person(as_acme, ref="no-7"), register_person(as_acme, new, ref="no-7")):
        assert refusal(answer) == (409, "ref_taken", "ref")
    assert Relationship.objects.filter(brand=acme).count() == 2
    assert stream.read_last_sequence(acme.pk) == 2
    assert register_person(as_rival, ref="no-7").status_code == 201


def test_register_refused_stores_no_person(as_acme: Api) -> None:
    register_person(as_acme, BEN, ref="no-7")
    before = (Subject.objects.count(), Identifier.objects.count())
    assert register_person(as_acme, {"email": "chloe@example.org"}, ref="no-7").status_code == 409
    assert (Subject.objects.count(), Identifier.objects.count()) == before


def test_register_after_person_ended_is_refused(
    as_acme: Api, as_ana: Api, met: Relationship
) -> None:
    as_ana.delete("me/relationships/acme")
    before = stream.read_last_sequence(met.brand_id)
    assert refusal(register_person(as_acme)) == (409, "person_ended_relationship", "contact")
    assert stream.read_last_sequence(met.brand_id) == before
    assert not Relationship.objects.active().exists()


def test_register_after_brand_ended_is_allowed(as_acme: Api, met: Relationship) -> None:
    lifecycle.end_relationship(met, by=Actor("brand_api", met.brand_id), now=timezone.now())
    assert register_person(as_acme).status_code == 201


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"note": ""}, "blank", "note"),
        ({"note": "a" * 301}, "max_length", "note"),
        ({"note": None}, "null", "note"),
        ({"ref": ""}, "blank", "ref"),
        ({"ref": "a" * 201}, "max_length", "ref"),
        ({"ref": "a\0"}, "null_characters_not_allowed", "ref"),
        ({"contact": {"ref": "no-7"}}, "unknown_field", "contact.ref"),
        ({"contact": {"email": "ana"}}, "invalid_contact", "contact"),
        ({"brand": "rival"}, "unknown_field", "brand"),
        ({"origin": "person"}, "unknown_field", "origin"),
        ({"jurisdiction": "XX"}, "unknown_jurisdiction", "jurisdiction"),
        ({"jurisdiction": "us-ca"}, "unknown_jurisdiction", "jurisdiction"),
        ({"jurisdiction": "California"}, "unknown_jurisdiction", "jurisdiction"),
        ({"jurisdiction": ""}, "blank", "jurisdiction"),
        ({"jurisdiction": None}, "null", "jurisdiction"),
    ],
)
def test_register_invalid_body_is_refused(
    change: dict[str, Any], code: str, field: str, as_acme: Api
) -> None:
    assert refusal(register_person(as_acme, **change)) == (422, code, field)
    assert not Subject.objects.exists()
