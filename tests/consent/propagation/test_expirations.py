"""Events for pauses and grants that end: on time, in order, once."""

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
from consent.ledger.recording import Actor, ChoiceTerms, NewChoice
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


def build_pause(brand: Brand | None, purpose: str | None = "marketing", **more: Any) -> NewChoice:
    scope = Scope(brand.pk if brand else None, purpose, "email")
    return NewChoice(scope, ChoiceTerms("pause", **{"until": END, **more}))


def build_choice(brand: Brand, decision: DecisionKind, **more: Any) -> NewChoice:
    return NewChoice(Scope(brand.pk, "marketing", "email"), ChoiceTerms(decision, **more))


def read_event_types(brand: Brand) -> list[str]:
    """The types of what the brand was told of preferences, oldest first."""
    events = Event.objects.filter(brand=brand, type__startswith="preference").order_by("sequence")
    return [event.type.partition(".")[2] for event in events]


def read_last_event(brand: Brand) -> dict[str, Any]:
    return body_of(Event.objects.filter(brand=brand).latest("sequence"))


def body_of(event: Event) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(bytes(event.body))
    return body


@pytest.fixture
def both(ana: Consumer, met: Relationship, rival: Brand) -> list[Brand]:
    choose.add_brand(ana, rival, by="api", now=NOW)
    return [met.brand, rival]


# -- At the time, and once -----------------------------------------------------------------------


def test_expiration_of_pause_appends_event_at_its_end(ana: Consumer, met: Relationship) -> None:
    record(ana, build_pause(met.brand))
    assert expirations.tell_due_endings(END - timedelta(microseconds=1)) == 0
    assert read_event_types(met.brand) == ["paused"]
    assert expirations.tell_due_endings(END) == 1
    assert read_event_types(met.brand) == ["paused", "pause_ended"]


def test_expiration_of_grant_appends_expired_event(ana: Consumer, met: Relationship) -> None:
    record(ana, build_choice(met.brand, "grant", expires_at=END))
    expirations.tell_due_endings(END)
    assert read_event_types(met.brand) == ["granted", "expired"]


def test_expiration_of_endless_choice_is_not_scheduled(ana: Consumer, met: Relationship) -> None:
    endless = [
        build_choice(met.brand, "grant"),
        build_choice(met.brand, "deny"),
        build_choice(met.brand, "clear"),
    ]
    record(ana, *endless, build_choice(met.brand, "limit", limit=Limit(1, "day")))
    assert not Ending.objects.exists()


def test_expiration_event_holds_ended_choice_and_current_decision(
    ana: Consumer, met: Relationship
) -> None:
    _, paused, _ = record(
        ana,
        build_choice(met.brand, "grant"),
        build_pause(met.brand),
        build_choice(met.brand, "limit", limit=Limit(1, "day")),
    )
    expirations.tell_due_endings(END + DAY)
    assert read_last_event(met.brand)["timestamp"] == "2026-06-09T12:00:00Z"
    assert read_last_event(met.brand)["data"] == {
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


def test_expiration_processed_again_appends_one_event(ana: Consumer, both: list[Brand]) -> None:
    record(ana, build_pause(both[0]), build_pause(None, "research"))
    assert expirations.tell_due_endings(END) == 3
    assert expirations.tell_due_endings(END) == 0
    Ending.objects.update(done_at=None)  # as after a crash before the last step
    assert expirations.tell_due_endings(END + DAY) == 0
    assert [read_event_types(brand).count("pause_ended") for brand in both] == [2, 1]
    assert not expirations.find_due_endings(END + DAY)


def test_expiration_crash_between_brands_resumes_with_second(
    ana: Consumer, both: list[Brand], monkeypatch: pytest.MonkeyPatch
) -> None:
    record(ana, build_pause(None))
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
    assert [read_event_types(brand) for brand in both] == [["paused", "pause_ended"]] * 2


def test_expiration_is_stored_in_transaction_of_choice(ana: Consumer, met: Relationship) -> None:
    late = build_pause(met.brand, made_at=NOW + timedelta(seconds=1))
    with pytest.raises(recording.FromTheFuture):
        record(ana, build_pause(met.brand), late)
    assert not Ending.objects.exists()
    (entry,) = record(ana, build_pause(met.brand))
    assert Ending.objects.get() == Ending(pk=entry.pk)
    assert Ending.objects.get().ends_at == END


def test_expiration_done_before_its_end_is_refused_by_database(
    ana: Consumer, met: Relationship
) -> None:
    record(ana, build_pause(met.brand))
    with pytest.raises(IntegrityError, match="ending_not_done_before"), transaction.atomic():
        Ending.objects.update(done_at=END - timedelta(microseconds=1))


def test_expiration_overdue_is_processed_by_sweep(ana: Consumer, met: Relationship) -> None:
    """Woken by nobody: long past, so due by the clock on the wall."""
    record(ana, build_pause(met.brand, until=NOW - DAY))
    tasks.sweep()
    assert read_event_types(met.brand) == ["paused", "pause_ended"]


# -- Silence: brands know already ----------------------------------------------------------------


@pytest.mark.parametrize(
    "later",
    [{"decision": "pause", "until": END + DAY}, {"decision": "clear"}],
    ids=["replaced", "cleared"],
)
def test_expiration_of_replaced_pause_appends_no_event(
    ana: Consumer, met: Relationship, later: Any
) -> None:
    record(ana, build_pause(met.brand))
    record(ana, build_choice(met.brand, **later))
    assert expirations.tell_due_endings(END) == 0
    assert read_event_types(met.brand)[0] == "paused"
    assert "pause_ended" not in read_event_types(met.brand)
    assert not expirations.find_due_endings(END)


def test_expiration_of_renewed_grant_appends_one_event(ana: Consumer, met: Relationship) -> None:
    record(ana, build_choice(met.brand, "grant", expires_at=END))
    record(ana, build_choice(met.brand, "grant", expires_at=END + DAY))
    assert expirations.tell_due_endings(END) == 0
    assert expirations.tell_due_endings(END + DAY) == 1
    assert read_event_types(met.brand) == ["granted", "granted", "expired"]


def test_expiration_of_late_older_pause_appends_no_event(ana: Consumer, met: Relationship) -> None:
    record(ana, build_pause(met.brand, until=END + DAY))
    record(ana, build_pause(met.brand, made_at=NOW - DAY))
    assert expirations.tell_due_endings(END) == 0


def test_expiration_of_pause_beside_denial_keeps_denial(ana: Consumer, met: Relationship) -> None:
    """A no is of another kind than a pause: it does not replace it."""
    record(ana, build_pause(met.brand), build_choice(met.brand, "deny"))
    expirations.tell_due_endings(END)
    assert read_event_types(met.brand) == ["paused", "denied", "pause_ended"]
    assert read_last_event(met.brand)["data"]["now"] == {"allowed": False, "rule": "person_denied"}


def test_expiration_of_person_pause_keeps_brand_pause(ana: Consumer, met: Relationship) -> None:
    record(ana, build_pause(met.brand))
    record(ana, build_pause(met.brand, until=END + DAY), by=Actor("brand_api", met.brand_id))
    expirations.tell_due_endings(END)
    assert read_last_event(met.brand)["data"]["now"] == {"allowed": False, "rule": "brand_paused"}


# -- Who is told ---------------------------------------------------------------------------------


def test_expiration_of_wide_pause_appends_event_for_each_active_brand(
    ana: Consumer, both: list[Brand]
) -> None:
    record(ana, build_pause(None))
    propagate.propagate_choices(ana.subject_id, now=NOW)
    assert expirations.tell_due_endings(END) == 2
    for brand in both:
        assert read_event_types(brand) == ["paused", "pause_ended"]
        assert read_last_event(brand)["data"]["scope"]["brand"] == brand.slug


def test_expiration_before_propagation_keeps_event_order(ana: Consumer, both: list[Brand]) -> None:
    record(ana, build_pause(None))
    expirations.tell_due_endings(END)
    propagate.propagate_choices(ana.subject_id, now=END)
    assert [read_event_types(brand) for brand in both] == [["paused", "pause_ended"]] * 2


def test_expiration_of_narrow_pause_appends_no_event_for_other_brand(
    ana: Consumer, both: list[Brand]
) -> None:
    record(ana, build_pause(both[0]))
    expirations.tell_due_endings(END)
    assert read_event_types(both[1]) == []


def test_expiration_after_relationship_end_appends_no_event(
    ana: Consumer, both: list[Brand]
) -> None:
    record(ana, build_pause(None), build_pause(both[1], "research"))
    over = Relationship.objects.get(brand=both[1])
    choose.end_relationship(ana, over, by="api", now=NOW)
    assert expirations.tell_due_endings(END) == 1
    assert "pause_ended" not in read_event_types(both[1])
    assert not expirations.find_due_endings(END)


def test_expiration_with_brand_added_meanwhile_appends_event(
    ana: Consumer, met: Relationship
) -> None:
    record(ana, build_pause(None))
    stranger = Brand.objects.create(slug="late", name="Late")
    choose.add_brand(ana, stranger, by="api", now=NOW + DAY)
    expirations.tell_due_endings(END)
    assert read_event_types(stranger)[-1] == "pause_ended"


# -- What stands instead -------------------------------------------------------------------------


def test_expiration_of_grant_restores_earlier_denial(ana: Consumer, met: Relationship) -> None:
    record(ana, build_choice(met.brand, "deny"), build_choice(met.brand, "grant", expires_at=END))
    expirations.tell_due_endings(END)
    assert read_last_event(met.brand)["data"]["now"] == {"allowed": False, "rule": "person_denied"}


def test_expiration_of_wide_pause_shows_each_brand_its_own_decision(
    ana: Consumer, both: list[Brand]
) -> None:
    """Of a wide scope too: or acme would read a yes over the no it was given."""
    record(
        ana,
        NewChoice(Scope(None, "marketing", "email"), ChoiceTerms("grant")),
        build_choice(both[0], "deny"),
    )
    record(ana, build_pause(None))
    expirations.tell_due_endings(END)
    stands = [read_last_event(brand)["data"]["now"]["rule"] for brand in both]
    assert stands == ["person_denied", "person_granted"]


def test_expiration_without_purpose_has_no_decision(ana: Consumer, met: Relationship) -> None:
    record(ana, build_pause(met.brand, None))
    expirations.tell_due_endings(END)
    assert read_last_event(met.brand)["data"]["now"] is None


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
def test_expiration_in_local_time_ends_at_one_instant(
    ana: Consumer, met: Relationship, until: datetime, in_utc: str
) -> None:
    """Told, and checked, by that moment: an hour is repeated in one night, and a day is added."""
    record(ana, build_choice(met.brand, "grant"), build_pause(met.brand, until=until))
    end = datetime.fromisoformat(in_utc)
    asked = Asked(met.brand_id, Contact(email="ana@example.org"), "marketing", "email")
    for moment, is_over in [(end - timedelta(microseconds=1), False), (end, True)]:
        assert single.check_contact(asked, now=moment).allowed == is_over
        assert expirations.tell_due_endings(moment) == is_over
    assert read_last_event(met.brand)["data"]["ended_at"] == in_utc


def test_expiration_after_downtime_appends_events_in_order(
    ana: Consumer, met: Relationship
) -> None:
    ends = [END + 3 * DAY, END, END + DAY]
    purposes = ["marketing", "research", "personalised_ads"]
    record(
        ana, *[build_pause(met.brand, p, until=end) for p, end in zip(purposes, ends, strict=True)]
    )
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


def test_expiration_event_is_not_counted_as_decision(ana: Consumer, met: Relationship) -> None:
    record(ana, build_pause(met.brand), build_choice(met.brand, "grant", expires_at=END))
    counters.count_new_events()
    before = list(DailyCount.objects.order_by("pk").values())
    assert expirations.tell_due_endings(END) == 2
    assert counters.count_new_events() == 2
    assert list(DailyCount.objects.order_by("pk").values()) == before
    event = Event.objects.filter(type="preference.expired").get()
    assert (event.decision, event.purpose, event.channel) == ("", "marketing", "email")
