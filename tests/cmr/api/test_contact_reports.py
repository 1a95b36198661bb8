"""/me/contact-reports: contacts after a no, and how they are judged."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from brands.models import Brand, Event
from cmr.models import Consumer
from consent.decision.resolution import Limit, Scope
from consent.ledger.recording import Actor
from consent.models import ContactReport, LedgerEntry, Relationship
from consent.relationships import lifecycle
from consent.reporting import contact_reports
from consent.reporting.contact_reports import report_contact
from tests.conftest import Api
from tests.consent.generated_month import figure
from tests.factories import record_choice

NOW = timezone.now()
MARKETING = {"purpose": "marketing", "channel": "email"}


def report_mail(met: Relationship, at: datetime) -> ContactReport:
    return report_contact(met, **MARKETING, contacted_at=at, message="Buy!", now=timezone.now())


@pytest.fixture
def since(ana: Consumer, acme: Brand) -> Relationship:
    """A relationship that began long ago."""
    began = NOW - timedelta(days=90)
    by = Actor("portal")
    return lifecycle.start_relationship(ana.subject_id, acme, by=by, now=began, note="x")[0]


def test_report_is_after_no_only_after_denial(since: Relationship) -> None:
    assert report_mail(since, NOW - timedelta(days=400)).state == "not_allowed"  # no relationship
    assert report_mail(since, NOW - timedelta(days=80)).state == "not_allowed"  # a default
    record_choice(
        since, "deny", Scope(since.brand_id, "marketing", "email"), now=NOW - timedelta(days=60)
    )
    due = Event.objects.get(decision="deny").honour_by
    assert due is not None and due < NOW
    assert report_mail(since, NOW - timedelta(days=60) + timedelta(minutes=1)).state == (
        "after_no_in_time"
    )
    assert report_mail(since, due).state == "after_no_in_time"
    late = report_mail(since, due + timedelta(seconds=1))
    assert (late.state, late.honour_by) == ("after_no_late", due)
    record_choice(
        since, "grant", Scope(since.brand_id, "marketing", "email"), now=NOW - timedelta(days=5)
    )
    assert report_mail(since, NOW - timedelta(days=4)).state == "allowed"
    record_choice(
        since,
        "pause",
        Scope(since.brand_id, "marketing", "email"),
        now=NOW - timedelta(days=3),
        until=NOW + timedelta(days=9),
    )
    assert report_mail(since, NOW - timedelta(days=2)).state == "after_no_in_time"


def test_report_after_limit_is_allowed(since: Relationship) -> None:
    record_choice(
        since, "grant", Scope(since.brand_id, "marketing", "email"), now=NOW - timedelta(days=50)
    )
    record_choice(
        since,
        "limit",
        Scope(since.brand_id, "marketing", "email"),
        now=NOW - timedelta(days=49),
        limit=Limit(1, "week"),
    )
    assert report_mail(since, NOW - timedelta(days=40)).state == "allowed"


def test_report_is_counted_on_day_of_contact(since: Relationship, as_admin: Api) -> None:
    record_choice(
        since, "deny", Scope(since.brand_id, "marketing", "email"), now=NOW - timedelta(days=60)
    )
    report_mail(since, NOW - timedelta(days=80))
    report_mail(since, NOW - timedelta(days=60) + timedelta(minutes=1))
    report_mail(since, NOW - timedelta(days=3))
    (row,) = figure(as_admin.get("reports/contacts", days=90), "brands")
    assert (row["reported"], row["in_time"], row["cases"]) == (3, 1, 1)
    (row,) = figure(as_admin.get("reports/contacts", days=10), "brands")
    assert (row["reported"], row["in_time"], row["cases"]) == (1, 0, 1)
    states = {each["state"] for each in figure(as_admin.get("reports/contacts", days=90), "cases")}
    assert states == {"after_no_in_time", "after_no_late"}


def body(**more: object) -> dict[str, object]:
    at = (NOW - timedelta(days=2)).isoformat()
    return {"brand": "acme", **MARKETING, "contacted_at": at, **more}


def test_report_by_api_is_listed(since: Relationship, as_ana: Api) -> None:
    record_choice(
        since, "deny", Scope(since.brand_id, "marketing", "email"), now=NOW - timedelta(days=60)
    )
    answer = as_ana.post("me/contact-reports", body(message="Buy!"))
    assert answer.status_code == 201
    made = answer.json()
    assert (made["state"], made["rule"]) == ("after_no_late", ContactReport.objects.get().rule)
    assert made["message"] == "Buy!" and made["because"]
    assert as_ana.get("me/contact-reports").json() == {"data": [made], "next_cursor": None}


def test_report_same_key_is_stored_once(since: Relationship, as_ana: Api) -> None:
    for _ in range(2):
        answer = as_ana.post("me/contact-reports", body(), **{"Idempotency-Key": "a-1"})
        assert answer.status_code == 201
    assert ContactReport.objects.count() == 1


@pytest.mark.parametrize(
    ("wrong", "code", "field"),
    [
        ({"brand": "nobody"}, "unknown_brand", "brand"),
        ({"purpose": "weather"}, "unknown_purpose", "purpose"),
        ({"purpose": "profiling"}, "channel_not_used", "channel"),
        ({"channel": "fax"}, "invalid_choice", "channel"),
        ({"contacted_at": "yesterday"}, "invalid", "contacted_at"),
        ({"contacted_at": "2199-01-01T00:00:00Z"}, "not_yet", "contacted_at"),
        ({"state": "late"}, "unknown_field", "state"),
    ],
)
def test_report_invalid_body_is_refused(
    wrong: dict[str, object], code: str, field: str, since: Relationship, as_ana: Api
) -> None:
    answer = as_ana.post("me/contact-reports", body(**wrong))
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert answer.json()["field"] == field
    assert not ContactReport.objects.exists()


def test_report_of_other_person_is_refused(
    since: Relationship, as_ana: Api, acme_key: str, nobody: Api
) -> None:
    assert nobody.post("me/contact-reports", body()).status_code == 401
    assert Api(acme_key).post("me/contact-reports", body()).status_code in (401, 403)
    assert list(contact_reports.list_contact_reports(since.person_id)) == []


def report(known: Relationship, at: datetime) -> ContactReport:
    return contact_reports.report_contact(
        known, purpose="marketing", channel="email", contacted_at=at, message="Buy!",
        now=timezone.now(),
    )  # fmt: skip


def test_report_is_judged_by_ledger_of_contact_time(
    ana: Consumer, met: Relationship, now: datetime
) -> None:
    def say(decision: str, at: datetime) -> LedgerEntry:
        scope = Scope(met.brand_id, "marketing", "email")
        return record_choice(ana, decision, scope, now=at)

    hour = timedelta(hours=1)
    yes, no = say("grant", now + hour), say("deny", now + 3 * hour)
    early, late = report(met, now + 2 * hour), report(met, now + 4 * hour)
    assert (early.allowed, early.because) == (True, yes)
    assert (late.allowed, late.because) == (False, no)
    lifecycle.end_relationship(met, by=Actor("portal"), now=now + 5 * hour)
    met.refresh_from_db()
    assert report(met, now + 6 * hour).rule == "no_relationship"


@pytest.mark.parametrize(
    "changed",
    [
        {"contacted_at": ""},
        {"contacted_at": "2099-01-01T10:00"},
        {"contacted_at": "2026-W05-1T10:00"},
        {"contacted_at": "20260201T1000"},
        {"contacted_at": "２０２６-02-01T10:00"},
        {"contacted_at": "2026-02-01"},
        {"contacted_at": "2026-02-01T10:00+23:59"},
        {"contacted_at": "2026-02-30T10:00"},
        {"channel": "smoke"},
        {"purpose": "profiling"},
    ],
)
def test_report_form_invalid_is_refused(
    changed: dict[str, str], browser: Client, met: Relationship
) -> None:
    whole = {
        "contacted_at": "2026-02-01T10:00", "channel": "email", "purpose": "marketing",
        "message": "Buy!",
    }  # fmt: skip
    answer = browser.post("/brands/acme/contacted", whole | changed)
    assert answer.status_code == 422
    assert b"Buy!" in answer.content  # nothing that was typed is lost
    assert not ContactReport.objects.exists()
    assert browser.post("/brands/acme/contacted", whole).status_code == 200
    assert ContactReport.objects.count() == 1
