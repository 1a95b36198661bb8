"""Contacts after a no: who reports them, by REST too, and what counts as one."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from brands.models import Brand, Event
from cmr.models import Consumer
from consent.decision.resolution import DecisionKind, Limit, Scope
from consent.ledger import recording
from consent.ledger.recording import Actor, NewChoice
from consent.models import ContactReport, Relationship
from consent.relationships import lifecycle
from consent.reporting import contact_reports
from consent.reporting.contact_reports import report_contact
from tests.conftest import Api
from tests.consent.made_month import figure

NOW = timezone.now()
MARKETING = {"purpose": "marketing", "channel": "email"}


def decide(met: Relationship, kind: DecisionKind, at: datetime, **more: Any) -> None:
    choice = NewChoice(Scope(met.brand_id, "marketing", "email"), kind, **more)
    recording.record_choices(met.person_id, [choice], by=Actor("portal"), now=at)


def reported(met: Relationship, at: datetime) -> ContactReport:
    return report_contact(met, **MARKETING, contacted_at=at, message="Buy!", now=timezone.now())


@pytest.fixture
def since(ana: Consumer, acme: Brand) -> Relationship:
    """A relationship that began long ago."""
    began = NOW - timedelta(days=90)
    by = Actor("portal")
    return lifecycle.start_relationship(ana.subject_id, acme, by=by, now=began, note="x")[0]


def test_only_a_no_makes_it_a_contact_after_a_no(since: Relationship) -> None:
    assert reported(since, NOW - timedelta(days=400)).state == "not_allowed"  # no relationship
    assert reported(since, NOW - timedelta(days=80)).state == "not_allowed"  # a default
    decide(since, "deny", NOW - timedelta(days=60))
    due = Event.objects.get(decision="deny").honour_by
    assert due is not None and due < NOW
    assert reported(since, NOW - timedelta(days=60) + timedelta(minutes=1)).state == (
        "after_no_in_time"
    )
    assert reported(since, due).state == "after_no_in_time"
    late = reported(since, due + timedelta(seconds=1))
    assert (late.state, late.honour_by) == ("after_no_late", due)
    decide(since, "grant", NOW - timedelta(days=5))
    assert reported(since, NOW - timedelta(days=4)).state == "allowed"
    decide(since, "pause", NOW - timedelta(days=3), until=NOW + timedelta(days=9))
    assert reported(since, NOW - timedelta(days=2)).state == "after_no_in_time"


def test_a_limit_is_no_no(since: Relationship) -> None:
    decide(since, "grant", NOW - timedelta(days=50))
    decide(since, "limit", NOW - timedelta(days=49), limit=Limit(1, "week"))
    assert reported(since, NOW - timedelta(days=40)).state == "allowed"


def test_the_report_counts_them_by_the_day_of_the_contact(
    since: Relationship, as_admin: Api
) -> None:
    decide(since, "deny", NOW - timedelta(days=60))
    reported(since, NOW - timedelta(days=80))
    reported(since, NOW - timedelta(days=60) + timedelta(minutes=1))
    reported(since, NOW - timedelta(days=3))
    (row,) = figure(as_admin.get("reports/contacts", days=90), "brands")
    assert (row["reported"], row["in_time"], row["cases"]) == (3, 1, 1)
    (row,) = figure(as_admin.get("reports/contacts", days=10), "brands")
    assert (row["reported"], row["in_time"], row["cases"]) == (1, 0, 1)
    states = {each["state"] for each in figure(as_admin.get("reports/contacts", days=90), "cases")}
    assert states == {"after_no_in_time", "after_no_late"}


def body(**more: object) -> dict[str, object]:
    at = (NOW - timedelta(days=2)).isoformat()
    return {"brand": "acme", **MARKETING, "contacted_at": at, **more}


def test_a_person_reports_by_rest_and_reads_it(since: Relationship, as_ana: Api) -> None:
    decide(since, "deny", NOW - timedelta(days=60))
    answer = as_ana.post("me/contact-reports", body(message="Buy!"))
    assert answer.status_code == 201
    made = answer.json()
    assert (made["state"], made["rule"]) == ("after_no_late", ContactReport.objects.get().rule)
    assert made["message"] == "Buy!" and made["because"]
    assert as_ana.get("me/contact-reports").json() == {"data": [made], "next_cursor": None}


def test_the_same_key_reports_once(since: Relationship, as_ana: Api) -> None:
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
def test_a_report_that_is_wrong(
    wrong: dict[str, object], code: str, field: str, since: Relationship, as_ana: Api
) -> None:
    answer = as_ana.post("me/contact-reports", body(**wrong))
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert answer.json()["field"] == field
    assert not ContactReport.objects.exists()


def test_nobody_reads_or_reports_for_others(
    since: Relationship, as_ana: Api, acme_key: str, nobody: Api
) -> None:
    assert nobody.post("me/contact-reports", body()).status_code == 401
    assert Api(acme_key).post("me/contact-reports", body()).status_code in (401, 403)
    assert list(contact_reports.list_contact_reports(since.person_id)) == []
