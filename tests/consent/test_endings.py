"""Brands are told that a pause ended or a consent ran out: at the time, in order, once."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, transaction

from brands.models import Brand, Event
from cmr.choices import choose
from cmr.models import Consumer
from consent import tasks
from consent.brand_events.entry_ids import build_entry_id
from consent.checks import single
from consent.checks.single import Asked
from consent.decision.resolution import DecisionKind, Limit, Scope
from consent.identity.identifiers import Contact
from consent.ledger import notifying, recording
from consent.ledger.recording import Actor, NewChoice
from consent.models import DailyCount, Ending, LedgerEntry, Relationship
from consent.propagation import expirations, propagate
from consent.reporting import counters
from tests.replacing import replace_everywhere

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
END = NOW + 7 * DAY
BERLIN = ZoneInfo("Europe/Berlin")
PERSON = Actor("api")


def record(person: Consumer, *choices: NewChoice, by: Actor = PERSON) -> list[LedgerEntry]:
    return recording.record_choices(person.subject_id, choices, by=by, now=NOW)


def pause(brand: Brand | None, purpose: str | None = "marketing", **more: Any) -> NewChoice:
    scope = Scope(brand.pk if brand else None, purpose, "email")
    return NewChoice(scope, "pause", **{"until": END, **more})


def say(brand: Brand, decision: DecisionKind, **more: Any) -> NewChoice:
    return NewChoice(Scope(brand.pk, "marketing", "email"), decision, **more)


def told(brand: Brand) -> list[str]:
    """The types of what the brand was told of preferences, oldest first."""
    events = Event.objects.filter(brand=brand, type__startswith="preference").order_by("sequence")
    return [event.type.partition(".")[2] for event in events]


def last_told(brand: Brand) -> dict[str, Any]:
    return body_of(Event.objects.filter(brand=brand).latest("sequence"))


def body_of(event: Event) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(bytes(event.body))
    return body


@pytest.fixture
def both(ana: Consumer, met: Relationship, rival: Brand) -> list[Brand]:
    choose.add_brand(ana, rival, by="api", now=NOW)
    return [met.brand, rival]


# -- At the time, and once -----------------------------------------------------------------------


def test_a_pause_that_ended_is_told_at_its_end_and_not_before(
    ana: Consumer, met: Relationship
) -> None:
    record(ana, pause(met.brand))
    assert expirations.tell_due_endings(END - timedelta(microseconds=1)) == 0
    assert told(met.brand) == ["paused"]
    assert expirations.tell_due_endings(END) == 1
    assert told(met.brand) == ["paused", "pause_ended"]


def test_a_yes_that_ran_out_is_told(ana: Consumer, met: Relationship) -> None:
    record(ana, say(met.brand, "grant", expires_at=END))
    expirations.tell_due_endings(END)
    assert told(met.brand) == ["granted", "expired"]


def test_what_never_ends_by_itself_has_no_ending(ana: Consumer, met: Relationship) -> None:
    endless = [say(met.brand, "grant"), say(met.brand, "deny"), say(met.brand, "clear")]
    record(ana, *endless, say(met.brand, "limit", limit=Limit(1, "day")))
    assert not Ending.objects.exists()


def test_an_ending_says_what_ended_and_what_stands_instead(
    ana: Consumer, met: Relationship
) -> None:
    _, paused, _ = record(
        ana,
        say(met.brand, "grant"),
        pause(met.brand),
        say(met.brand, "limit", limit=Limit(1, "day")),
    )
    expirations.tell_due_endings(END + DAY)
    assert last_told(met.brand)["timestamp"] == "2026-06-09T12:00:00Z"
    assert last_told(met.brand)["data"] == {
        "subject": {"id": str(met.id), "ref": None},
        "subject_seq": 5,  # after the beginning and three choices
        "entry": str(build_entry_id(paused.id, met.id)),
        "scope": {
            "brand": "acme",
            "purpose": "marketing",
            "channel": "email",
            "topic": None,
            "contact_point": None,
        },
        "decision": "pause",
        "ended_at": "2026-06-08T12:00:00Z",
        "now": {"allowed": True, "rule": "person_granted"},
        "permissions": [
            {
                "purpose": "marketing",
                "channel": "email",
                "topic": None,
                "allowed": True,
                "then": [],
            }
        ],
    }


def test_it_is_told_once_however_often_the_worker_comes(ana: Consumer, both: list[Brand]) -> None:
    record(ana, pause(both[0]), pause(None, "research"))
    assert expirations.tell_due_endings(END) == 3
    assert expirations.tell_due_endings(END) == 0
    Ending.objects.update(done_at=None)  # as after a crash before the last step
    assert expirations.tell_due_endings(END + DAY) == 0
    assert [told(brand).count("pause_ended") for brand in both] == [2, 1]
    assert not expirations.find_due_endings(END + DAY)


def test_a_crash_between_two_brands_leaves_the_second_for_later(
    ana: Consumer, both: list[Brand], monkeypatch: pytest.MonkeyPatch
) -> None:
    record(ana, pause(None))
    tell, calls = notifying.append_brand_events, iter([True, False])

    def crash(notices: Any) -> None:
        if not next(calls):
            raise SystemExit
        tell(notices)

    replace_everywhere(monkeypatch, notifying.append_brand_events, crash)
    with pytest.raises(SystemExit):
        expirations.tell_due_endings(END)
    monkeypatch.undo()
    assert expirations.tell_due_endings(END) == 1
    assert [told(brand) for brand in both] == [["paused", "pause_ended"]] * 2


def test_the_ending_is_recorded_with_its_choice_or_not_at_all(
    ana: Consumer, met: Relationship
) -> None:
    late = pause(met.brand, made_at=NOW + timedelta(seconds=1))
    with pytest.raises(recording.FromTheFuture):
        record(ana, pause(met.brand), late)
    assert not Ending.objects.exists()
    (entry,) = record(ana, pause(met.brand))
    assert Ending.objects.get() == Ending(pk=entry.pk)
    assert Ending.objects.get().ends_at == END


def test_the_database_refuses_an_ending_that_is_done_before_its_time(
    ana: Consumer, met: Relationship
) -> None:
    record(ana, pause(met.brand))
    with pytest.raises(IntegrityError, match="ending_not_done_before"), transaction.atomic():
        Ending.objects.update(done_at=END - timedelta(microseconds=1))


def test_the_sweep_tells_it(ana: Consumer, met: Relationship) -> None:
    """Woken by nobody: long past, so due by the clock on the wall."""
    record(ana, pause(met.brand, until=NOW - DAY))
    tasks.sweep()
    assert told(met.brand) == ["paused", "pause_ended"]


# -- Silence: brands know already ----------------------------------------------------------------


@pytest.mark.parametrize(
    "later",
    [{"decision": "pause", "until": END + DAY}, {"decision": "clear"}],
    ids=["replaced", "cleared"],
)
def test_a_pause_that_was_replaced_or_cleared_ends_in_silence(
    ana: Consumer, met: Relationship, later: Any
) -> None:
    record(ana, pause(met.brand))
    record(ana, say(met.brand, **later))
    assert expirations.tell_due_endings(END) == 0
    assert told(met.brand)[0] == "paused"
    assert "pause_ended" not in told(met.brand)
    assert not expirations.find_due_endings(END)


def test_a_yes_that_was_renewed_runs_out_once(ana: Consumer, met: Relationship) -> None:
    record(ana, say(met.brand, "grant", expires_at=END))
    record(ana, say(met.brand, "grant", expires_at=END + DAY))
    assert expirations.tell_due_endings(END) == 0
    assert expirations.tell_due_endings(END + DAY) == 1
    assert told(met.brand) == ["granted", "granted", "expired"]


def test_an_older_pause_that_came_late_never_counted(ana: Consumer, met: Relationship) -> None:
    record(ana, pause(met.brand, until=END + DAY))
    record(ana, pause(met.brand, made_at=NOW - DAY))
    assert expirations.tell_due_endings(END) == 0


def test_a_pause_beside_a_later_no_ends_and_changes_nothing(
    ana: Consumer, met: Relationship
) -> None:
    """A no is of another kind than a pause: it does not replace it."""
    record(ana, pause(met.brand), say(met.brand, "deny"))
    expirations.tell_due_endings(END)
    assert told(met.brand) == ["paused", "denied", "pause_ended"]
    assert last_told(met.brand)["data"]["now"] == {"allowed": False, "rule": "person_denied"}


def test_what_a_brand_recorded_does_not_replace_the_persons_own(
    ana: Consumer, met: Relationship
) -> None:
    record(ana, pause(met.brand))
    record(ana, pause(met.brand, until=END + DAY), by=Actor("brand_api", met.brand_id))
    expirations.tell_due_endings(END)
    assert last_told(met.brand)["data"]["now"] == {"allowed": False, "rule": "brand_paused"}


# -- Who is told ---------------------------------------------------------------------------------


def test_a_pause_for_any_brand_is_told_to_every_active_one(
    ana: Consumer, both: list[Brand]
) -> None:
    record(ana, pause(None))
    propagate.propagate_choices(ana.subject_id, now=NOW)
    assert expirations.tell_due_endings(END) == 2
    for brand in both:
        assert told(brand) == ["paused", "pause_ended"]
        assert last_told(brand)["data"]["scope"]["brand"] == brand.slug


def test_a_pause_that_ended_before_it_was_carried_still_begins_first(
    ana: Consumer, both: list[Brand]
) -> None:
    record(ana, pause(None))
    expirations.tell_due_endings(END)
    propagate.propagate_choices(ana.subject_id, now=END)
    assert [told(brand) for brand in both] == [["paused", "pause_ended"]] * 2


def test_a_pause_for_one_brand_is_told_to_no_other(ana: Consumer, both: list[Brand]) -> None:
    record(ana, pause(both[0]))
    expirations.tell_due_endings(END)
    assert told(both[1]) == []


def test_a_relationship_that_is_over_hears_nothing_more(ana: Consumer, both: list[Brand]) -> None:
    record(ana, pause(None), pause(both[1], "research"))
    over = Relationship.objects.get(brand=both[1])
    choose.end_relationship(ana, over, by="api", now=NOW)
    assert expirations.tell_due_endings(END) == 1
    assert "pause_ended" not in told(both[1])
    assert not expirations.find_due_endings(END)


def test_a_brand_that_came_during_the_pause_hears_its_end(ana: Consumer, met: Relationship) -> None:
    record(ana, pause(None))
    stranger = Brand.objects.create(slug="late", name="Late")
    choose.add_brand(ana, stranger, by="api", now=NOW + DAY)
    expirations.tell_due_endings(END)
    assert told(stranger)[-1] == "pause_ended"


# -- What stands instead -------------------------------------------------------------------------


def test_a_yes_that_lifted_a_no_gives_it_back(ana: Consumer, met: Relationship) -> None:
    record(ana, say(met.brand, "deny"), say(met.brand, "grant", expires_at=END))
    expirations.tell_due_endings(END)
    assert last_told(met.brand)["data"]["now"] == {"allowed": False, "rule": "person_denied"}


def test_what_stands_is_asked_for_the_brand_that_is_told(ana: Consumer, both: list[Brand]) -> None:
    """Of a wide scope too: or acme would read a yes over the no it was given."""
    record(ana, NewChoice(Scope(None, "marketing", "email"), "grant"), say(both[0], "deny"))
    record(ana, pause(None))
    expirations.tell_due_endings(END)
    stands = [last_told(brand)["data"]["now"]["rule"] for brand in both]
    assert stands == ["person_denied", "person_granted"]


def test_of_every_purpose_at_once_nothing_can_be_asked(ana: Consumer, met: Relationship) -> None:
    record(ana, pause(met.brand, None))
    expirations.tell_due_endings(END)
    assert last_told(met.brand)["data"]["now"] is None


# -- Clocks --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("until", "in_utc"),
    [
        (datetime(2028, 2, 29, tzinfo=BERLIN), "2028-02-28T23:00:00Z"),
        (datetime(2028, 3, 1, tzinfo=BERLIN), "2028-02-29T23:00:00Z"),
        (datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN), "2026-10-25T00:30:00Z"),
        (datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN, fold=1), "2026-10-25T01:30:00Z"),
        (datetime(2026, 10, 26, tzinfo=BERLIN), "2026-10-25T23:00:00Z"),
    ],
    ids=["into-leap-day", "over-leap-day", "first-half-past-two", "second", "over-the-long-night"],
)
def test_an_end_in_local_time_is_one_moment(
    ana: Consumer, met: Relationship, until: datetime, in_utc: str
) -> None:
    """Told, and checked, by that moment: an hour is repeated in one night, and a day is added."""
    record(ana, say(met.brand, "grant"), pause(met.brand, until=until))
    end = datetime.fromisoformat(in_utc)
    asked = Asked(met.brand_id, Contact(email="ana@example.org"), "marketing", "email")
    for moment, is_over in [(end - timedelta(microseconds=1), False), (end, True)]:
        assert single.check_contact(asked, now=moment).allowed == is_over
        assert expirations.tell_due_endings(moment) == is_over
    assert last_told(met.brand)["data"]["ended_at"] == in_utc


def test_a_worker_that_was_down_tells_late_and_in_order(ana: Consumer, met: Relationship) -> None:
    ends = [END + 3 * DAY, END, END + DAY]
    purposes = ["marketing", "research", "personalised_ads"]
    record(ana, *[pause(met.brand, p, until=end) for p, end in zip(purposes, ends, strict=True)])
    expirations.tell_due_endings(END + 7 * DAY)
    events = Event.objects.filter(type="preference.pause_ended").order_by("sequence")
    assert [body_of(event)["data"]["ended_at"][:10] for event in events] == [
        "2026-06-08",
        "2026-06-09",
        "2026-06-11",
    ]
    late = [event.timestamp - (END + 7 * DAY) for event in events]
    assert late[0] == timedelta(0) and late == sorted(late) and late[-1] < timedelta(minutes=1)


# -- Counts --------------------------------------------------------------------------------------


def test_an_ending_counts_as_nobodys_decision(ana: Consumer, met: Relationship) -> None:
    record(ana, pause(met.brand), say(met.brand, "grant", expires_at=END))
    counters.count_new_events()
    before = list(DailyCount.objects.order_by("pk").values())
    assert expirations.tell_due_endings(END) == 2
    assert counters.count_new_events() == 2
    assert list(DailyCount.objects.order_by("pk").values()) == before
    event = Event.objects.filter(type="preference.expired").get()
    assert (event.decision, event.purpose, event.channel) == ("", "marketing", "email")
