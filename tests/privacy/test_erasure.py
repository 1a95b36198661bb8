"""After an account was erased, no table holds an address of it, however it is spelt.

The words that brands and the person can write are planted with addresses that nothing else holds.
What a table could hold them in by mistake (JSON, hexadecimal, base64) is searched for as well.
"""

from __future__ import annotations

import base64
import re
from datetime import datetime, time
from typing import Any

import orjson
import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import ProgrammingError, connection, transaction

from brands.catalogue import privacy_notices
from brands.events import stream
from brands.models import Brand, Repeat, SubjectHead
from cmr.accounts import ownership
from cmr.choices import links
from cmr.choices.links import Link
from cmr.models import (
    AddressUse,
    Consumer,
    CountedMails,
    ForwardingAddress,
    MailboxScan,
    PermissionRequest,
    Sender,
    SenderWeek,
    User,
)
from cmr.permission_requests import requests
from cmr.permission_requests.requests import RequestedPermission
from cmr.personal_data import erasure
from cmr.sign_in import access_tokens
from consent.decision.resolution import Scope
from consent.identity import identifiers
from consent.identity.identifiers import Contact
from consent.ledger import hash_chain, recording
from consent.ledger.recording import Actor, ChoiceTerms, NewChoice
from consent.models import (
    ContactReport,
    EntryText,
    ImportProblem,
    ImportRow,
    LedgerEntry,
    PastProfile,
    Relationship,
    Subject,
)
from consent.receipts import signed
from consent.relationships import lifecycle, person_settings
from consent.reporting import contact_reports
from tests.conftest import Api
from tests.consent.imports.test_imports import apply, begin, put
from tests.mailboxes import fill_mailbox
from tests.ownership import as_owner

pytestmark = pytest.mark.django_db

NAME = "chloe-7f3a91x"
ADDRESS = f"{NAME}@example.org"
DIGITS = "15198237654"
PHONE = f"+49{DIGITS}"
WORDS = f"Form 7 of {ADDRESS}, {PHONE}"
MARKETING = {"purpose": "marketing", "channel": "email"}
ADMIN_ACT = {"object_id": "1", "object_repr": ADDRESS, "change_message": f"made {PHONE}"}


@pytest.fixture
def chloe(db: None, now: datetime) -> Consumer:
    consumer = ownership.open_account(email=ADDRESS, password=None, verified_at=now)
    ownership.add_contact(consumer, kind="phone", value=PHONE, now=now)
    return consumer


def read_tables() -> dict[str, str]:
    """Return all rows of each table as PostgreSQL writes them, in lower case."""
    tables = connection.introspection.table_names()
    with connection.cursor() as cursor:
        read = {}
        for table in tables:
            cursor.execute(f'SELECT string_agg(held::text, chr(10)) FROM "{table}" held')
            read[table] = (cursor.fetchone()[0] or "").lower()
    return read


def spell(text: str) -> set[str]:
    """Return how a table may hold *text*: as it is, in hexadecimal, or within any base64."""
    raw = text.encode()
    held = {text, raw.hex()}
    for before in range(3):
        encoded = base64.b64encode(b"x" * before + raw).decode()
        held.add(encoded[4 if before else 0 : len(encoded) - 4])
    return {each.lower() for each in held}


def find_left() -> set[str]:
    """Return the tables that hold the address or the number."""
    wanted = spell(NAME) | spell(DIGITS)
    return {table for table, text in read_tables().items() if any(each in text for each in wanted)}


def ok(answer: Any) -> Any:
    assert answer.status_code < 300, answer.content
    return answer.json() if answer.content else None


def plant_by_api(as_acme: Api) -> None:
    contact = {"email": ADDRESS}
    key = {"Idempotency_Key": ADDRESS}
    asked = {"contact": contact, "purpose": "research", "channel": "email"}
    assert ok(as_acme.post("sends/reserve", asked, **key))["reserved"]
    no = {"contact": contact, "scope": MARKETING, "decision": "deny"}
    ok(as_acme.post("choices", no | {"evidence": WORDS}, **key))
    sms = {
        "from": PHONE,
        "text": "STOP",
        "id": f"SM {DIGITS}",
        "received_at": "2026-01-15T12:30:00Z",
    }
    ok(as_acme.post("inbound/sms", sms))


def plant_by_import(as_acme: Api) -> None:
    head = "email,ref,note,purpose,channel,decision,evidence"
    good = f'{ADDRESS},,"{WORDS}",research,sms,grant,"{WORDS}"'
    bad = f"{ADDRESS},,,{ADDRESS},sms,deny,"
    assert apply(as_acme, "\n".join([head, good, bad]))["choices"] == 1
    ok(put(as_acme, begin(as_acme), "\n".join([head, good.replace("sms", "email")])))


def plant_by_functions(met: Relationship, chloe: Consumer, admin: User, now: datetime) -> None:
    """What the entrances refuse by now and older rows may hold."""
    by = Actor("brand_api", met.brand_id)
    person = chloe.subject_id
    lifecycle.start_relationship(person, met.brand, by=by, now=now, ref=f"customer {ADDRESS}")
    asked = requests.ask_person(
        met, RequestedPermission("research", "email", None, WORDS, "", WORDS), now=now
    )
    PermissionRequest.objects.filter(pk=asked.pk).update(notice=WORDS)
    choice = NewChoice(Scope(met.brand_id, "marketing"), ChoiceTerms("deny", notice=WORDS))
    yes = NewChoice(Scope(met.brand_id, "research", "email"), ChoiceTerms("grant"))
    recording.record_choices(person, [yes], by=Actor("portal"), now=now)
    links.record_link_choice(Link(met, campaign=ADDRESS), choice, now=now)
    contact_reports.report_contact(
        met, purpose="marketing", channel="email", contacted_at=now, message=WORDS, now=now
    )
    access_tokens.issue_token(chloe, name=WORDS)
    kind = ContentType.objects.get_for_model(User)
    LogEntry.objects.create(user=admin, content_type=kind, action_flag=CHANGE, **ADMIN_ACT)


@pytest.fixture
def met_chloe(acme: Brand, chloe: Consumer, now: datetime) -> Relationship:
    by = Actor("brand_api", acme.pk)
    return lifecycle.start_relationship(chloe.subject_id, acme, by=by, now=now, note=WORDS)[0]


@pytest.fixture
def planted_everywhere(
    as_acme: Api, met_chloe: Relationship, chloe: Consumer, admin: User, now: datetime
) -> None:
    plant_by_functions(met_chloe, chloe, admin, now)
    plant_by_api(as_acme)
    plant_by_import(as_acme)


@pytest.mark.parametrize("brands", ["keep", "stop"])
def test_an_erased_account_leaves_no_address_in_any_table(
    brands: str, planted_everywhere: None, chloe: Consumer
) -> None:
    planted = {"consent_entrytext", "consent_relationship", "brands_subjecthead", "cmr_user"}
    assert planted | {"cmr_permissionrequest", "consent_importrow"} <= find_left()
    as_chloe = Api()
    as_chloe.client.force_login(chloe.user)
    ok(as_chloe.delete(f"me?brands={brands}"))
    assert find_left() == set()
    subject = Subject.objects.get(pk=chloe.subject_id)
    assert list(hash_chain.list_breaks(subject)) == [] and subject.last_seq > 3


def test_erasure_forgets_the_keys_of_the_person_alone(
    as_acme: Api, met: Relationship, ana: Consumer, as_ana_signed_in: Api
) -> None:
    choice = {"scope": {"brand": "acme", "purpose": "research"}, "decision": "deny"}
    ok(as_ana_signed_in.post("me/choices", choice, Idempotency_Key=ADDRESS))
    ok(as_acme.post("imports", {"note": "x"}, Idempotency_Key=ADDRESS))
    ok(as_ana_signed_in.delete("me?brands=keep"))
    assert Repeat.objects.get().brand_id == met.brand_id


# -- Mailboxes ------------------------------------------------------------------------------------

#: Every table of what was read in a mailbox.
READ = (AddressUse, CountedMails, ForwardingAddress, MailboxScan, Sender, SenderWeek)


def count_read() -> dict[str, int]:
    return {model.__name__: model._default_manager.count() for model in READ}


def test_erasure_leaves_no_row_of_the_mailbox(
    chloe: Consumer, ana: Consumer, admin: User, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing of it is in the log or in the admin's log either, and another's stays."""
    caplog.set_level("DEBUG")
    fill_mailbox(ana, now=now)
    of_ana = count_read()
    fill_mailbox(chloe, now=now)
    assert count_read() == {name: 2 * number for name, number in of_ana.items()}
    assert all(of_ana.values())
    as_chloe = Api()
    as_chloe.client.force_login(chloe.user)
    ok(as_chloe.delete("me?brands=keep"))
    assert count_read() == of_ana
    assert {each.consumer_id for each in Sender.objects.all()} == {ana.pk}
    assert not LogEntry.objects.exists()
    said = caplog.text.lower()
    assert not [word for word in (NAME, "shop.example", "+shop@") if word in said]


def test_no_other_table_has_what_was_read(chloe: Consumer, now: datetime) -> None:
    """An address of a mailbox is stored encrypted alone, and a sender in its own table alone."""
    fill_mailbox(chloe, now=now)
    tables = read_tables()
    assert {name for name, text in tables.items() if "shop.example" in text} == {
        "cmr_sender",
        "cmr_addressuse",
    }
    assert not {name for name, text in tables.items() if "+shop@" in text}


# -- Texts beside the entry -----------------------------------------------------------------------


def record(met: Relationship, now: datetime, *, evidence: str = WORDS) -> LedgerEntry:
    choice = NewChoice(
        Scope(met.brand_id, "marketing"), ChoiceTerms("deny", evidence=evidence, notice="n@1")
    )
    by = Actor("brand_api", met.brand_id)
    return recording.record_choices(met.subject_id, [choice], by=by, now=now)[0]


def test_a_text_is_in_no_entry_and_its_digest_is(met: Relationship, now: datetime) -> None:
    entry = LedgerEntry.objects.get(pk=record(met, now).pk)
    assert (entry.evidence, entry.notice) == (WORDS, "n@1")
    assert bytes(entry.evidence_digest or b"").hex().encode() in hash_chain.serialise_entry(entry)
    assert WORDS.encode() not in hash_chain.serialise_entry(entry)


def test_the_same_text_has_another_digest_each_time(met: Relationship, now: datetime) -> None:
    first, second = record(met, now), record(met, now)
    assert first.evidence_digest != second.evidence_digest


def test_a_choice_without_text_writes_no_row(
    met: Relationship, now: datetime, django_assert_num_queries: Any
) -> None:
    choice = NewChoice(Scope(met.brand_id, "marketing"), ChoiceTerms("deny"))
    recording.record_choices(met.subject_id, [choice], by=Actor("api"), now=now)
    assert not EntryText.objects.exists()
    (entry,) = LedgerEntry.objects.all()
    with django_assert_num_queries(0):
        assert entry.evidence == entry.notice == ""


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE consent_entrytext SET evidence = 'another'",
        "UPDATE consent_entrytext SET notice = ''",
        "UPDATE consent_entrytext SET salt = 'another'",
    ],
)
def test_an_altered_text_shows(change: str, met: Relationship, now: datetime) -> None:
    record(met, now)
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE consent_entrytext DISABLE TRIGGER USER")
        cursor.execute(change)
        cursor.execute("ALTER TABLE consent_entrytext ENABLE TRIGGER USER")
    subject = Subject.objects.get(pk=met.subject_id)
    assert list(hash_chain.list_breaks(subject)) == ["the text of entry 1 was altered"]


@pytest.mark.parametrize("change", ["UPDATE {} SET evidence = 'x'", "DELETE FROM {}"])
def test_nobody_alters_a_text_or_deletes_it(change: str, met: Relationship, now: datetime) -> None:
    record(met, now)
    with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change.format("consent_entrytext"))
    assert EntryText.objects.count() == 1


def test_a_receipt_after_erasure_names_no_notice_and_is_in_the_ledger(
    met: Relationship, ana: Consumer, now: datetime
) -> None:
    entry = record(met, now)
    before = signed.verify_receipt(signed.issue_receipt(entry, controls_at="https://cmr.example"))
    erasure.erase_account(ana, first_stop=False, by="api", now=now)
    entry = LedgerEntry.objects.get(pk=entry.pk)
    after = signed.verify_receipt(signed.issue_receipt(entry, controls_at="https://cmr.example"))
    assert (before["dpv:hasNotice"], after["dpv:hasNotice"]) == ("n@1", None)
    assert signed.is_record_in_ledger(before) and signed.is_record_in_ledger(after)


def test_a_file_imported_again_after_erasure_changes_nothing(
    as_acme: Api, ana: Consumer, now: datetime
) -> None:
    file = f"email,purpose,channel,decision,evidence\n{ana.user.email},research,sms,grant,form 7"
    assert apply(as_acme, file)["choices"] == 1
    erasure.erase_account(ana, first_stop=False, by="api", now=now)
    again = apply(as_acme, file)
    assert (again["choices"], again["unchanged"]) == (0, 1)


def test_a_message_handed_on_again_after_erasure_is_known(
    as_acme: Api, ana: Consumer, met: Relationship, now: datetime
) -> None:
    message = {"from": ana.user.email, "subject": "Stop", "text": "STOP", "id": "m-1"}
    message |= {"received_at": "2026-01-15T12:30:00Z"}
    ok(as_acme.post("inbound/mail", message))
    entries = LedgerEntry.objects.count()
    erasure.erase_account(ana, first_stop=False, by="api", now=now)
    ok(as_acme.post("inbound/mail", message))
    assert LedgerEntry.objects.count() == entries


# -- References -----------------------------------------------------------------------------------


def read_refs(brand: Brand) -> list[str | None]:
    events = stream.read_events(brand.pk, after=0, limit=99)
    rows, _ = stream.read_window(brand.pk, after=0, limit=99, wanted=stream.EventFilter())
    bodies = [bytes(each.body) for each in events]
    assert bodies == [row[4] for row in rows]
    return [orjson.loads(body)["data"]["subject"]["ref"] for body in bodies]


def read_kept_bodies() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(convert_from(body, 'UTF8'), ' ') FROM brands_event")
        return str(cursor.fetchone()[0])


REFS = ["C-1009", 'with "quotes" and ä', '"ref":null']


@pytest.mark.parametrize("ref", REFS)
def test_an_event_is_kept_without_the_reference_and_read_with_it(
    ref: str, as_acme: Api, acme: Brand
) -> None:
    body = {"contact": {"email": ADDRESS}, "ref": ref, "note": "x"}
    ok(as_acme.post("relationships", body))
    assert read_refs(acme) == [ref]
    assert re.search(r'"ref":"', read_kept_bodies()) is None
    (event,) = ok(as_acme.get("events"))["data"]
    assert event["data"]["subject"]["ref"] == ref


def test_a_new_reference_is_in_the_events_of_before(as_acme: Api, acme: Brand) -> None:
    for ref in ("C-1", "C-2"):
        ok(as_acme.post("relationships", {"contact": {"email": ADDRESS}, "ref": ref, "note": "x"}))
    assert read_refs(acme) == ["C-2"]
    assert apply(as_acme, f"email,ref\n{ADDRESS},C-3")["refs_changed"] == 1
    assert read_refs(acme) == ["C-3"]


@pytest.mark.parametrize(
    ("ref", "left"),
    [
        ("C-1009", "C-1009"),
        (ADDRESS.upper(), None),
        (f"urn:{NAME}%40example.org", None),
        (f"0{DIGITS[:4]}/{DIGITS[4:]}", None),
        ("4477", "4477"),
    ],
)
def test_erasure_takes_a_reference_with_an_address_and_leaves_another(
    ref: str, left: str | None, chloe: Consumer, acme: Brand, now: datetime
) -> None:
    """By one that is no address gone, the brand would see that the account is gone."""
    by = Actor("brand_api", acme.pk)
    lifecycle.start_relationship(chloe.subject_id, acme, by=by, now=now, ref=ref)
    assert read_refs(acme) == [ref]
    erasure.erase_account(chloe, first_stop=False, by="api", now=now)
    assert read_refs(acme) == [left]
    assert Relationship.objects.get().ref == left == SubjectHead.objects.get().ref


@pytest.mark.parametrize("ref", [ADDRESS, f"<{ADDRESS}>", PHONE, "+49 151 982-37654"])
def test_a_reference_that_is_an_address_is_refused(ref: str, as_acme: Api) -> None:
    body = {"contact": {"email": ADDRESS}, "ref": ref, "note": "x"}
    answer = as_acme.post("relationships", body)
    told = answer.json()
    assert (answer.status_code, told["code"], told["field"]) == (422, "holds_address", "ref")
    assert apply(as_acme, f"email,ref\n{ADDRESS},{ref}")["bad"] == 1
    assert ImportProblem.objects.get().code == "holds_address"


@pytest.mark.parametrize("path", ["sends/reserve", "links"])
def test_a_campaign_with_an_address_is_refused(path: str, as_acme: Api) -> None:
    body = {"contact": {"email": ADDRESS}, **MARKETING, "campaign": f"for-{ADDRESS}"}
    answer = as_acme.post(path, body)
    assert (answer.status_code, answer.json()["code"]) == (422, "holds_address")


def test_what_a_brand_asks_holds_no_address(as_acme: Api, met_chloe: Relationship) -> None:
    ask = {"contact": {"email": ADDRESS}, "purpose": "research", "channel": "email"}
    answer = as_acme.post("permission-requests", ask | {"text": f"Is {ADDRESS} yours?"})
    assert (answer.status_code, answer.json()["code"]) == (422, "no_addresses")


def test_erasure_leaves_what_a_brand_asked_without_an_address(
    as_acme: Api, met_chloe: Relationship, chloe: Consumer, now: datetime
) -> None:
    privacy_notices.write_notice(met_chloe.brand, code="research", texts={"en": "Once."}, now=now)
    question = RequestedPermission("research", "email", None, "Once a year?", "research", "Form 7")
    requests.ask_person(met_chloe, question, now=now)
    erasure.erase_account(chloe, first_stop=False, by="api", now=now)
    asked = PermissionRequest.objects.get()
    assert (asked.text, asked.notice, asked.evidence) == ("Once a year?", "research@1", "")


def test_erasure_leaves_others_alone(
    as_acme: Api, met: Relationship, chloe: Consumer, met_chloe: Relationship, now: datetime
) -> None:
    record(met, now, evidence=f"by {ADDRESS}")
    erasure.erase_account(chloe, first_stop=False, by="api", now=now)
    assert EntryText.objects.get().entry.subject_id == met.subject_id
    assert not ContactReport.objects.exists() and not ImportRow.objects.exists()
    assert identifiers.compute_contact_digest(Contact(email=ADDRESS))


def test_erasure_takes_where_they_lived_and_when_they_wanted_quiet(
    chloe: Consumer, now: datetime
) -> None:
    night = {"quiet_hours": (time(22), time(7)), "jurisdiction": "US-CA"}
    person_settings.change_settings(chloe.subject_id, night, now=now)  # type: ignore[arg-type]
    person_settings.change_settings(
        chloe.subject_id, {"jurisdiction": "DE", "quiet_hours": None}, now=now
    )
    assert PastProfile.objects.filter(jurisdiction="US-CA").exists()
    erasure.erase_account(chloe, first_stop=False, by="portal", now=now)
    assert not PastProfile.objects.exists()
