"""Frequency caps: what remains, and when more is free."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.db import IntegrityError
from pytest_django import DjangoAssertNumQueries

from brands.models import Brand
from cmr.models import Consumer
from consent.checks import bulk, frequency_caps, single
from consent.checks.single import Asked
from consent.decision.resolution import Choice, Decision, Limit, Scope
from consent.identity.identifiers import Contact
from consent.ledger.recording import Actor
from consent.models import Relationship, Send, Subject
from tests.conftest import EMAIL
from tests.factories import record_choice

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def decide(ana: Consumer, met: Relationship) -> Callable[..., None]:
    """Ana says something about marketing; of acme unless told otherwise."""

    def record(decision: Any, limit: Limit | None = None, **scope: Any) -> None:
        parts: dict[str, Any] = {"brand": met.brand_id, "purpose": "marketing"} | scope
        record_choice(
            ana, decision, Scope(**parts), by=Actor("api"), now=NOON - 90 * DAY, limit=limit
        )

    record("grant", brand=None)
    return record


@pytest.fixture
def sent(ana: Consumer, met: Relationship) -> Callable[..., Send]:
    """A message to Ana so long ago; acme's marketing by e-mail unless told otherwise."""

    def create(ago: timedelta, **parts: Any) -> Send:
        known: dict[str, Any] = {"subject_id": ana.subject_id, "brand_id": met.brand_id}
        known |= {"purpose_id": "marketing", "channel": "email", "at": NOON - ago}
        return Send.objects.create(**{**known, **parts})

    return create


def ask(brand: Brand, *, now: datetime = NOON, **parts: Any) -> Decision:
    asked: dict[str, Any] = {"purpose": "marketing", "channel": "email"} | parts
    contact = asked.pop("contact", Contact(email=EMAIL))
    return single.check_contact(Asked(brand.pk, contact, **asked), now=now)


def summarise(decision: Decision) -> tuple[bool, int | None, datetime | None]:
    return decision.allowed, decision.remaining, decision.not_before


# -- Budgets --------------------------------------------------------------------------------------


def test_remaining_without_limit_is_none(acme: Brand, decide: Any, sent: Any) -> None:
    sent(HOUR)
    assert summarise(ask(acme)) == (True, None, None)


def test_remaining_after_send_is_reduced(acme: Brand, decide: Any, sent: Any) -> None:
    decide("limit", Limit(3, "week"))
    assert summarise(ask(acme)) == (True, 3, None)
    sent(DAY)
    assert summarise(ask(acme)) == (True, 2, None)


@pytest.mark.parametrize(("per", "days"), [("day", 1), ("week", 7), ("month", 30)])
def test_window_exhausted_frees_when_oldest_send_leaves(
    per: str, days: int, acme: Brand, decide: Any, sent: Any
) -> None:
    """Full until the oldest send that counts is a whole window ago, to the microsecond."""
    decide("limit", Limit(2, per))
    oldest = sent(days * DAY - HOUR)
    sent(HOUR)
    back = oldest.at + days * DAY
    assert summarise(ask(acme)) == (True, 0, back)
    assert summarise(ask(acme, now=back - timedelta(microseconds=1))) == (True, 0, back)
    assert summarise(ask(acme, now=back)) == (True, 1, None)


def test_window_overspent_frees_after_enough_sends_leave(
    acme: Brand, decide: Any, sent: Any
) -> None:
    """The person lowered the limit after three were sent."""
    decide("limit", Limit(1, "day"))
    for hours in (3, 2, 1):
        sent(hours * HOUR)
    assert summarise(ask(acme)) == (True, 0, NOON - HOUR + DAY)


def test_several_limits_use_tightest_and_latest(acme: Brand, decide: Any, sent: Any) -> None:
    decide("limit", Limit(1, "day"))
    decide("limit", Limit(5, "month"), channel="email")
    sent(HOUR)
    assert summarise(ask(acme)) == (True, 0, NOON - HOUR + DAY)
    for days in range(2, 6):
        sent(days * DAY)
    assert summarise(ask(acme)) == (True, 0, NOON - 5 * DAY + 30 * DAY)


def test_cancelled_send_is_not_counted(acme: Brand, decide: Any, sent: Any) -> None:
    decide("limit", Limit(1, "day"))
    sent(HOUR, returned_at=NOON)
    assert summarise(ask(acme)) == (True, 1, None)


#: Sends that differ in one part from acme's marketing by e-mail.
KINDS: dict[str, Any] = {
    "email": {},
    "sms": {"channel": "sms"},
    "topic": {"topic": "weekly-offers"},
    "research": {"purpose_id": "research"},
    "service": {"purpose_id": "service"},  # required: no limit binds it
    "rival": {},
}


@pytest.mark.parametrize(
    ("scope", "counts"),
    [
        ({}, {"email", "sms", "topic"}),
        ({"channel": "email"}, {"email", "topic"}),
        ({"topic": "weekly-offers"}, {"topic"}),
        ({"brand": None}, {"email", "sms", "topic", "rival"}),
        ({"purpose": None}, {"email", "sms", "topic", "research"}),
        ({"brand": None, "purpose": None, "channel": "sms"}, {"sms"}),
    ],
)
def test_limit_counts_only_sends_in_its_scope(
    scope: Any, counts: set[str], met: Relationship, rival: Brand, sent: Any
) -> None:
    limited = Scope(**{"brand": met.brand_id, "purpose": "marketing"} | scope)
    choice = Choice(met.id, 1, limited, "limit", "person", NOON, limit=Limit(9, "day"))
    counted = set()
    for kind, parts in KINDS.items():
        send = sent(HOUR, **(parts if kind != "rival" else {"brand_id": rival.pk}))
        (spent,) = frequency_caps.count_sends([(met.subject_id, choice)], now=NOON)
        counted |= {kind} if spent.count else set()
        send.delete()
    assert counted == counts


def test_limit_of_other_scope_is_ignored(acme: Brand, rival: Brand, decide: Any, sent: Any) -> None:
    decide("limit", Limit(1, "day"), channel="sms")
    decide("limit", Limit(1, "day"), brand=rival.pk)
    sent(HOUR)
    assert summarise(ask(acme)) == (True, None, None)
    assert ask(acme, channel="sms").remaining == 1


def test_wide_limit_counts_sends_of_all_brands(
    acme: Brand, rival: Brand, decide: Any, sent: Any
) -> None:
    decide("limit", Limit(2, "day"), brand=None)
    sent(HOUR, brand_id=rival.pk)
    assert summarise(ask(acme)) == (True, None, None)  # what is left others spend, too
    sent(2 * HOUR)
    assert summarise(ask(acme)) == (True, None, NOON - 2 * HOUR + DAY)


def test_wide_limit_frees_on_full_hour(acme: Brand, rival: Brand, decide: Any, sent: Any) -> None:
    """Or the minute in which it frees would tell when another brand had sent."""
    decide("limit", Limit(1, "day"), brand=None)
    sent(timedelta(minutes=80), brand_id=rival.pk)  # at 10:40
    free = NOON + DAY - HOUR
    assert summarise(ask(acme)) == (True, None, free)
    for moment, due in [
        (free - timedelta(minutes=20), free),
        (free - timedelta(microseconds=1), free),
        (free, None),
    ]:
        assert summarise(ask(acme, now=moment)) == (True, None, due), moment


def test_send_without_address_counts_for_each_address(
    ana: Consumer, acme: Brand, met: Relationship, decide: Any, sent: Any
) -> None:
    """By the reference the brand means the address that it gave with it."""
    Relationship.objects.filter(pk=met.pk).update(ref="no-7")
    point = ana.contact_points.get().identifier_id
    decide("limit", Limit(2, "day"), contact_point=point)
    sent(HOUR, contact_point_id=point)
    sent(2 * HOUR)
    assert summarise(ask(acme)) == (True, 0, NOON - 2 * HOUR + DAY)
    assert summarise(ask(acme, contact=Contact(ref="no-7"))) == summarise(ask(acme))


def test_sends_of_other_person_are_not_counted(acme: Brand, decide: Any, sent: Any) -> None:
    decide("limit", Limit(1, "day"))
    sent(HOUR, subject_id=Subject.objects.create().pk)
    assert summarise(ask(acme)) == (True, 1, None)


def test_denial_has_no_remaining(acme: Brand, decide: Any, sent: Any) -> None:
    decide("limit", Limit(1, "day"))
    decide("deny")
    sent(HOUR)
    assert summarise(ask(acme)) == (False, None, None)


def test_required_purpose_is_not_limited(acme: Brand, decide: Any, sent: Any) -> None:
    decide("limit", Limit(1, "day"), purpose=None)
    sent(HOUR, purpose_id="service")
    assert summarise(ask(acme, purpose="service")) == (True, None, None)


def test_limits_of_any_number_cost_one_query(
    acme: Brand, decide: Any, sent: Any, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    decide("limit", Limit(1, "day"), channel="sms")
    with django_assert_num_queries(1):
        ask(acme)
    decide("limit", Limit(1, "day"))
    decide("limit", Limit(1, "day"), brand=None)
    with django_assert_num_queries(2):
        ask(acme)


def test_count_sends_many_people_costs_one_query(
    ana: Consumer, acme: Brand, sent: Any, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    sent(HOUR)
    other = Subject.objects.create()
    limit = Choice(other.pk, 1, Scope(acme.pk), "limit", "person", NOON, limit=Limit(4, "day"))
    with django_assert_num_queries(1):
        found = frequency_caps.count_sends(
            [(other.pk, limit), (ana.subject_id, limit)] * 50, now=NOON
        )
    assert [each.remaining for each in found] == [4, 3] * 50


# -- Quiet hours ----------------------------------------------------------------------------------


@pytest.fixture
def at_night(ana: Consumer) -> None:
    """In Berlin, where it is 14:00 at our noon."""
    hours = {"quiet_start": time(13), "quiet_end": time(7), "time_zone": "Europe/Berlin"}
    Subject.objects.filter(pk=ana.subject_id).update(**hours)


@pytest.mark.usefixtures("at_night")
@pytest.mark.parametrize("channel", ["email", "sms", "voice", "push", "in_app", "messaging"])
def test_quiet_hours_delay_disturbing_channels(channel: str, acme: Brand, decide: Any) -> None:
    morning = datetime(2026, 6, 2, 5, tzinfo=UTC)
    assert summarise(ask(acme, channel=channel)) == (True, None, morning)
    assert summarise(ask(acme, channel=channel, now=morning)) == (True, None, None)


@pytest.mark.usefixtures("at_night")
def test_quiet_hours_do_not_delay_other_channels_and_purposes(acme: Brand, decide: Any) -> None:
    decide("grant", purpose="profiling")
    assert summarise(ask(acme, channel="post")) == (True, None, None)
    assert summarise(ask(acme, purpose="service")) == (True, None, None)
    assert summarise(ask(acme, purpose="profiling", channel=None)) == (True, None, None)


@pytest.mark.usefixtures("at_night")
def test_quiet_hours_after_denial_have_no_not_before(acme: Brand, decide: Any) -> None:
    decide("deny")
    assert summarise(ask(acme)) == (False, None, None)


@pytest.mark.usefixtures("at_night")
def test_quiet_hours_and_limit_use_later_time(acme: Brand, decide: Any, sent: Any) -> None:
    decide("limit", Limit(1, "day"))
    send = sent(HOUR)  # free again at 11:00 UTC, which is 13:00 in Berlin: quiet already
    assert summarise(ask(acme)) == (True, 0, datetime(2026, 6, 3, 5, tzinfo=UTC))
    Send.objects.filter(pk=send.pk).update(at=NOON - 3 * HOUR)
    assert summarise(ask(acme)) == (True, 0, NOON - 3 * HOUR + DAY)
    Send.objects.filter(pk=send.pk).update(at=NOON - 23 * HOUR)
    assert summarise(ask(acme)) == (True, 0, datetime(2026, 6, 2, 5, tzinfo=UTC))


@pytest.mark.parametrize("channel", ["email", "sms", "post"])
def test_bulk_check_with_limits_answers_as_single_checks(
    channel: str, met: Relationship, decide: Any, sent: Any
) -> None:
    Relationship.objects.filter(pk=met.pk).update(ref="no-7")
    decide("limit", Limit(1, "day"), channel="email")
    decide("limit", Limit(2, "week"), channel="post")
    sent(HOUR)
    contacts = [Contact(email="unknown@example.org"), Contact(email=EMAIL), Contact(ref="no-7")]
    question = bulk.build_bulk_question(met.brand_id, purpose="marketing", channel=channel)
    answers = list(bulk.check_contacts(question, contacts, now=NOON))
    assert answers == [ask(met.brand, channel=channel, contact=each) for each in contacts]
    assert answers[1] != answers[0]


def test_bulk_check_with_limit_costs_one_query_more(
    met: Relationship, decide: Any, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    question = bulk.build_bulk_question(met.brand_id, purpose="marketing", channel="email")
    contacts = [Contact(email=EMAIL)] * 9
    with django_assert_num_queries(2):  # where which regime holds, and what was said
        list(bulk.check_contacts(question, contacts, now=NOON))
    decide("limit", Limit(1, "day"))
    with django_assert_num_queries(3):
        list(bulk.check_contacts(question, contacts, now=NOON))


# -- The table ------------------------------------------------------------------------------------


def test_send_key_without_question_is_refused_by_database(sent: Any) -> None:
    with pytest.raises(IntegrityError, match="send_key_with_its_question"):
        sent(HOUR, idempotency_key="k")


def test_send_key_twice_is_refused_by_database(rival: Brand, sent: Any) -> None:
    sent(HOUR, idempotency_key="k", question=b"q")
    sent(HOUR, idempotency_key="k", question=b"q", brand_id=rival.pk)
    with pytest.raises(IntegrityError, match="send_once_per_key"):
        sent(HOUR, idempotency_key="k", question=b"q")
