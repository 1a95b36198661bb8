"""Cases that an attack on the first version found. Each is an example of its kind."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import orjson
import pytest
from django.utils import timezone

from brands.events import stream
from brands.models import Brand
from cmr.accounts import ownership
from cmr.choices import choose
from cmr.models import Consumer
from cmr.personal_data import erasure
from consent.decision.resolution import Scope
from consent.identity.identifiers import Contact
from consent.ledger import recording
from consent.ledger.recording import Actor, ChoiceTerms, NewChoice
from consent.models import LedgerEntry, Relationship
from consent.relationships import lifecycle
from tests.conftest import EMAIL, Api
from tests.consent.imports.test_imports import apply

pytestmark = pytest.mark.django_db

SECOND = "second@example.org"
MARKETING = {"purpose": "marketing", "channel": "email"}
FORM = "email,purpose,channel,decision,evidence"


def read_events(brand: Brand) -> list[dict[str, Any]]:
    return [
        orjson.loads(bytes(each.body)) for each in stream.read_events(brand.pk, after=0, limit=99)
    ]


def check(api: Api, **contact: str) -> Any:
    return api.post("check", {"contact": contact, **MARKETING}).json()


def register(api: Api, email: str, **more: str) -> None:
    body = {"contact": {"email": email}, "note": "A customer."} | more
    assert api.post("relationships", body).status_code == 201


def record_yes(api: Api, email: str) -> None:
    body = {"contact": {"email": email}, "scope": MARKETING, "decision": "grant", "evidence": "x"}
    assert api.post("choices", body).status_code == 201


def test_a_brand_s_own_record_does_not_lead_to_another_address(
    as_acme: Api, ana: Consumer, acme: Brand, now: datetime
) -> None:
    """Registered as a guess, her second address looks like anybody's."""
    ownership.add_contact(ana, kind="email", value=SECOND, now=now)
    for email in (EMAIL, SECOND, "nobody@example.org"):
        register(as_acme, email)
        if email == EMAIL:
            record_yes(as_acme, EMAIL)
    mine, other = read_events(acme)[-2:]
    assert [event["data"]["standing"] for event in (mine, other)] == [[], []]
    assert [event["data"]["permissions"] for event in (mine, other)] == [[], []]
    assert check(as_acme, email=EMAIL)["rule"] == "brand_granted"
    assert check(as_acme, email=SECOND)["rule"] == "default_opt_in"


def test_a_brand_that_has_both_is_not_told_of_one_what_it_recorded_of_the_other(
    as_acme: Api, ana: Consumer, acme: Brand, now: datetime
) -> None:
    for email in (EMAIL, SECOND):
        register(as_acme, email)
    record_yes(as_acme, EMAIL)
    before = len(read_events(acme))
    ownership.add_contact(ana, kind="email", value=SECOND, now=timezone.now())
    record_yes(as_acme, EMAIL)
    assert len(read_events(acme)) == before + 1
    assert check(as_acme, email=SECOND)["rule"] == "default_opt_in"


def test_her_yes_lifts_what_a_brand_recorded(as_acme: Api, as_ana: Api, met: Relationship) -> None:
    no = {"contact": {"email": EMAIL}, "scope": MARKETING, "decision": "deny"}
    assert as_acme.post("choices", no).status_code == 201
    assert check(as_acme, email=EMAIL)["rule"] == "brand_denied"
    yes = {"scope": {"brand": "acme", **MARKETING}, "decision": "grant"}
    assert as_ana.post("me/choices", yes).status_code == 201
    assert check(as_acme, email=EMAIL)["rule"] == "person_granted"


def test_choices_about_two_brands_have_no_time_in_common(
    as_ana: Api, acme: Brand, rival: Brand
) -> None:
    until = (timezone.now() + timedelta(days=3, minutes=7)).isoformat()
    for brand in (acme, rival):
        as_ana.post("me/relationships", {"brand": brand.slug})
    said = [
        {"scope": {"brand": brand.slug}, "decision": "pause", "until": until}
        for brand in (acme, rival)
    ]
    assert as_ana.post("me/choices", said).status_code == 201
    mine, theirs = (read_events(brand)[-1] for brand in (acme, rival))
    assert mine["data"]["until"][13:] == ":00:00Z"
    times = [{each["timestamp"], each["data"]["made_at"]} for each in (mine, theirs)]
    assert times[0].isdisjoint(times[1])


def test_an_import_does_not_lift_the_no_of_a_merged_address(
    as_acme: Api, acme: Brand, ana: Consumer, now: datetime
) -> None:
    """Her first address has said nothing, so its chain is empty."""
    met, _ = lifecycle.register_relationship(acme, Contact(email=SECOND), now=now, note="x")
    no = NewChoice(Scope(acme.pk, "marketing", "email"), ChoiceTerms("deny"))
    recording.record_choices(met.subject_id, [no], by=Actor("link"), now=now)
    ownership.add_contact(ana, kind="email", value=SECOND, now=now + timedelta(minutes=1))
    done = apply(as_acme, f"{FORM}\n{SECOND},marketing,email,grant,form 7\n")
    assert (done["choices"], done["lifts_refused"]) == (0, 1)
    assert not read_events(acme)[-1]["data"]["permissions"][0]["allowed"]


def test_an_address_that_changed_hands_begins_anew(
    as_acme: Api, ana: Consumer, acme: Brand, now: datetime
) -> None:
    """Also by the brand's own reference, or it would go on writing to the new owner."""
    point = ownership.add_contact(ana, kind="email", value=SECOND, now=now)
    register(as_acme, SECOND, ref="B-1")
    record_yes(as_acme, SECOND)
    ownership.remove_contact(point, now=now - ownership.HELD)
    assert check(as_acme, ref="B-1")["allowed"]
    ownership.open_account(email=SECOND, password=None, verified_at=timezone.now())
    assert read_events(acme)[-1]["type"] == "relationship.ended"
    rules = [check(as_acme, **{way: to})["rule"] for way, to in (("ref", "B-1"), ("email", SECOND))]
    assert rules == ["no_relationship"] * 2
    register(as_acme, SECOND, ref="B-1")
    assert check(as_acme, ref="B-1")["rule"] == "default_opt_in"


def test_one_address_of_an_erased_account_does_not_lead_to_the_others(
    ana: Consumer, met: Relationship, now: datetime
) -> None:
    ownership.add_contact(ana, kind="email", value=SECOND, now=now)
    recording.record_choices(
        ana.subject_id,
        [NewChoice(Scope(met.brand_id), ChoiceTerms("deny"))],
        by=Actor("portal"),
        now=now,
    )
    erasure.erase_account(ana, first_stop=False, by="portal", now=now)
    thief = ownership.open_account(email=SECOND, password=None, verified_at=now)
    assert not LedgerEntry.objects.of_person(thief.subject_id).exists()
    assert not Relationship.objects.filter(person=thief.subject_id).exists()
    owner = ownership.open_account(email=EMAIL, password=None, verified_at=now)
    assert Relationship.objects.get(person=owner.subject_id) == met


def test_a_stop_said_under_a_wider_no_outlives_it(
    as_acme: Api, as_ana: Api, met: Relationship
) -> None:
    record_yes(as_acme, EMAIL)
    as_ana.post("me/choices", {"scope": {}, "decision": "deny"})
    mail = {"from": EMAIL, "subject": "unsubscribe", "text": ""}
    assert as_acme.post("inbound/mail", mail).json()["understood"] == "stop"
    as_ana.post("me/choices", {"scope": {}, "decision": "clear"})
    assert check(as_acme, email=EMAIL)["rule"] == "person_denied"


def test_beginning_again_brings_back_all_addresses_that_the_brand_knew(
    ana: Consumer, acme: Brand, now: datetime
) -> None:
    ownership.add_contact(ana, kind="email", value=SECOND, now=now)
    points = list(ana.contact_points.order_by("pk"))
    known, _ = choose.add_brand(ana, acme, by="portal", now=now, points=points)
    later = now + timedelta(hours=1)
    choose.end_relationship(ana, known, by="portal", now=later)
    choose.add_brand(ana, acme, by="portal", now=later)
    assert Relationship.objects.active().filter(person=ana.subject_id).count() == 2


def test_an_imported_yes_is_told_of_the_address_that_it_names_alone(
    as_acme: Api, ana: Consumer, acme: Brand, now: datetime
) -> None:
    ownership.add_contact(ana, kind="email", value=SECOND, now=now)
    for nth, email in enumerate([EMAIL, SECOND, "stranger@example.org"]):
        register(as_acme, email, ref=f"C-{nth}")
    before = len(read_events(acme))
    apply(as_acme, f"{FORM}\n{EMAIL},marketing,email,grant,form 7\n")
    told = read_events(acme)[before:]
    assert [each["data"]["subject"]["ref"] for each in told] == ["C-0"]


@pytest.mark.parametrize(
    "supposed",
    [
        {"decision": "clear"},
        {"decision": "deny"},
        {"decision": "pause", "until": "2150-01-01T00:00:00Z"},
        {"decision": "limit", "limit": {"max": 3, "per": "week"}},
        {"decision": "grant"},
    ],
)
@pytest.mark.parametrize("said", ["deny", "pause", "grant"])
def test_what_is_supposed_does_not_tell_for_whom_a_choice_was_meant(
    said: str, supposed: dict[str, Any], as_acme: Api, met: Relationship, now: datetime
) -> None:
    ben = ownership.open_account(email="ben@example.org", password=None, verified_at=now)
    lifecycle.start_relationship(ben.subject_id, met.brand, by=Actor("api"), now=now)
    until = timezone.now() + timedelta(days=400) if said == "pause" else None
    for person, brand in ((met.subject_id, met.brand_id), (ben.subject_id, None)):
        scope = Scope(brand, "marketing", "email")
        choice = NewChoice(scope, ChoiceTerms(said, until=until))  # type: ignore[arg-type]
        recording.record_choices(person, [choice], by=Actor("api"), now=now)
    question = {**MARKETING, "suppose": [{"scope": MARKETING, **supposed}]}
    contacts = [{"email": EMAIL}, {"email": "ben@example.org"}]
    many = as_acme.post("checks", {"contacts": contacts, **question}).json()["data"]
    alone = [as_acme.post("check", {"contact": each, **question}).json() for each in contacts]
    for answers in (many, alone):
        own, wide = ((each["allowed"], each["rule"], each["limit"]) for each in answers)
        assert own == wide
