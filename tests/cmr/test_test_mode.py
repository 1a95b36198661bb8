"""Test mode cannot touch live data, in either direction."""

from __future__ import annotations

import hashlib
import io
from datetime import datetime
from typing import Any

import pytest
import time_machine
from django.db import DatabaseError, transaction
from django.utils import timezone

from brands import campaigns
from brands.campaigns import DayNumbers
from brands.credentials import brand_keys
from brands.models import Brand, Event, StreamHead, Topic
from cmr.models import Consumer, PermissionRequest
from consent.imports import jobs, receiving
from consent.ledger.recording import Actor
from consent.models import (
    HonourSnapshot,
    Identifier,
    LedgerEntry,
    MetricsCursor,
    Relationship,
    Subject,
    YesSnapshot,
)
from consent.relationships import lifecycle
from consent.reporting import anomalies, consent_survival, contact_reports, counters, time_to_honour
from consent.reporting.reports import exports
from consent.reporting.reports.catalogue import REPORTS
from tests import mails
from tests.conftest import EMAIL, Api
from tests.factories import create_test_brand

ANA = {"email": EMAIL}
MARKETING = {"purpose": "marketing", "channel": "email"}
YES = {"scope": MARKETING, "decision": "grant", "evidence": "form of 1 May"}


@pytest.fixture
def trial(acme: Brand) -> Brand:
    """Acme's test mode."""
    return create_test_brand()


@pytest.fixture
def testing(trial: Brand) -> Api:
    return Api(brand_keys.issue_key(trial, name="tests"))


@pytest.fixture
def live(acme_key: str) -> Api:
    return Api(acme_key)


def register_ana(api: Api) -> dict[str, Any]:
    answer = api.post("relationships", {"contact": ANA, "ref": "no-7", "note": "Shop account."})
    assert answer.status_code == 201
    body: dict[str, Any] = answer.json()
    return body


def allowed(api: Api, contact: dict[str, str] = ANA) -> bool:
    return bool(api.post("check", {"contact": contact, **MARKETING}).json()["allowed"])


def everything_of(brand: Brand) -> tuple[Any, ...]:
    """What a brand's tenants hold, to be compared before and after."""
    mine = Relationship.objects.filter(brand=brand)
    return (
        list(mine.order_by("pk").values()),
        list(LedgerEntry.objects.filter(brand=brand).order_by("pk").values_list("pk", "hash")),
        list(Event.objects.filter(brand=brand).order_by("sequence").values_list("sequence", "uid")),
        list(Topic.objects.filter(brand=brand).values()),
        list(Subject.objects.filter(made_up_by=None).order_by("pk").values()),
    )


def test_key_prefix_names_mode(testing: Api, live: Api) -> None:
    assert testing.bearer and testing.bearer.startswith("cmr_test_")
    assert live.bearer and live.bearer.startswith("cmr_live_")
    assert testing.get("keys/current").json()["mode"] == "test"
    assert live.get("keys/current").json()["mode"] == "live"
    assert testing.get("keys/current").json()["brand"]["slug"] == "acme-test"


def test_address_in_test_mode_is_other_person(
    testing: Api, live: Api, met: Relationship, acme: Brand
) -> None:
    before = everything_of(acme)
    register_ana(testing)
    assert testing.post("choices", {"contact": ANA, **YES}).status_code == 201
    assert allowed(testing) and not allowed(live)
    said = {"contact": ANA, "scope": MARKETING, "decision": "deny"}
    assert testing.post("test/choices", said).status_code == 201
    assert not allowed(testing)
    assert everything_of(acme) == before


def test_live_choice_leaves_test_mode_unchanged(
    testing: Api, live: Api, met: Relationship, ana_token: str, trial: Brand
) -> None:
    register_ana(testing)
    testing.post("choices", {"contact": ANA, **YES})
    before = everything_of(trial)[:4]
    Api(ana_token).post("me/choices", {"scope": {}, "decision": "deny"})
    live.post("choices", {"contact": ANA, **YES})
    assert allowed(testing) and not allowed(live)
    assert everything_of(trial)[:4] == before


def test_identifiers_in_test_mode_find_no_live_person(
    testing: Api, live: Api, met: Relationship
) -> None:
    """By address, its hash or a reference; one at a time, in a batch, and in a stream."""
    register_ana(testing)
    testing.post("choices", {"contact": ANA, **YES})

    sha256 = hashlib.sha256(EMAIL.encode()).hexdigest()
    for contact in (ANA, {"sha256": sha256}, {"ref": "no-7"}):
        many = {"contacts": [contact], **MARKETING}
        assert allowed(testing, contact) and not allowed(live, contact)
        assert testing.post("checks", many).json()["data"][0]["allowed"]
        assert not live.post("checks", many).json()["data"][0]["allowed"]
        reserved = testing.post("sends/reserve", {"contact": contact, **MARKETING})
        assert reserved.json()["reserved"]


def test_directory_omits_test_brands(trial: Brand, ana_token: str, ana: Consumer) -> None:
    me = Api(ana_token)
    assert me.post("me/relationships", {"brand": trial.slug}).status_code == 422
    assert me.get("brands", q="acme").json()["data"][0]["slug"] == "acme"
    assert len(me.get("brands", q="acme").json()["data"]) == 1
    choice = {"scope": {"brand": trial.slug, **MARKETING}, "decision": "deny"}
    answer = me.post("me/choices", choice)
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_brand")
    client = me.client
    client.force_login(ana.user)
    assert trial.slug not in client.get("/brands", {"q": "acme"}).content.decode()
    assert client.get(f"/brands/{trial.slug}").status_code == 404
    assert client.post("/add", {"brand": trial.slug}).status_code == 404


def test_mixed_modes_are_refused_by_database(
    ana: Consumer, trial: Brand, acme: Brand, testing: Api, now: datetime
) -> None:
    register_ana(testing)
    made_up = Relationship.objects.get(brand=trial).subject_id
    for subject, brand in ((ana.subject_id, trial), (made_up, acme)):
        with pytest.raises(DatabaseError, match="whom it made up"), transaction.atomic():
            lifecycle.start_relationship(subject, brand, by=Actor("portal"), now=now)
    moved = Relationship.objects.filter(brand=trial)
    for change in ({"brand": acme}, {"person": ana.subject_id}, {"subject": ana.subject_id}):
        with pytest.raises(DatabaseError, match="whom it made up"), transaction.atomic():
            moved.update(**change)


def test_address_in_two_test_brands_is_two_people(testing: Api, rival: Brand) -> None:
    other = Brand.objects.create(slug="rival-test", name="Rival", test=True)
    register_ana(testing)
    register_ana(Api(brand_keys.issue_key(other, name="tests")))
    assert Subject.objects.exclude(made_up_by=None).count() == 2
    assert Identifier.objects.count() == 2


def test_import_in_test_mode_creates_synthetic_people(
    trial: Brand, met: Relationship, acme: Brand
) -> None:
    before = everything_of(acme)
    now = timezone.now()
    job = jobs.begin_import(trial, note="Newsletter form.", tells=False, now=now)

    rows = f"email,purpose,channel,decision,evidence\n{EMAIL},marketing,email,grant,form\n"
    receiving.receive_part(job, 1, io.BytesIO(rows.encode()), form="csv", now=now)
    jobs.start_import(job, now=now)
    jobs.run_import(job.pk, now=now)
    assert Relationship.objects.filter(brand=trial).count() == 1
    assert everything_of(acme) == before


def test_test_mode_sends_no_mail(testing: Api) -> None:
    register_ana(testing)
    asked = {"contact": ANA, **MARKETING, "text": "May we?", "evidence": "ticked the box"}
    answer = testing.post("permission-requests", asked)
    assert answer.status_code == 201 and mails.sent() == []
    (kept,) = testing.get("test/mails").json()["data"]
    assert "May we?" in kept["text"] and EMAIL not in str(kept)
    path = f"test/permission-requests/{answer.json()['id']}/answer"
    assert testing.post(path, {"answer": "yes"}).status_code == 204
    assert testing.post(path, {"answer": "yes"}).json()["code"] == "answered_already"
    assert allowed(testing)
    assert PermissionRequest.objects.get().answer == "yes"


def test_reports_omit_test_mode(testing: Api, trial: Brand, met: Relationship) -> None:
    register_ana(testing)
    testing.post("test/choices", {"contact": ANA, "scope": MARKETING, "decision": "deny"})
    counters.count_new_events()
    time_to_honour.refresh_due_honour_times(now=timezone.now())
    consent_survival.refresh_due_survival(now=timezone.now())
    assert StreamHead.objects.get(brand=trial).last_sequence > 0
    for counted in (MetricsCursor, HonourSnapshot, YesSnapshot):
        assert list(counted.objects.values_list("brand__slug", flat=True)) == ["acme"]


def every_report(as_admin: Api) -> dict[str, bytes]:
    """Every report, its files and what the brand reads of itself, byte for byte."""
    found = {}
    for name, entry in REPORTS.items():
        for by in ("", *entry.dimensions):
            query = {"by": by} if by else {}
            found[f"{name} {by}"] = as_admin.get(f"reports/{name}", **query).content
    for table in exports.EXPORT_TABLES:
        query = {"first": "2020-01-01", "last": "2199-01-01"}
        names = [exports._name(table, each.name) for each in exports._columns(table)]
        found[table] = repr(list(exports._rows(table, query).values_list(*names))).encode()
    return found


def test_reports_after_test_mode_are_identical(
    testing: Api, trial: Brand, met: Relationship, as_admin: Api
) -> None:
    now = timezone.now()
    real, _ = campaigns.find_or_create_campaign(met.brand, code="real", now=now)
    campaigns.report_campaign_days(real, [DayNumbers("email", now.date(), 90, 80, 7, 1)], now=now)
    with time_machine.travel(now, tick=False):
        count_all()
        before = every_report(as_admin)
        everything_in_test_mode(testing, trial)
        count_all()
        assert every_report(as_admin) == before
        refused = as_admin.get("reports/opt-outs", brand=trial.slug)
    assert (refused.status_code, refused.json()["code"]) == (422, "unknown_brand")


def count_all() -> None:
    now = timezone.now()
    counters.count_new_events()
    list(counters.rebuild_all_counts())
    time_to_honour.refresh_due_honour_times(now=now)
    consent_survival.refresh_due_survival(now=now)
    anomalies.refresh_due_anomalies(now=now)


def everything_in_test_mode(testing: Api, trial: Brand) -> None:
    register_ana(testing)
    for decision in ("deny", "grant", "deny"):
        choice = {"contact": ANA, "scope": MARKETING, "decision": decision}
        assert testing.post("test/choices", choice).status_code < 300
    assert testing.post("campaigns", {"code": "spr"}).status_code == 201
    day = {"channel": "email", "day": str(timezone.now().date())}
    numbers = {"sends": 900, "deliveries": 800, "responses": 70, "complaints": 9}
    assert testing.put("campaigns/spr/stats", {"days": [day | numbers]}).status_code == 200
    asked = {"contact": ANA, **MARKETING, "text": "May we?", "evidence": "ticked the box"}
    testing.post("permission-requests", asked)
    relationship = Relationship.objects.filter(brand=trial).get()
    contact_reports.report_contact(
        relationship,
        purpose="marketing",
        channel="email",
        contacted_at=timezone.now(),
        message="",
        now=timezone.now(),
    )
    assert testing.post("test/relationships/end", {"contact": ANA}).status_code == 204


def test_test_calls_with_live_key_are_refused(live: Api, met: Relationship) -> None:
    calls = {
        "test/choices": {"contact": ANA, "scope": MARKETING, "decision": "grant"},
        "test/relationships/end": {"contact": ANA},
        "test/permission-requests/00000000-0000-0000-0000-000000000000/answer": {"answer": "yes"},
    }
    for path, body in calls.items():
        answer = live.post(path, body)
        assert (answer.status_code, answer.json()["code"]) == (403, "test_only"), path
    assert live.get("test/mails").status_code == 403
    assert not allowed(live)


def test_synthetic_person_ends_relationship(testing: Api) -> None:
    register_ana(testing)
    assert testing.post("test/relationships/end", {"contact": ANA}).status_code == 204
    assert testing.post("test/relationships/end", {"contact": ANA}).status_code == 404
    types = [each["type"] for each in testing.get("events", after=0).json()["data"]]
    assert types[-1] == "relationship.ended"
