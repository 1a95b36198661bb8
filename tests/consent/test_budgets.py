"""Limits as budgets: what is left, and from when on there is more."""

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
from consent.ledger import recording
from consent.ledger.recording import Actor, NewChoice
from consent.models import Relationship, Send, Subject
from tests.conftest import EMAIL

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def say(ana: Consumer, met: Relationship) -> Callable[..., None]:
    """Ana says something about marketing; of acme unless told otherwise."""

    def record(decision: Any, limit: Limit | None = None, **scope: Any) -> None:
        parts: dict[str, Any] = {"brand": met.brand_id, "purpose": "marketing"} | scope
        choice = NewChoice(Scope(**parts), decision, limit=limit)
        recording.record_choices(ana.subject_id, [choice], by=Actor("api"), now=NOON - 90 * DAY)

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


def told(decision: Decision) -> tuple[bool, int | None, datetime | None]:
    return decision.allowed, decision.remaining, decision.not_before


# -- Budgets --------------------------------------------------------------------------------------


def test_without_a_limit_nothing_is_counted(acme: Brand, say: Any, sent: Any) -> None:
    sent(HOUR)
    assert told(ask(acme)) == (True, None, None)


def test_what_was_sent_is_off_what_is_left(acme: Brand, say: Any, sent: Any) -> None:
    say("limit", Limit(3, "week"))
    assert told(ask(acme)) == (True, 3, None)
    sent(DAY)
    assert told(ask(acme)) == (True, 2, None)


@pytest.mark.parametrize(("per", "days"), [("day", 1), ("week", 7), ("month", 30)])
def test_a_window_rolls(per: str, days: int, acme: Brand, say: Any, sent: Any) -> None:
    """Full until the oldest send that counts is a whole window ago, to the microsecond."""
    say("limit", Limit(2, per))
    oldest = sent(days * DAY - HOUR)
    sent(HOUR)
    back = oldest.at + days * DAY
    assert told(ask(acme)) == (True, 0, back)
    assert told(ask(acme, now=back - timedelta(microseconds=1))) == (True, 0, back)
    assert told(ask(acme, now=back)) == (True, 1, None)


def test_overspent_it_takes_more_than_one_to_be_free(acme: Brand, say: Any, sent: Any) -> None:
    """The person lowered the limit after three were sent."""
    say("limit", Limit(1, "day"))
    for hours in (3, 2, 1):
        sent(hours * HOUR)
    assert told(ask(acme)) == (True, 0, NOON - HOUR + DAY)


def test_the_tightest_counts_and_the_last_to_be_free(acme: Brand, say: Any, sent: Any) -> None:
    say("limit", Limit(1, "day"))
    say("limit", Limit(5, "month"), channel="email")
    sent(HOUR)
    assert told(ask(acme)) == (True, 0, NOON - HOUR + DAY)
    for days in range(2, 6):
        sent(days * DAY)
    assert told(ask(acme)) == (True, 0, NOON - 5 * DAY + 30 * DAY)


def test_what_was_given_back_does_not_count(acme: Brand, say: Any, sent: Any) -> None:
    say("limit", Limit(1, "day"))
    sent(HOUR, returned_at=NOON)
    assert told(ask(acme)) == (True, 1, None)


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
def test_a_limit_counts_what_its_own_scope_covers(
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


def test_a_limit_of_another_scope_does_not_cover_the_question(
    acme: Brand, rival: Brand, say: Any, sent: Any
) -> None:
    say("limit", Limit(1, "day"), channel="sms")
    say("limit", Limit(1, "day"), brand=rival.pk)
    sent(HOUR)
    assert told(ask(acme)) == (True, None, None)
    assert ask(acme, channel="sms").remaining == 1


def test_a_limit_on_any_brand_counts_what_all_brands_send(
    acme: Brand, rival: Brand, say: Any, sent: Any
) -> None:
    say("limit", Limit(2, "day"), brand=None)
    sent(HOUR, brand_id=rival.pk)
    assert told(ask(acme)) == (True, None, None)  # what is left others spend, too
    sent(2 * HOUR)
    assert told(ask(acme)) == (True, None, NOON - 2 * HOUR + DAY)


def test_a_limit_on_any_brand_frees_a_send_on_the_hour(
    acme: Brand, rival: Brand, say: Any, sent: Any
) -> None:
    """Or the minute in which it frees would tell when another brand had sent."""
    say("limit", Limit(1, "day"), brand=None)
    sent(timedelta(minutes=80), brand_id=rival.pk)  # at 10:40
    free = NOON + DAY - HOUR
    assert told(ask(acme)) == (True, None, free)
    for moment, due in [
        (free - timedelta(minutes=20), free),
        (free - timedelta(microseconds=1), free),
        (free, None),
    ]:
        assert told(ask(acme, now=moment)) == (True, None, due), moment


def test_a_send_to_who_knows_which_address_counts_for_each(
    ana: Consumer, acme: Brand, met: Relationship, say: Any, sent: Any
) -> None:
    """By the reference the brand means the address that it gave with it."""
    Relationship.objects.filter(pk=met.pk).update(ref="no-7")
    point = ana.contact_points.get().identifier_id
    say("limit", Limit(2, "day"), contact_point=point)
    sent(HOUR, contact_point_id=point)
    sent(2 * HOUR)
    assert told(ask(acme)) == (True, 0, NOON - 2 * HOUR + DAY)
    assert told(ask(acme, contact=Contact(ref="no-7"))) == told(ask(acme))


def test_somebody_else_s_sends_do_not_count(acme: Brand, say: Any, sent: Any) -> None:
    say("limit", Limit(1, "day"))
    sent(HOUR, subject_id=Subject.objects.create().pk)
    assert told(ask(acme)) == (True, 1, None)


def test_a_no_has_no_budget(acme: Brand, say: Any, sent: Any) -> None:
    say("limit", Limit(1, "day"))
    say("deny")
    sent(HOUR)
    assert told(ask(acme)) == (False, None, None)


def test_a_required_message_is_not_limited(acme: Brand, say: Any, sent: Any) -> None:
    say("limit", Limit(1, "day"), purpose=None)
    sent(HOUR, purpose_id="service")
    assert told(ask(acme, purpose="service")) == (True, None, None)


def test_a_limit_costs_one_query_more_however_many_there_are(
    acme: Brand, say: Any, sent: Any, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    say("limit", Limit(1, "day"), channel="sms")
    with django_assert_num_queries(1):
        ask(acme)
    say("limit", Limit(1, "day"))
    say("limit", Limit(1, "day"), brand=None)
    with django_assert_num_queries(2):
        ask(acme)


def test_many_people_are_counted_in_one_query(
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
def test_yes_but_not_in_the_quiet_hours(channel: str, acme: Brand, say: Any) -> None:
    morning = datetime(2026, 6, 2, 5, tzinfo=UTC)
    assert told(ask(acme, channel=channel)) == (True, None, morning)
    assert told(ask(acme, channel=channel, now=morning)) == (True, None, None)


@pytest.mark.usefixtures("at_night")
def test_what_does_not_disturb_need_not_wait(acme: Brand, say: Any) -> None:
    say("grant", purpose="profiling")
    assert told(ask(acme, channel="post")) == (True, None, None)
    assert told(ask(acme, purpose="service")) == (True, None, None)
    assert told(ask(acme, purpose="profiling", channel=None)) == (True, None, None)


@pytest.mark.usefixtures("at_night")
def test_a_no_does_not_end_with_the_night(acme: Brand, say: Any) -> None:
    say("deny")
    assert told(ask(acme)) == (False, None, None)


@pytest.mark.usefixtures("at_night")
def test_the_later_of_the_night_and_the_budget(acme: Brand, say: Any, sent: Any) -> None:
    say("limit", Limit(1, "day"))
    send = sent(HOUR)  # free again at 11:00 UTC, which is 13:00 in Berlin: quiet already
    assert told(ask(acme)) == (True, 0, datetime(2026, 6, 3, 5, tzinfo=UTC))
    Send.objects.filter(pk=send.pk).update(at=NOON - 3 * HOUR)
    assert told(ask(acme)) == (True, 0, NOON - 3 * HOUR + DAY)
    Send.objects.filter(pk=send.pk).update(at=NOON - 23 * HOUR)
    assert told(ask(acme)) == (True, 0, datetime(2026, 6, 2, 5, tzinfo=UTC))


@pytest.mark.parametrize("channel", ["email", "sms", "post"])
def test_a_batch_says_what_a_check_of_each_says(
    channel: str, met: Relationship, say: Any, sent: Any
) -> None:
    Relationship.objects.filter(pk=met.pk).update(ref="no-7")
    say("limit", Limit(1, "day"), channel="email")
    say("limit", Limit(2, "week"), channel="post")
    sent(HOUR)
    contacts = [Contact(email="unknown@example.org"), Contact(email=EMAIL), Contact(ref="no-7")]
    question = bulk.build_bulk_question(met.brand_id, purpose="marketing", channel=channel)
    answers = list(bulk.check_contacts(question, contacts, now=NOON))
    assert answers == [ask(met.brand, channel=channel, contact=each) for each in contacts]
    assert answers[1] != answers[0]


def test_a_batch_counts_in_one_query(
    met: Relationship, say: Any, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    question = bulk.build_bulk_question(met.brand_id, purpose="marketing", channel="email")
    contacts = [Contact(email=EMAIL)] * 9
    with django_assert_num_queries(2):  # where which regime holds, and what was said
        list(bulk.check_contacts(question, contacts, now=NOON))
    say("limit", Limit(1, "day"))
    with django_assert_num_queries(3):
        list(bulk.check_contacts(question, contacts, now=NOON))


# -- The table ------------------------------------------------------------------------------------


def test_a_key_comes_with_its_question(sent: Any) -> None:
    with pytest.raises(IntegrityError, match="send_key_with_its_question"):
        sent(HOUR, idempotency_key="k")


def test_a_key_reserves_once(rival: Brand, sent: Any) -> None:
    sent(HOUR, idempotency_key="k", question=b"q")
    sent(HOUR, idempotency_key="k", question=b"q", brand_id=rival.pk)
    with pytest.raises(IntegrityError, match="send_once_per_key"):
        sent(HOUR, idempotency_key="k", question=b"q")
