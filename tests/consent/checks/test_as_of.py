"""Checks at another time (`as_of`, `at`) and with supposed choices (`suppose`)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import ProgrammingError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from brands.models import JurisdictionRegime, Purpose
from cmr.choices import choose
from cmr.models import Consumer
from consent.checks import sends
from consent.checks.single import Asked
from consent.decision.resolution import DecisionKind, Limit, Scope
from consent.identity.identifiers import Contact
from consent.ledger.recording import Actor
from consent.models import LedgerEntry, PastProfile, Relationship
from consent.relationships import lifecycle, person_settings
from tests.conftest import EMAIL, Api
from tests.consent.imports.test_imports import apply
from tests.factories import post_check, record_choice

#: What a brand asks about the past is answered by the minute.
NOW = timezone.now().replace(second=0, microsecond=0)
HOUR = timedelta(hours=1)
DENY = {"scope": {"purpose": "marketing"}, "decision": "deny"}


def record_marketing(
    person: Consumer, decision: DecisionKind, brand: int | None, *, at: datetime
) -> None:
    until = NOW + 2 * HOUR if decision == "pause" else None
    record_choice(person, decision, Scope(brand, "marketing"), by=Actor("api"), now=at, until=until)


def at(moment: datetime) -> str:
    return moment.isoformat()


def test_as_of_past_uses_choices_of_that_time(
    as_acme: Api, ana: Consumer, met: Relationship
) -> None:
    record_marketing(ana, "grant", met.brand_id, at=NOW - 3 * HOUR)
    record_marketing(ana, "deny", None, at=NOW - HOUR)
    rules = [post_check(as_acme, as_of=at(NOW - n * HOUR)).json()["rule"] for n in (4, 3, 2, 1)]
    assert rules == ["default_opt_in", "person_granted", "person_granted", "person_denied"]
    assert post_check(as_acme).json()["rule"] == "person_denied"


def test_as_of_ignores_choice_recorded_later(
    as_acme: Api, ana: Consumer, met: Relationship
) -> None:
    """Made three hours ago, recorded one hour ago: two hours ago nobody could have known."""
    record_choice(
        ana,
        "grant",
        Scope(met.brand_id, "marketing"),
        by=Actor("api"),
        now=NOW - HOUR,
        made_at=NOW - 3 * HOUR,
    )
    assert not post_check(as_acme, as_of=at(NOW - 2 * HOUR)).json()["allowed"]
    assert post_check(as_acme, as_of=at(NOW - HOUR)).json()["allowed"]


def test_as_of_is_rounded_to_minute(as_acme: Api, ana: Consumer, met: Relationship) -> None:
    """So that no brand finds out to the microsecond when a person spoke to all brands."""
    record_marketing(ana, "deny", None, at=NOW - HOUR + timedelta(seconds=20))
    asked = [at(NOW - HOUR + timedelta(seconds=seconds)) for seconds in (19, 21, 59, 60)]
    answers = [post_check(as_acme, as_of=each).json() for each in asked]
    assert [answer["rule"] for answer in answers] == [*["default_opt_in"] * 3, "person_denied"]
    assert {answer["as_of"][16:] for answer in answers} == {":00Z"}


def test_as_of_outside_relationship_is_no_relationship(
    as_acme: Api, ana: Consumer, met: Relationship, now: datetime
) -> None:
    choose.end_relationship(ana, met, by="api", now=NOW - HOUR)
    moments = [now - HOUR, now + HOUR, NOW - 2 * HOUR, NOW - HOUR / 2]
    rules = [post_check(as_acme, as_of=at(moment)).json()["rule"] for moment in moments]
    assert rules == ["no_relationship", "default_opt_in", "default_opt_in", "no_relationship"]


def test_at_future_uses_choices_of_now(as_acme: Api, ana: Consumer, met: Relationship) -> None:
    record_marketing(ana, "grant", met.brand_id, at=NOW - 2 * HOUR)
    record_marketing(ana, "pause", met.brand_id, at=NOW - HOUR)
    assert post_check(as_acme).json()["rule"] == "person_paused"
    assert post_check(as_acme, at=at(NOW + 3 * HOUR)).json()["rule"] == "person_granted"


def test_suppose_choices_decide_without_being_recorded(
    as_acme: Api, ana: Consumer, met: Relationship
) -> None:
    record_marketing(ana, "grant", met.brand_id, at=NOW - HOUR)
    before = LedgerEntry.objects.count()
    supposed = post_check(as_acme, suppose=[DENY]).json()
    assert (supposed["rule"], supposed["because"]["entry"]) == ("person_denied", None)
    assert post_check(as_acme, suppose=[DENY, {**DENY, "decision": "grant"}]).json()["allowed"]
    assert not post_check(as_acme, suppose=[{**DENY, "decision": "grant"}, DENY]).json()["allowed"]
    assert post_check(as_acme).json()["rule"] == "person_granted"
    assert LedgerEntry.objects.count() == before


def test_suppose_without_relationship_is_no_relationship(as_rival: Api, met: Relationship) -> None:
    yes = {"scope": {}, "decision": "grant"}
    assert post_check(as_rival, suppose=[yes]).json()["rule"] == "no_relationship"
    assert post_check(as_rival, as_of=at(NOW - HOUR)).json()["rule"] == "no_relationship"


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"as_of": at(NOW + 24 * HOUR)}, "not_yet"),
        ({"at": at(NOW - 24 * HOUR)}, "past"),
        ({"as_of": at(NOW), "at": at(NOW + 24 * HOUR)}, "one_time"),
        ({"as_of": at(NOW), "suppose": [DENY]}, "one_time"),
        ({"as_of": "yesterday"}, "invalid"),
        ({"at": "2999-01-01T00:00:00"}, "no_zone"),
        ({"suppose": [DENY] * 21}, "max_length"),
        ({"suppose": [{"scope": {"brand": "rival"}, "decision": "deny"}]}, "unknown_brand"),
        ({"suppose": [{"scope": {}, "decision": "pause"}]}, "needed"),
    ],
)
def test_as_of_invalid_question_is_refused(
    as_acme: Api, met: Relationship, more: dict[str, Any], code: str
) -> None:
    assert post_check(as_acme, **more).json()["code"] == code


# -- What is no ledger entry ----------------------------------------------------------------------


def test_as_of_before_restart_uses_earlier_relationship(
    as_acme: Api, ana: Consumer, met: Relationship
) -> None:
    record_marketing(ana, "grant", met.brand_id, at=NOW - 5 * HOUR)
    choose.end_relationship(ana, met, by="api", now=NOW - 3 * HOUR)
    lifecycle.start_relationship(ana.subject_id, met.brand, by=Actor("api"), now=NOW - HOUR)
    rules = [post_check(as_acme, as_of=at(NOW - n * HOUR)).json()["rule"] for n in (4, 3, 2, 1)]
    assert rules == ["person_granted", "no_relationship", "no_relationship", "person_granted"]


def test_as_of_uses_jurisdiction_of_that_time(
    as_acme: Api, ana: Consumer, met: Relationship
) -> None:
    """Not where they live today: first by the brand's word, then by their own."""
    by = Actor("brand_api", met.brand_id)
    lifecycle.start_relationship(
        ana.subject_id, met.brand, by=by, now=NOW - 4 * HOUR, jurisdiction="US-CA"
    )
    person_settings.change_settings(ana.subject_id, {"jurisdiction": "DE"}, now=NOW - 2 * HOUR)
    rules = [post_check(as_acme, as_of=at(NOW - n * HOUR)).json()["rule"] for n in (5, 3, 1)]
    assert rules == ["default_opt_in", "default_opt_out", "default_opt_in"]


def test_as_of_after_import_keeps_past_relationship(
    as_acme: Api, ana: Consumer, met: Relationship
) -> None:
    head = "email,jurisdiction"
    apply(as_acme, f"{head}\n{EMAIL},US-CA")
    lifecycle.end_relationship(met, by=Actor("brand_api", met.brand_id), now=timezone.now())
    apply(as_acme, f"{head}\n{EMAIL},DE")
    kept = [(past.jurisdiction, past.ended_at is None) for past in met.past.order_by("pk")]
    assert kept == [(None, True), ("US-CA", False)]
    assert post_check(as_acme, as_of=at(NOW - HOUR)).json()["rule"] == "default_opt_in"


def test_as_of_returns_quiet_hours_and_limits_of_that_time(
    as_acme: Api, ana: Consumer, met: Relationship
) -> None:
    record_marketing(ana, "grant", met.brand_id, at=NOW - 9 * HOUR)
    record_choice(
        ana,
        "limit",
        Scope(met.brand_id, "marketing"),
        by=Actor("api"),
        now=NOW - 9 * HOUR,
        limit=Limit(2, "day"),
    )
    asked = Asked(met.brand_id, Contact(email=EMAIL), "marketing", "email")
    sent = sends.reserve_send(asked, now=NOW - 8 * HOUR).send
    assert sent
    sends.cancel_send(met.brand_id, sent, now=NOW - 6 * HOUR)
    remaining = [
        post_check(as_acme, as_of=at(NOW - n * HOUR)).json()["remaining"] for n in (9, 7, 5)
    ]
    assert remaining == [2, 1, 2]
    begin, end = NOW - 4 * HOUR, NOW - 2 * HOUR
    hours = begin.time(), end.time()
    person_settings.change_settings(ana.subject_id, {"quiet_hours": hours}, now=NOW - 5 * HOUR)
    person_settings.change_settings(ana.subject_id, {"quiet_hours": None}, now=NOW - HOUR)
    waits = [post_check(as_acme, as_of=at(NOW - n * HOUR)).json()["not_before"] for n in (6, 3, 1)]
    assert [each and datetime.fromisoformat(each) for each in waits] == [None, end, None]


@pytest.mark.parametrize("act", ["change", "delete", "add", "own", "move"])
def test_as_of_uses_regimes_of_that_time(
    as_acme: Api, ana: Consumer, met: Relationship, act: str
) -> None:
    """The database keeps them, however they are changed."""
    person_settings.change_settings(ana.subject_id, {"jurisdiction": "US-CA"}, now=NOW - 4 * HOUR)
    rows = JurisdictionRegime.objects.filter(jurisdiction__in=["US", "US-CA"], purpose="marketing")
    before = post_check(as_acme).json()["rule"]
    assert before == "default_opt_out"
    if act == "change":
        rows.update(regime="opt_in")
    elif act == "delete":
        rows.delete()
    elif act == "move":
        rows.filter(channel=None).update(jurisdiction="US-NV")
        rows.filter(channel="email").update(jurisdiction="US-NV")
    elif act == "add":
        JurisdictionRegime.objects.filter(jurisdiction="US-CA", purpose="marketing").delete()
        JurisdictionRegime.objects.create(
            jurisdiction="US-CA", purpose_id="marketing", channel="email", regime="opt_in", law="L"
        )
    else:
        rows.delete()
        Purpose.objects.filter(code="marketing").update(regime="required")
    assert post_check(as_acme).json()["rule"] != before
    assert post_check(as_acme, as_of=at(NOW - HOUR)).json()["rule"] == before


def test_past_rows_update_or_delete_is_refused(ana: Consumer, met: Relationship) -> None:
    lifecycle.start_relationship(
        ana.subject_id, met.brand, by=Actor("brand_api", met.brand_id), now=NOW, jurisdiction="DE"
    )
    person_settings.change_settings(ana.subject_id, {"jurisdiction": "DE"}, now=NOW)
    for rows in (met.past.all(), PastProfile.objects.all()):
        assert rows.exists()
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            rows.update(until=NOW - HOUR)
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        met.past.all().delete()


def test_past_profile_unchanged_settings_stores_nothing(ana: Consumer) -> None:
    person_settings.change_settings(
        ana.subject_id, {"jurisdiction": None, "time_zone": ""}, now=NOW
    )
    assert not PastProfile.objects.exists()


def test_check_without_as_of_reads_no_past_rows(as_acme: Api, met: Relationship) -> None:
    post_check(as_acme).json()
    with CaptureQueriesContext(connection) as queries:
        post_check(as_acme).json()
        as_acme.post(
            "checks", {"contacts": [{"email": EMAIL}], "purpose": "marketing", "channel": "email"}
        )
    assert not [each for each in queries if "_past" in each["sql"]]
