"""Hashes of contacts for brands: who gets which, in what form, for how long."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from brands.credentials import brand_keys
from brands.events import stream
from brands.models import Brand
from cmr.accounts import ownership
from cmr.choices import choose
from cmr.models import Consumer
from cmr.personal_data import erasure
from consent.decision.resolution import Scope
from consent.identity import contact_hashes
from consent.identity.contact_hashes import ContactHashes
from consent.imports import applying, jobs
from consent.ledger.recording import Actor
from consent.models import ContactHash, Identifier, ImportRow, Relationship
from consent.relationships import lifecycle
from tests.conftest import EMAIL, Api
from tests.factories import find_subject, open_account, record_choice

pytestmark = pytest.mark.django_db

ABOUT = {"purpose": "marketing", "channel": "email"}
HOUR = timedelta(hours=1)


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def register(api: Api, status: int = 201, **contact: str) -> None:
    answer = api.post("relationships", {"contact": contact, "note": "Our shop"})
    assert answer.status_code == status, answer.content


def lines(api: Api, path: str = "exports/preferences", **query: Any) -> list[dict[str, Any]]:
    answer = api.get(path, **query)
    assert answer.status_code == 200, answer.content
    text = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    return [json.loads(line) for line in text.splitlines()]


def contacts(api: Api) -> list[tuple[str, str]]:
    """Of everybody, in order."""
    return sorted((c["kind"], c["sha256"]) for line in lines(api) for c in line["contacts"])


def rows(api: Api, **query: Any) -> tuple[list[str], list[list[str]], str]:
    """The headings, the rows, and how many have no hash."""
    answer = api.get("suppressions", **ABOUT, form="csv", **query)
    assert answer.status_code == 200, answer.content
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    headings, *found = list(csv.reader(io.StringIO(text, newline="")))
    return headings, sorted(found), answer.headers.get("X-Without-Hash", "")


# -- What is kept ---------------------------------------------------------------------------------


def test_export_returns_normalised_hashes_of_given_contacts(as_acme: Api) -> None:
    register(as_acme, email=" Dora@Example.ORG ")
    register(as_acme, phone="+49 151 12345678")
    register(as_acme, sha256=sha256("eve@example.org"))
    assert contacts(as_acme) == [
        ("email", sha256("dora@example.org")),
        ("phone", sha256("+4915112345678")),
        ("unknown", sha256("eve@example.org")),
    ]


def test_register_same_contact_again_stores_one_hash(as_acme: Api) -> None:
    register(as_acme, email="dora@example.org")
    register(as_acme, status=200, email="DORA@example.org")
    assert ContactHash.objects.count() == 1


def test_register_refused_stores_no_hash(as_acme: Api) -> None:
    body = {"contact": {"email": "a@example.org"}, "note": "Shop", "ref": "C-1"}
    assert as_acme.post("relationships", body).status_code == 201
    answer = as_acme.post("relationships", body | {"contact": {"email": "b@example.org"}})
    assert answer.json()["code"] == "ref_taken"
    assert contacts(as_acme) == [("email", sha256("a@example.org"))]


def test_add_brand_stores_hashes_of_that_time(
    as_acme: Api, as_rival: Api, ana: Consumer, acme: Brand, now: datetime
) -> None:
    ownership.add_contact(ana, kind="phone", value="+4915112345678", now=now)
    choose.add_brand(ana, acme, by="portal", now=now)
    ownership.add_contact(ana, kind="email", value="ana@later.example", now=now)
    assert contacts(as_acme) == [("email", sha256(EMAIL))]  # the one she signs in with
    (event,) = as_acme.get("events").json()["data"]
    told = [(each["kind"], each["sha256"]) for each in event["data"]["contacts"]]
    assert told == contacts(as_acme)
    assert contacts(as_rival) == []


def test_add_brand_with_chosen_addresses_stores_only_those(
    as_acme: Api, as_ana: Api, ana: Consumer, acme: Brand, now: datetime
) -> None:
    phone = ownership.add_contact(ana, kind="phone", value="+4915112345678", now=now)
    body = {"brand": "acme", "contact_points": [phone.pk]}
    assert as_ana.post("me/relationships", body).status_code == 201
    assert contacts(as_acme) == [("phone", sha256("+4915112345678"))]
    assert as_ana.post("me/relationships", {"brand": "acme"}).status_code == 200
    assert contacts(as_acme) == [("phone", sha256("+4915112345678"))]
    usual = ana.contact_points.get(kind="email")
    both = body | {"contact_points": [phone.pk, usual.pk]}
    assert as_ana.post("me/relationships", both).status_code == 201
    assert contacts(as_acme) == [("email", sha256(EMAIL)), ("phone", sha256("+4915112345678"))]
    told = as_acme.get("events").json()["data"]
    assert len({event["data"]["subject"]["id"] for event in told}) == 2
    assert len({event["timestamp"] for event in told}) == 2
    (mine,) = as_ana.get("me/relationships").json()["data"]
    known_by = [each["contact_point"] for each in mine["known_by"]]
    assert known_by == [str(phone.pk), str(usual.pk)]


def test_add_brand_with_foreign_address_is_refused(as_ana: Api, acme: Brand) -> None:
    answer = as_ana.post("me/relationships", {"brand": "acme", "contact_points": [10**9]})
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_contact_point")


def test_import_stores_hashes(as_acme: Api, acme: Brand) -> None:
    text = (
        "email,phone,sha256,ref\r\nAnn@example.org,,,A-1\r\n,+4915112345678,,A-2\r\n"
        f",,{sha256('cat@example.org')},A-3\r\nann@example.org,,,A-1\r\n,,,A-1\r\n"
        "eve@example.org,,,A-1\r\n"  # refused: somebody else's reference
    )
    job = as_acme.post("imports", {"note": "Our list"}).json()["id"]
    put = as_acme.send("PUT", f"imports/{job}/parts/1", text.encode(), "text/csv")
    assert (put.json()["rows"], put.json()["bad"]) == (6, 0)
    assert not any(_stands_in_clear(ImportRow, "ann@example.org"))
    as_acme.post(f"imports/{job}/start")
    for each in applying.list_running_imports():
        jobs.run_import(each, now=timezone.now())
    assert contacts(as_acme) == [
        ("email", sha256("ann@example.org")),
        ("phone", sha256("+4915112345678")),
        ("unknown", sha256("cat@example.org")),
    ]


def _stands_in_clear(model: Any, address: str) -> list[bool]:
    """Of each row, whether the address or its plain hash stands in it anywhere."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT t::text FROM {model._meta.db_table} t")
        found = [row.lower() for (row,) in cursor.fetchall()]
    assert found
    return [address in row or sha256(address) in row for row in found]


def test_hashes_are_stored_sealed(as_acme: Api, as_rival: Api) -> None:
    for api in (as_acme, as_rival):
        register(api, email="dora@example.org")
    assert not any(_stands_in_clear(ContactHash, "dora@example.org"))
    assert len({bytes(each.sealed) for each in ContactHash.objects.all()}) == 2
    held = {bytes(each.digest) for each in Identifier.objects.all()}
    assert held.isdisjoint({bytes(each.sealed)[-32:] for each in ContactHash.objects.all()})


# -- When it is gone, or cannot be read ------------------------------------------------------------


def test_suppressions_after_erasure_keep_denial(
    as_acme: Api, as_rival: Api, ana: Consumer, acme: Brand, now: datetime
) -> None:
    """And no brand can see by its list that the account is gone."""
    choose.add_brand(ana, acme, by="portal", now=now)
    choose.add_brand(ana, Brand.objects.get(slug="rival"), by="portal", now=now)
    record_choice(ana, "deny", Scope(acme.pk), now=now)
    before = contacts(as_acme), contacts(as_rival)
    erasure.erase_account(ana, first_stop=False, by="portal", now=now + HOUR)
    assert rows(as_acme, contact="email")[1] == [[sha256(EMAIL)]]
    assert (contacts(as_acme), contacts(as_rival)) == before


def test_hash_of_reassigned_address_moves_to_new_owner(
    as_acme: Api, ana: Consumer, acme: Brand, now: datetime
) -> None:
    number = "+4915112345678"
    point = ownership.add_contact(ana, kind="phone", value=number, now=now)
    both = list(ana.contact_points.order_by("pk"))
    choose.add_brand(ana, acme, by="portal", now=now, points=both)
    ownership.remove_contact(point, now=now - ownership.HELD)
    assert ("phone", sha256(number)) in contacts(as_acme)
    ben = open_account("ben@example.org", now=now)
    held = ownership.add_contact(ben, kind="phone", value=number, now=now)
    # Acme deals with its new owner in no way, so its list goes on naming the number.
    assert rows(as_acme, contact="phone")[1] == [[sha256(number)]]
    choose.add_brand(ben, acme, by="portal", now=now + HOUR, points=[held])
    both_hold = [sha for kind, sha in contacts(as_acme) if kind == "phone"]
    assert both_hold == [sha256(number)]  # of the new owner alone
    record_choice(ben, "grant", Scope(acme.pk, "marketing"), now=now + HOUR)
    assert rows(as_acme, contact="phone")[1] == []


@pytest.mark.parametrize(
    ("path", "query"),
    [("exports/preferences", {}), ("suppressions", {**ABOUT, "contact": "email"})],
)
def test_export_with_other_key_has_no_hashes(
    as_acme: Api, path: str, query: dict[str, str], settings: Settings
) -> None:
    register(as_acme, email="dora@example.org")
    settings.CONTACT_HASHES_KEY = "another one"
    answer = as_acme.get(path, **query)
    assert (answer.status_code, answer.json()["code"]) == (503, "hashes_unreadable")
    assert len(lines(as_acme, "suppressions", **ABOUT)) == 1


def test_hash_sealed_for_other_brand_is_not_opened(
    as_acme: Api, rival: Brand, ana: Consumer, now: datetime
) -> None:
    """Nor can who writes to the database have us open it for them."""
    register(as_acme, email="dora@example.org")
    mine = Relationship.objects.get()
    theirs, _ = lifecycle.start_relationship(ana.subject_id, rival, by=Actor("portal"), now=now)
    stolen = bytes(ContactHash.objects.get().sealed)
    contact_hashes.store_sealed_hashes([(theirs.subject_id, theirs.pk, "email", stolen)])
    with pytest.raises(contact_hashes.HashUnreadable):
        contact_hashes.read_contact_hashes(rival.pk, [theirs.pk])
    known = {mine.pk: [ContactHashes("email", bytes.fromhex(sha256("dora@example.org")))]}
    assert contact_hashes.read_contact_hashes(mine.brand_id, [mine.pk]) == known


# -- Lists by hash --------------------------------------------------------------------------------


@pytest.fixture
def people(as_acme: Api, acme: Brand, now: datetime) -> None:
    """Three with an address, of whom y said yes; one with a number; one known by no hash."""
    for name in "xyz":
        register(as_acme, email=f"{name}@example.org")
    register(as_acme, phone="+4915112345678")
    hidden = find_subject("hidden@example.org")
    lifecycle.start_relationship(hidden, acme, by=Actor("portal"), now=now)
    record_choice(find_subject("y@example.org"), "grant", Scope(acme.pk, "marketing"), now=now)


@pytest.mark.usefixtures("people")
def test_suppressions_csv_with_hashes_fits_ad_platforms(as_acme: Api) -> None:
    x, z = ([sha256(f"{name}@example.org")] for name in "xz")
    assert rows(as_acme, contact="email") == (["Email"], sorted([x, z]), "2")
    assert rows(as_acme, contact="phone") == (["Phone"], [[sha256("+4915112345678")]], "4")


@pytest.mark.usefixtures("people")
def test_suppressions_hash_of_unknown_kind_is_in_both(as_acme: Api) -> None:
    register(as_acme, sha256=sha256("w@example.org"))
    register(as_acme, status=200, sha256=sha256("x@example.org"))
    for kind in ("email", "phone"):
        found = [row[0] for row in rows(as_acme, contact=kind)[1]]
        assert sha256("w@example.org") in found
        assert len(set(found)) == len(found)


@pytest.mark.usefixtures("people")
def test_suppressions_json_lists_people_without_hash(as_acme: Api) -> None:
    plain = lines(as_acme, "suppressions", **ABOUT)
    named = lines(as_acme, "suppressions", **ABOUT, contact="email")
    hashes = [each.pop("sha256") for each in named]
    assert named == plain and len(plain) == 4
    assert sorted(len(each) for each in hashes) == [0, 0, 1, 1]


@pytest.mark.usefixtures("people")
def test_suppressions_csv_without_hashes_equals_json(as_acme: Api) -> None:
    headings, found, without = rows(as_acme)
    assert headings == ["id", "ref", "allowed", "rule", "valid_until"]
    said = lines(as_acme, "suppressions", **ABOUT)
    assert found == sorted([e["subject"]["id"], "", "false", e["rule"], ""] for e in said)
    assert without == ""


@pytest.mark.usefixtures("people")
def test_suppressions_since_with_hashes_lists_both_directions(
    as_acme: Api, acme: Brand, now: datetime
) -> None:
    through = stream.read_last_sequence(acme.pk)
    record_choice(
        find_subject("x@example.org"), "grant", Scope(acme.pk, "marketing"), now=now + HOUR
    )
    record_choice(
        find_subject("y@example.org"), "deny", Scope(acme.pk, "marketing"), now=now + HOUR
    )
    headings, found, _ = rows(as_acme, contact="email", since=through)
    assert headings == ["Email", "allowed"]
    x, y = (sha256(f"{name}@example.org") for name in "xy")
    assert found == sorted([[x, "true"], [y, "false"]])


@pytest.mark.usefixtures("people")
def test_suppressions_ended_person_is_listed_by_hash_only(
    as_acme: Api, acme: Brand, now: datetime
) -> None:
    """An audience that the brand made before still holds them."""
    person = find_subject("y@example.org")
    mine = Relationship.objects.get(subject=person)
    lifecycle.end_relationship(mine, by=Actor("portal"), now=timezone.now())
    assert [sha256("y@example.org")] in rows(as_acme, contact="email")[1]
    assert str(mine.pk) not in [row[0] for row in rows(as_acme)[1]]


def test_suppressions_denial_of_address_lists_its_hash_only(
    as_ana: Api, as_acme: Api, ana: Consumer, now: datetime
) -> None:
    """As in a check of each address: the list by hash and the check say the same."""
    other = ownership.add_contact(ana, kind="email", value="b@example.org", now=now)
    usual = ana.contact_points.order_by("pk")[0]
    as_ana.post("me/relationships", {"brand": "acme", "contact_points": [usual.pk, other.pk]})
    scope = {"brand": "acme", "purpose": "marketing"}
    no = {"scope": {"brand": "acme", "contact_point": other.pk}, "decision": "deny"}
    as_ana.post("me/choices", [{"scope": scope, "decision": "grant"}, no])
    checked = {
        email: as_acme.post("check", ABOUT | {"contact": {"email": email}}).json()["allowed"]
        for email in (EMAIL, "b@example.org")
    }
    assert checked == {EMAIL: True, "b@example.org": False}
    assert rows(as_acme, contact="email")[1] == [[sha256("b@example.org")]]
    (mine,) = as_ana.get("me/relationships").json()["data"]
    by_point = {
        known["contact_point"]: {
            (each["purpose"], each["channel"]): each["allowed"] for each in known["permissions"]
        }["marketing", "email"]
        for known in mine["known_by"]
    }
    assert by_point == {str(usual.pk): True, str(other.pk): False}


def test_suppressions_hashes_without_export_scope_are_refused(acme: Brand) -> None:
    api = Api(brand_keys.issue_key(acme, name="sender", scopes=["check"]))
    assert api.get("suppressions", **ABOUT).status_code == 200
    answer = api.get("suppressions", **ABOUT, contact="email")
    assert (answer.status_code, answer.json()["code"]) == (403, "missing_scope")


@pytest.mark.usefixtures("people")
def test_hashes_of_other_brand_are_not_listed(as_rival: Api) -> None:
    assert rows(as_rival, contact="email") == (["Email"], [], "0")
    assert contacts(as_rival) == []
