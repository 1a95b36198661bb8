"""Another time, another word: the same question about a past or coming moment, and what if."""

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
from consent.ledger import recording
from consent.ledger.recording import Actor, NewChoice
from consent.models import LedgerEntry, PastProfile, Relationship
from consent.relationships import lifecycle, person_settings
from tests.conftest import EMAIL, Api
from tests.consent.test_importing_people import apply

#: What a brand asks about the past is answered by the minute.
NOW = timezone.now().replace(second=0, microsecond=0)
HOUR = timedelta(hours=1)
DENY = {"scope": {"purpose": "marketing"}, "decision": "deny"}


def say(person: Consumer, decision: DecisionKind, brand: int | None, *, at: datetime) -> None:
    until = NOW + 2 * HOUR if decision == "pause" else None
    choice = NewChoice(Scope(brand, "marketing"), decision, until=until)
    recording.record_choices(person.subject_id, [choice], by=Actor("api"), now=at)


def ask(api: Api, **more: Any) -> Any:
    body = {"contact": {"email": EMAIL}, "purpose": "marketing", "channel": "email", **more}
    return api.post("check", body).json()


def at(moment: datetime) -> str:
    return moment.isoformat()


def test_a_past_moment_is_answered_by_what_stood_then(
    as_acme: Api, ana: Consumer, met: Relationship
) -> None:
    say(ana, "grant", met.brand_id, at=NOW - 3 * HOUR)
    say(ana, "deny", None, at=NOW - HOUR)
    rules = [ask(as_acme, as_of=at(NOW - n * HOUR))["rule"] for n in (4, 3, 2, 1)]
    assert rules == ["default_opt_in", "person_granted", "person_granted", "person_denied"]
    assert ask(as_acme)["rule"] == "person_denied"


def test_what_was_recorded_later_was_not_known_then(
    as_acme: Api, ana: Consumer, met: Relationship
) -> None:
    """Made three hours ago, recorded one hour ago: two hours ago nobody could have known."""
    late = NewChoice(Scope(met.brand_id, "marketing"), "grant", made_at=NOW - 3 * HOUR)
    recording.record_choices(ana.subject_id, [late], by=Actor("api"), now=NOW - HOUR)
    assert not ask(as_acme, as_of=at(NOW - 2 * HOUR))["allowed"]
    assert ask(as_acme, as_of=at(NOW - HOUR))["allowed"]


def test_a_past_moment_is_that_of_its_full_minute(
    as_acme: Api, ana: Consumer, met: Relationship
) -> None:
    """So that no brand finds out to the microsecond when a person spoke to all brands."""
    say(ana, "deny", None, at=NOW - HOUR + timedelta(seconds=20))
    asked = [at(NOW - HOUR + timedelta(seconds=seconds)) for seconds in (19, 21, 59, 60)]
    answers = [ask(as_acme, as_of=each) for each in asked]
    assert [answer["rule"] for answer in answers] == [*["default_opt_in"] * 3, "person_denied"]
    assert {answer["as_of"][16:] for answer in answers} == {":00Z"}


def test_before_it_began_and_after_it_ended_there_is_no_relationship(
    as_acme: Api, ana: Consumer, met: Relationship, now: datetime
) -> None:
    choose.end_relationship(ana, met, by="api", now=NOW - HOUR)
    moments = [now - HOUR, now + HOUR, NOW - 2 * HOUR, NOW - HOUR / 2]
    rules = [ask(as_acme, as_of=at(moment))["rule"] for moment in moments]
    assert rules == ["no_relationship", "default_opt_in", "default_opt_in", "no_relationship"]


def test_a_moment_to_come_is_answered_by_what_stands_now(
    as_acme: Api, ana: Consumer, met: Relationship
) -> None:
    say(ana, "grant", met.brand_id, at=NOW - 2 * HOUR)
    say(ana, "pause", met.brand_id, at=NOW - HOUR)
    assert ask(as_acme)["rule"] == "person_paused"
    assert ask(as_acme, at=at(NOW + 3 * HOUR))["rule"] == "person_granted"


def test_what_is_supposed_decides_and_is_not_recorded(
    as_acme: Api, ana: Consumer, met: Relationship
) -> None:
    say(ana, "grant", met.brand_id, at=NOW - HOUR)
    before = LedgerEntry.objects.count()
    supposed = ask(as_acme, suppose=[DENY])
    assert (supposed["rule"], supposed["because"]["entry"]) == ("person_denied", None)
    assert ask(as_acme, suppose=[DENY, {**DENY, "decision": "grant"}])["allowed"]
    assert not ask(as_acme, suppose=[{**DENY, "decision": "grant"}, DENY])["allowed"]
    assert ask(as_acme)["rule"] == "person_granted"
    assert LedgerEntry.objects.count() == before


def test_supposing_tells_nothing_of_a_stranger(as_rival: Api, met: Relationship) -> None:
    yes = {"scope": {}, "decision": "grant"}
    assert ask(as_rival, suppose=[yes])["rule"] == "no_relationship"
    assert ask(as_rival, as_of=at(NOW - HOUR))["rule"] == "no_relationship"


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
def test_what_makes_no_sense_is_refused(
    as_acme: Api, met: Relationship, more: dict[str, Any], code: str
) -> None:
    assert ask(as_acme, **more)["code"] == code


# -- What is no ledger entry ----------------------------------------------------------------------


def test_the_time_before_a_new_beginning_is_known(
    as_acme: Api, ana: Consumer, met: Relationship
) -> None:
    say(ana, "grant", met.brand_id, at=NOW - 5 * HOUR)
    choose.end_relationship(ana, met, by="api", now=NOW - 3 * HOUR)
    lifecycle.start_relationship(ana.subject_id, met.brand, by=Actor("api"), now=NOW - HOUR)
    rules = [ask(as_acme, as_of=at(NOW - n * HOUR))["rule"] for n in (4, 3, 2, 1)]
    assert rules == ["person_granted", "no_relationship", "no_relationship", "person_granted"]


def test_where_they_lived_then_counts(as_acme: Api, ana: Consumer, met: Relationship) -> None:
    """Not where they live today: first by the brand's word, then by their own."""
    by = Actor("brand_api", met.brand_id)
    lifecycle.start_relationship(
        ana.subject_id, met.brand, by=by, now=NOW - 4 * HOUR, jurisdiction="US-CA"
    )
    person_settings.change_settings(ana.subject_id, {"jurisdiction": "DE"}, now=NOW - 2 * HOUR)
    rules = [ask(as_acme, as_of=at(NOW - n * HOUR))["rule"] for n in (5, 3, 1)]
    assert rules == ["default_opt_in", "default_opt_out", "default_opt_in"]


def test_a_file_that_moves_people_or_begins_anew_keeps_what_was(
    as_acme: Api, ana: Consumer, met: Relationship
) -> None:
    head = "email,jurisdiction"
    apply(as_acme, f"{head}\n{EMAIL},US-CA")
    lifecycle.end_relationship(met, by=Actor("brand_api", met.brand_id), now=timezone.now())
    apply(as_acme, f"{head}\n{EMAIL},DE")
    kept = [(past.jurisdiction, past.ended_at is None) for past in met.past.order_by("pk")]
    assert kept == [(None, True), ("US-CA", False)]
    assert ask(as_acme, as_of=at(NOW - HOUR))["rule"] == "default_opt_in"


def test_quiet_hours_and_limits_of_then_are_told(
    as_acme: Api, ana: Consumer, met: Relationship
) -> None:
    say(ana, "grant", met.brand_id, at=NOW - 9 * HOUR)
    limit = NewChoice(Scope(met.brand_id, "marketing"), "limit", limit=Limit(2, "day"))
    recording.record_choices(ana.subject_id, [limit], by=Actor("api"), now=NOW - 9 * HOUR)
    asked = Asked(met.brand_id, Contact(email=EMAIL), "marketing", "email")
    sent = sends.reserve_send(asked, now=NOW - 8 * HOUR).send
    assert sent
    sends.cancel_send(met.brand_id, sent, now=NOW - 6 * HOUR)
    remaining = [ask(as_acme, as_of=at(NOW - n * HOUR))["remaining"] for n in (9, 7, 5)]
    assert remaining == [2, 1, 2]
    begin, end = NOW - 4 * HOUR, NOW - 2 * HOUR
    hours = begin.time(), end.time()
    person_settings.change_settings(ana.subject_id, {"quiet_hours": hours}, now=NOW - 5 * HOUR)
    person_settings.change_settings(ana.subject_id, {"quiet_hours": None}, now=NOW - HOUR)
    waits = [ask(as_acme, as_of=at(NOW - n * HOUR))["not_before"] for n in (6, 3, 1)]
    assert [each and datetime.fromisoformat(each) for each in waits] == [None, end, None]


@pytest.mark.parametrize("act", ["change", "delete", "add", "own", "move"])
def test_the_regimes_of_then_count(
    as_acme: Api, ana: Consumer, met: Relationship, act: str
) -> None:
    """The database keeps them, however they are changed."""
    person_settings.change_settings(ana.subject_id, {"jurisdiction": "US-CA"}, now=NOW - 4 * HOUR)
    rows = JurisdictionRegime.objects.filter(jurisdiction__in=["US", "US-CA"], purpose="marketing")
    before = ask(as_acme)["rule"]
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
    assert ask(as_acme)["rule"] != before
    assert ask(as_acme, as_of=at(NOW - HOUR))["rule"] == before


def test_the_past_cannot_be_altered(ana: Consumer, met: Relationship) -> None:
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


def test_a_profile_that_stays_as_it_is_keeps_nothing(ana: Consumer) -> None:
    person_settings.change_settings(
        ana.subject_id, {"jurisdiction": None, "time_zone": ""}, now=NOW
    )
    assert not PastProfile.objects.exists()


def test_the_plain_check_reads_no_past(as_acme: Api, met: Relationship) -> None:
    ask(as_acme)
    with CaptureQueriesContext(connection) as queries:
        ask(as_acme)
        as_acme.post(
            "checks", {"contacts": [{"email": EMAIL}], "purpose": "marketing", "channel": "email"}
        )
    assert not [each for each in queries if "_past" in each["sql"]]
