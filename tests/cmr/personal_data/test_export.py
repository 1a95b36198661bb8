"""The export has a table of each model about a person, or a reason why not."""

from __future__ import annotations

import html
import io
import zipfile
from datetime import datetime, time, timedelta
from typing import Any

import orjson
import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.db import models
from django.test import Client
from django.utils import timezone

from brands.catalogue import privacy_notices
from brands.models import Attempt, Event, QuarantinedEvent, Repeat, SubjectHead, Subscription
from cmr import members
from cmr.accounts import contact_points, ownership
from cmr.models import (
    AccessToken,
    AddressUse,
    Consumer,
    ContactPoint,
    CountedMails,
    ForwardingAddress,
    Invitation,
    MailboxScan,
    Member,
    OutgoingMessage,
    PendingContact,
    PermissionRequest,
    RemovedAddress,
    Sender,
    SenderWeek,
    User,
)
from cmr.permission_requests import requests
from cmr.permission_requests.requests import RequestedPermission
from cmr.personal_data import export
from cmr.portal import data
from cmr.sign_in import access_tokens
from consent.decision.resolution import Scope
from consent.ledger.recording import Actor
from consent.models import (
    BrandReference,
    ContactHash,
    ContactReport,
    Decided,
    Ending,
    EntryText,
    Explanation,
    Identifier,
    LedgerEntry,
    PastMerge,
    PastProfile,
    PastRelationship,
    Preference,
    Propagation,
    Relationship,
    Send,
    Subject,
    Unsubscribed,
)
from consent.propagation import late_reasons
from consent.relationships import lifecycle, person_settings
from consent.reporting import contact_reports
from tests.conftest import Api
from tests.factories import open_account, record_choice
from tests.mailboxes import fill_mailbox

PERSON = {Consumer, ContactPoint, Identifier, LedgerEntry, Relationship, Sender, Subject, User}
#: The table that each is in.
EXPORTED: dict[type[models.Model], str] = {
    AccessToken: "access_tokens",
    AddressUse: "mail_addresses",
    Authenticator: "second_factors",
    Consumer: "account",
    ContactPoint: "contact_points",
    ContactReport: "contact_reports",
    EntryText: "history",
    Explanation: "history",
    ForwardingAddress: "forwarding_addresses",
    LedgerEntry: "history",
    MailboxScan: "mailbox_scans",
    Member: "workspaces",
    PastProfile: "past_profiles",
    PastRelationship: "past_relationships",
    PendingContact: "pending_contact_points",
    PermissionRequest: "permission_requests",
    Preference: "standing",
    Relationship: "relationships",
    RemovedAddress: "removed_contact_points",
    Send: "contacts",
    Sender: "senders",
    SenderWeek: "sender_weeks",
    Subject: "account",
    User: "account",
    UserSession: "sessions",
}
NOT_EXPORTED: dict[type[models.Model], str] = {
    Attempt: "a try to deliver a message; its UUID is the message's",
    ContactHash: "a sealed hash of an address that `relationships` has as `known_by`",
    CountedMails: "keyed digests of the mails that `senders` counts",
    EmailAddress: "the same addresses as `contact_points`, for allauth",
    Ending: "when a choice of `history` ends, which it says itself",
    Event: "what brands were told of `history` and `relationships`",
    Identifier: "a keyed digest of an address",
    Invitation: "of whoever is invited, whose address is not kept; the user is who invited",
    LogEntry: "what an administrator did in the admin site",
    OutgoingMessage: "a message on its way to the person, who gets it",
    PastMerge: "numbers of subjects; `contact_points` has when each address was proved",
    Propagation: "whether a choice of `history` is in all streams",
    Repeat: "digests and sealed answers of calls, for a day",
    BrandReference: "finds the person by a reference, which `relationships` has",
    QuarantinedEvent: "an event that a webhook refused",
    SubjectHead: "counts the events of a relationship",
    Subscription: "a brand's; its UUID is a lease's",
    Decided: "that a choice of `history` was counted, once a day",
    Unsubscribed: "that a choice of `history` was counted for its campaign",
    User.groups.through: "what an administrator may do",
    User.user_permissions.through: "what an administrator may do",
}


def refers_to_person(model: type[models.Model]) -> bool:
    """A UUID that is no key may be a subject's: the streams have no foreign keys to people."""
    return model in PERSON or any(
        field.related_model in PERSON
        or (isinstance(field, models.UUIDField) and not field.primary_key)
        or field.name == "address_digest"
        for field in model._meta.concrete_fields
    )


def test_every_model_about_a_person_is_exported_or_has_a_reason() -> None:
    found = {m for m in apps.get_models(include_auto_created=True) if refers_to_person(m)}
    assert found == EXPORTED.keys() | NOT_EXPORTED.keys()
    assert not EXPORTED.keys() & NOT_EXPORTED.keys()


@pytest.fixture
def busy(ana: Consumer, met: Relationship, now: datetime) -> Consumer:
    """Ana with a row of each kind."""
    by = Actor("portal")
    person_settings.change_settings(
        ana.subject_id, {"jurisdiction": "US-CA", "time_zone": "Asia/Tokyo"}, now=now
    )
    quiet = (time(22), time(7))
    person_settings.change_settings(
        ana.subject_id, {"jurisdiction": "DE", "quiet_hours": quiet}, now=now
    )
    person_settings.change_settings(ana.subject_id, {"quiet_hours": None}, now=now)
    scope = Scope(met.brand_id, "marketing", "email")
    entry = record_choice(ana, "deny", scope, by=by, now=now, evidence="Form 1")
    late_reasons.record_late_reason(entry, "too_many_from_brand", now=now)
    question = RequestedPermission("research", "email", None, "May we?")
    requests.ask_person(met, question, now=now)
    contact_reports.report_contact(
        met, purpose="marketing", channel="email", contacted_at=now, message="!", now=now
    )
    Send.objects.create(
        subject=ana.subject, brand=met.brand, purpose_id="marketing", channel="email", at=now
    )
    lifecycle.end_relationship(met, by=by, now=now)
    lifecycle.start_relationship(ana.subject_id, met.brand, by=by, now=now + timedelta(days=1))
    second = ownership.add_contact(ana, kind="email", value="b@example.org", now=now)
    ownership.remove_contact(second, now=now)
    contact_points.begin_proof(ana, kind="email", text="c@example.org", now=now)
    access_tokens.issue_token(ana, name="x")
    Authenticator.objects.create(user=ana.user, type="totp", data={})
    members.begin_workspace_as_owner(ana.user, name="Acme", domain="acme.example", now=now)
    UserSession.objects.create(user=ana.user, session_key="x", ip="192.0.2.1", user_agent="y")
    fill_mailbox(ana, now=now)
    return ana


def test_page_names_every_table(busy: Consumer, browser: Client) -> None:
    page = browser.get("/you/data").content.decode()
    assert data.TABLES.keys() == export.build_export_tables(busy).keys()
    assert [name for name in data.TABLES.values() if str(name) not in html.unescape(page)] == []


def test_export_has_a_row_of_each(busy: Consumer) -> None:
    tables = export.build_export_tables(busy)
    assert [name for name, rows in tables.items() if not rows] == []
    assert set(EXPORTED.values()) == tables.keys()


def test_export_says_how_it_was_before(busy: Consumer) -> None:
    tables: dict[str, Any] = dict(export.build_export_tables(busy))
    places = [(each["jurisdiction"], each["quiet_hours"]) for each in tables["past_profiles"]]
    assert places == [(None, None), ("US-CA", None), ("DE", "22:00-07:00")]
    (past,) = tables["past_relationships"]
    assert past["brand"] == "acme" and past["ended_at"] is not None
    (entry,) = [each for each in tables["history"] if each["decision"] == "deny"]
    assert (entry["evidence"], entry["later_reason"]) == ("Form 1", "too_many_from_brand")


def test_export_has_the_mailbox_in_clear(busy: Consumer, now: datetime) -> None:
    tables: dict[str, Any] = dict(export.build_export_tables(busy))
    (sender,) = tables["senders"]
    assert (sender["organisation"], sender["list_id"]) == ("shop.example", "news.shop.example")
    assert (sender["mails"], sender["unsubscribe"]) == (2, "<https://shop.example/u/7>")
    assert [each["mails"] for each in tables["sender_weeks"]] == [2]
    (use,) = tables["mail_addresses"]
    assert (use["address"], use["organisation"]) == ("ana+shop@example.org", "shop.example")
    (forwarding,) = tables["forwarding_addresses"]
    assert forwarding["token"] == "token-of-ana"
    as_json = orjson.loads(export.write_json_export(busy, now=now))
    assert as_json["mail_addresses"][0]["address"] == "ana+shop@example.org"
    assert b"ana+shop@example.org" in read_csv(busy, "mail_addresses")
    assert b"2026-01-12" in read_csv(busy, "sender_weeks")


def read_csv(consumer: Consumer, table: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(export.write_csv_export(consumer))) as files:
        return files.read(f"{table}.csv")


def test_export_has_nothing_of_another(busy: Consumer, now: datetime) -> None:
    ben = open_account("ben@example.org", now=now)
    tables = export.build_export_tables(ben)
    assert {name for name, rows in tables.items() if rows} == {"account", "contact_points"}


def test_export_and_erasure_by_api(as_ana_signed_in: Api, ana: Consumer, met: Relationship) -> None:
    assert as_ana_signed_in.get("me/export").json()["relationships"][0]["brand"] == "acme"
    assert as_ana_signed_in.delete("me?brands=stop").status_code == 204
    assert as_ana_signed_in.get("me").status_code == 401
    assert not User.objects.filter(email="ana@example.org").exists()
    assert LedgerEntry.objects.get().decision == "deny"


def test_export_contains_whole_entry(
    as_ana: Api, as_acme: Api, ana: Consumer, met: Relationship
) -> None:
    privacy_notices.write_notice(met.brand, code="form", texts={"en": "Once."}, now=timezone.now())
    implied = {"decision": "grant", "basis": "implied", "ground": "purchase", "evidence": "Order 7"}
    said = {"scope": {"purpose": "marketing"}, "notice": "form", **implied}
    as_acme.post("choices", {"contact": {"email": ana.user.email}, **said})
    tables = as_ana.get("me/export").json()
    for name in ("history", "standing"):
        (row,) = tables[name]
        assert (row["contact_point"], row["basis"]) == (ana.user.email, "implied")
        assert (row["ground"], row["evidence"], row["campaign"]) == ("purchase", "Order 7", None)
        assert (row["notice"], row["notice_text"]) == ("form@1", "Once.")
