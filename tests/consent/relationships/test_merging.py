"""Merging two subjects when Ana proves an address that brands already knew."""

from __future__ import annotations

import json
import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brands.events import stream
from brands.models import Brand, Event, Topic
from cmr.models import Consumer
from consent.checks import as_of, single
from consent.checks.single import Asked
from consent.decision.resolution import Decision, Limit, Scope
from consent.identity.identifiers import Contact
from consent.ledger.recording import Actor
from consent.models import DailyCount, LedgerEntry, Preference, Relationship, Subject
from consent.preferences import projection
from consent.propagation import brand_status, propagate
from consent.relationships import lifecycle, merging
from consent.reporting import counters
from tests.factories import find_subject, record_choice
from tests.trying import tries

OTHER = "ana.at.work@example.org"
HOUR = timedelta(hours=1)
EMAIL = {"purpose": "marketing", "channel": "email"}


@pytest.fixture
def other(db: None) -> uuid.UUID:
    """Whom brands know by the address that Ana is about to prove."""
    return find_subject(OTHER)


@pytest.fixture
def both(
    other: uuid.UUID, met: Relationship, acme: Brand, now: datetime
) -> tuple[Relationship, Relationship]:
    """Acme knows Ana twice."""
    by = Actor("brand_api", acme.pk)
    return met, lifecycle.start_relationship(other, acme, by=by, now=now, ref="K-7", note="shop")[0]


def _record(
    subject: uuid.UUID, brand: Brand | None, decision: str, at: datetime, **more: Any
) -> LedgerEntry:
    scope = Scope(brand and brand.pk, more.pop("purpose", None), more.pop("channel", None))  # type: ignore[arg-type]
    return record_choice(subject, decision, scope, now=at, **more)


def _allowed(brand: Brand, address: str, at: datetime) -> bool:
    return single.check_contact(Asked(brand.pk, Contact(email=address), **EMAIL), now=at).allowed


def _read_events(brand: Brand, relationship: Relationship) -> list[dict[str, Any]]:
    events = stream.read_events(brand.pk, after=0, limit=1_000)
    bodies = [json.loads(bytes(event.body)) for event in events]
    return [b for b in bodies if b["data"]["subject"]["id"] == str(relationship.pk)]


def test_merge_denial_of_either_applies_to_both(
    ana: Consumer, both: object, other: uuid.UUID, acme: Brand, now: datetime
) -> None:
    _record(ana.subject_id, acme, "grant", now, **EMAIL)
    _record(other, acme, "grant", now, **EMAIL)
    _record(other, None, "deny", now + HOUR, purpose="marketing")
    merging.merge_subjects(other, into=ana.subject_id, now=now + 2 * HOUR)
    assert not _allowed(acme, "ana@example.org", now + 3 * HOUR)
    assert not _allowed(acme, OTHER, now + 3 * HOUR)


def test_merge_newer_grant_keeps_other_denial(
    ana: Consumer, both: object, other: uuid.UUID, acme: Brand, now: datetime
) -> None:
    _record(ana.subject_id, acme, "deny", now, **EMAIL)
    _record(other, acme, "grant", now + HOUR, **EMAIL)
    merging.merge_subjects(other, into=ana.subject_id, now=now + 2 * HOUR)
    assert not _allowed(acme, "ana@example.org", now + 3 * HOUR)
    assert not _allowed(acme, OTHER, now + 3 * HOUR)
    again = LedgerEntry.objects.filter(subject=ana.subject_id).latest("subject_seq")
    assert (again.source, again.decision, again.maker) == ("merge", "deny", "person")


def test_merge_grant_after_own_denial_stays(
    ana: Consumer, both: object, other: uuid.UUID, acme: Brand, now: datetime
) -> None:
    _record(ana.subject_id, acme, "deny", now)
    _record(ana.subject_id, acme, "grant", now + HOUR, **EMAIL)
    merging.merge_subjects(other, into=ana.subject_id, now=now + 2 * HOUR)
    assert _allowed(acme, "ana@example.org", now + 3 * HOUR)
    assert not LedgerEntry.objects.filter(source="merge").exists()


def test_merge_keeps_tighter_limit_and_longer_pause(
    ana: Consumer, both: object, other: uuid.UUID, acme: Brand, now: datetime
) -> None:
    _record(ana.subject_id, acme, "limit", now, limit=Limit(1, "week"))
    _record(other, acme, "limit", now + HOUR, limit=Limit(9, "week"))
    _record(ana.subject_id, acme, "pause", now, until=now + 90 * HOUR)
    _record(other, acme, "pause", now + HOUR, until=now + 9 * HOUR)
    merging.merge_subjects(other, into=ana.subject_id, now=now + 2 * HOUR)
    said = Preference.objects.filter(subject=ana.subject_id)
    assert said.get(decision="limit").limit_max == 1
    assert said.get(decision="pause").until == now + 90 * HOUR


def test_merge_clear_of_one_keeps_denial_of_other(
    ana: Consumer, both: object, other: uuid.UUID, acme: Brand, now: datetime
) -> None:
    _record(ana.subject_id, acme, "deny", now, purpose="sale_or_sharing")
    _record(other, acme, "clear", now + HOUR, purpose="sale_or_sharing")
    merging.merge_subjects(other, into=ana.subject_id, now=now + 2 * HOUR)
    asked = Asked(acme.pk, Contact(email=OTHER), "sale_or_sharing")
    assert single.check_contact(asked, now=now + 3 * HOUR).rule == "person_denied"


def test_merge_limit_before_grant_stays(
    ana: Consumer, both: object, other: uuid.UUID, acme: Brand, now: datetime
) -> None:
    _record(ana.subject_id, acme, "limit", now, limit=Limit(1, "week"), **EMAIL)
    _record(ana.subject_id, acme, "grant", now + HOUR, **EMAIL)
    _record(other, acme, "clear", now + 2 * HOUR, **EMAIL)
    _record(other, acme, "grant", now + 3 * HOUR, **EMAIL)
    merging.merge_subjects(other, into=ana.subject_id, now=now + 4 * HOUR)
    asked = Asked(acme.pk, Contact(email=OTHER), **EMAIL)
    assert single.check_contact(asked, now=now + 5 * HOUR).limit == Limit(1, "week")


def test_merge_keeps_both_hash_chains(
    ana: Consumer, both: object, other: uuid.UUID, acme: Brand, now: datetime
) -> None:
    from consent.ledger import hash_chain

    _record(ana.subject_id, acme, "deny", now)
    _record(other, acme, "grant", now, **EMAIL)
    merging.merge_subjects(other, into=ana.subject_id, now=now + HOUR)
    for subject in Subject.objects.filter(pk__in=[ana.subject_id, other]):
        assert list(hash_chain.list_breaks(subject)) == []
    assert LedgerEntry.objects.of_person(ana.subject_id).filter(subject=other).count() == 1


def test_merge_is_hidden_from_brand(
    ana: Consumer,
    both: tuple[Relationship, Relationship],
    other: uuid.UUID,
    acme: Brand,
    now: datetime,
) -> None:
    _record(other, acme, "deny", now, purpose="research")
    merging.merge_subjects(other, into=ana.subject_id, now=now + HOUR)
    _record(ana.subject_id, acme, "deny", now + 2 * HOUR, **EMAIL)
    first, second = (_read_events(acme, relationship) for relationship in both)
    assert [body["type"] for body in first[1:]] == ["preference.denied"] * 2
    assert [body["type"] for body in second[1:]] == ["preference.denied"] * 2
    assert {body["data"]["subject"]["ref"] for body in second} == {"K-7"}
    for told in (first, second):
        seqs = [body["data"]["subject_seq"] for body in told]
        assert seqs == sorted(seqs)
    text = json.dumps([first, second])
    assert "merge" not in text and str(ana.subject_id) not in text


def test_merge_other_address_stays_unknown_to_brand(
    ana: Consumer, met: Relationship, other: uuid.UUID, acme: Brand, now: datetime
) -> None:
    _record(ana.subject_id, acme, "grant", now, **EMAIL)
    merging.merge_subjects(other, into=ana.subject_id, now=now + HOUR)
    asked = Asked(acme.pk, Contact(email=OTHER), **EMAIL)
    assert single.check_contact(asked, now=now + HOUR).rule == "no_relationship"


def test_merge_choice_with_two_events_is_counted_once(
    ana: Consumer, both: object, other: uuid.UUID, acme: Brand, now: datetime
) -> None:
    merging.merge_subjects(other, into=ana.subject_id, now=now)
    _record(ana.subject_id, acme, "deny", now + HOUR, **EMAIL)
    _record(ana.subject_id, None, "deny", now + HOUR, purpose="research")
    propagate.propagate_choices(ana.subject_id, now=now + HOUR)
    assert Event.objects.filter(brand=acme, type="preference.denied").count() == 4
    counters.count_new_events()
    counted = DailyCount.objects.filter(brand=acme).values_list("opt_outs", flat=True)
    assert sum(counted) == 2


def test_merge_during_propagation_reaches_both_relationships(
    ana: Consumer, both: tuple[Relationship, Relationship], other: uuid.UUID, now: datetime
) -> None:
    _record(other, None, "deny", now, purpose="research")
    merging.merge_subjects(other, into=ana.subject_id, now=now + HOUR)
    propagate.propagate_choices(ana.subject_id, now=now + HOUR)
    for relationship in both:
        told = _read_events(relationship.brand, relationship)
        assert [body["type"] for body in told].count("preference.denied") == 1


@pytest.mark.usefixtures("acme_key")
def test_merge_propagation_status_is_that_of_slower(
    ana: Consumer, both: object, other: uuid.UUID, acme: Brand, now: datetime
) -> None:
    from brands.events import stream

    merging.merge_subjects(other, into=ana.subject_id, now=now)
    entry = _record(ana.subject_id, acme, "deny", now + HOUR)
    stream.acknowledge(acme.pk, through=3, now=now + HOUR)
    (fate,) = brand_status.list_brand_statuses(entry, now=now)
    assert fate.state(now + HOUR) == "recorded"
    stream.acknowledge(acme.pk, through=4, now=now + HOUR)
    (fate,) = brand_status.list_brand_statuses(entry, now=now)
    assert fate.state(now + HOUR) == "applied"


def test_merge_as_of_before_it_uses_unmerged_choices(
    ana: Consumer, both: object, other: uuid.UUID, acme: Brand, now: datetime
) -> None:
    _record(other, acme, "grant", now, **EMAIL)
    _record(ana.subject_id, acme, "deny", now, **EMAIL)
    merging.merge_subjects(other, into=ana.subject_id, now=now + 2 * HOUR)
    asked, later = Asked(acme.pk, Contact(email=OTHER), **EMAIL), now + 4 * HOUR
    assert as_of.check_contact_as_of(asked, as_of=now + HOUR, now=later).allowed
    assert not as_of.check_contact_as_of(asked, as_of=now + 3 * HOUR, now=later).allowed


def test_merge_ending_ends_both_relationships(
    ana: Consumer,
    both: tuple[Relationship, Relationship],
    other: uuid.UUID,
    acme: Brand,
    now: datetime,
) -> None:
    from cmr.choices import choose

    merging.merge_subjects(other, into=ana.subject_id, now=now)
    assert choose.end_relationship(ana, both[0], by="portal", now=now + HOUR)
    asked = Asked(acme.pk, Contact(email=OTHER), **EMAIL)
    assert single.check_contact(asked, now=now + HOUR).rule == "no_relationship"


def test_merge_rebuild_restores_preferences_of_both(
    ana: Consumer, both: object, other: uuid.UUID, acme: Brand, now: datetime
) -> None:
    _record(ana.subject_id, acme, "grant", now, **EMAIL)
    _record(other, acme, "deny", now + HOUR, purpose="profiling")
    merging.merge_subjects(other, into=ana.subject_id, now=now + 2 * HOUR)
    standing = projection.list_preferences(ana.subject_id)
    for subject in Subject.objects.filter(pk__in=[ana.subject_id, other]):
        projection.rebuild_preferences(subject)
    assert set(projection.list_preferences(ana.subject_id)) == set(standing)
    assert len(standing) == 2
    assert projection.list_preferences(other) == []


def test_merge_again_changes_nothing(ana: Consumer, other: uuid.UUID, now: datetime) -> None:
    assert merging.merge_subjects(other, into=ana.subject_id, now=now)
    assert not merging.merge_subjects(other, into=ana.subject_id, now=now)


SAID = st.tuples(
    st.booleans(),  # whose
    st.sampled_from(["grant", "deny", "pause", "clear", "limit"]),
    st.booleans(),  # about acme, or any brand
    st.sampled_from([None, "marketing"]),
    st.sampled_from([None, "email"]),
)


@tries(30)
@given(said=st.lists(SAID, min_size=2, max_size=7))
def test_merge_random_choices_never_loosens(
    said: list[tuple[bool, str, bool, str | None, str | None]], acme: Brand, now: datetime
) -> None:
    """For any history of the two: a no of either is a no of both; only a default gives way."""
    pair = [Subject.objects.create().pk for _ in range(2)]
    for nth, (first, decision, own, purpose, channel) in enumerate(said):
        more: dict[str, Any] = {"until": now + 99 * HOUR} if decision == "pause" else {}
        more |= {"limit": Limit(nth + 1, "week")} if decision == "limit" else {}
        _record(
            pair[first], acme if own else None, decision, now + nth * HOUR,
            purpose=purpose, channel=channel, **more,
        )  # fmt: skip
    then = now + 10 * HOUR
    before = [_answers(subject, acme, then) for subject in pair]
    merging.merge_subjects(pair[1], into=pair[0], now=then)
    after = _answers(pair[0], acme, then + HOUR)
    for question, held in after.items():
        for side in before:
            if side[question].because and not side[question].allowed:
                assert not held.allowed
            if (limit := side[question].limit) and held.allowed:
                assert held.limit and held.limit.per_day <= limit.per_day


def _answers(subject: uuid.UUID, acme: Brand, at: datetime) -> dict[object, Decision]:
    from consent.checks import permissions

    known = Relationship(subject_id=subject, person_id=subject, brand=acme)  # as if there were one
    may = permissions.list_brand_permissions(subject, [known], now=at)[acme.pk]
    return {(each.purpose, each.channel): each.decision for each in may}


def test_merge_keeps_topic_choices(
    ana: Consumer, both: object, other: uuid.UUID, offers: Topic, now: datetime
) -> None:
    scope = Scope(offers.brand_id, "marketing", None, offers.code)
    record_choice(other, "deny", scope, now=now)
    merging.merge_subjects(other, into=ana.subject_id, now=now + HOUR)
    asked = Asked(offers.brand_id, Contact(email="ana@example.org"), topic=offers.code, **EMAIL)
    assert single.check_contact(asked, now=now + HOUR).rule == "person_denied"
