"""After a restore, streams continue beyond all numbers that may have been used."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from django.db import connection, transaction
from pytest_httpserver import HTTPServer

from brands import webhooks
from brands.events import missing_events, restore_gaps, stream
from brands.events.restore_gaps import JUMP, compute_restart_number
from brands.models import Brand, StreamGap, StreamHead, SubjectHead
from brands.webhooks.delivery.worker import DeliveryWorker
from consent import integrity
from consent.decision.resolution import Scope
from consent.ledger.recording import Actor
from consent.models import MetricsCursor, Relationship
from consent.reporting import counters
from tests.brands.endpoints import Endpoint, happen
from tests.conftest import Api
from tests.factories import record_choice
from tests.ownership import as_owner

pytestmark = pytest.mark.django_db(transaction=True)

#: When the database is restored, and where streams end then.
NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
END = compute_restart_number(NOW)


def restore(now: datetime) -> None:
    """Do what a restore does to the streams."""
    with as_owner():
        restore_gaps.open_restore_gaps(now=now)


@pytest.fixture
def restored(acme: Brand, now: datetime) -> Brand:
    """Acme's stream, restored when it had three events, of the people 1, 2 and 1."""
    happen(acme, 1, 2, 1)
    restore(now)
    return acme


def test_restore_next_event_skips_possible_numbers(restored: Brand, as_acme: Api) -> None:
    happen(restored, 2)
    page = as_acme.get("events", after=3).json()
    (event,) = page["data"]
    assert (event["sequence"], event["data"]["subject_seq"]) == (END + 1, END - 1)
    assert page["gaps"] == [{"first": 4, "last": END}]


def test_restore_page_without_gap_lists_none(restored: Brand, as_acme: Api) -> None:
    happen(restored, 2, 2)
    assert "gaps" not in as_acme.get("events", limit=3).json()
    assert "gaps" not in as_acme.get("events", after=END).json()


def test_restore_new_person_starts_at_one(restored: Brand, as_acme: Api) -> None:
    happen(restored, 3)
    (event,) = as_acme.get("events", after=3).json()["data"]
    assert event["data"]["subject_seq"] == 1
    assert list(missing_events.find_missing_events(restored)) == []


@pytest.mark.parametrize("grown", [False, True])
@pytest.mark.parametrize("sequence", [4, 1_000, END - 1])
def test_restore_reader_inside_gap_is_refused(
    restored: Brand, as_acme: Api, sequence: int, grown: bool
) -> None:
    """However long the stream grows again: else the reader would never know."""
    if grown:
        happen(restored, 1)
    subscription = {"url": "https://acme.example/hook", "after": sequence}
    answers = [
        as_acme.get("events", after=sequence),
        as_acme.get("events/overdue", after=sequence),
        as_acme.get("exports/preferences", since=sequence),
        as_acme.post("events/ack", {"through": sequence}),
        as_acme.post("subscriptions", subscription),
    ]
    assert [(a.status_code, a.json()["code"]) for a in answers] == [(422, "beyond_stream")] * 5


@pytest.mark.parametrize("sequence", [2, 1_000, END - 1])
def test_restore_reader_inside_gap_is_refused_overdue(
    met: Relationship, as_acme: Api, now: datetime, sequence: int
) -> None:
    """Although something behind the gap is."""
    restore(now)
    record_choice(met, "deny", Scope(met.brand_id, "marketing", "email"), by=Actor("api"), now=now)
    (late,) = as_acme.get("events/overdue", after=1).json()["data"]
    assert late["sequence"] == END + 1
    refused = as_acme.get("events/overdue", after=sequence)
    assert (refused.status_code, refused.json()["code"]) == (422, "beyond_stream")


@pytest.mark.parametrize("sequence", [2, 3, END])
def test_restore_reader_outside_gap_continues(restored: Brand, as_acme: Api, sequence: int) -> None:
    assert as_acme.get("events", after=sequence).status_code == 200
    assert as_acme.post("events/ack", {"through": sequence}).json() == {"through": sequence}


def test_restore_webhook_continues_after_gap(
    httpserver: HTTPServer, acme: Brand, worker: DeliveryWorker, now: datetime
) -> None:
    """At once: without knowing of the gap, it would look for events a thousand times."""
    endpoint = Endpoint(httpserver, acme, worker)
    happen(acme, 1, 2)
    endpoint.deliver()
    happen(acme, 1)
    restore(now)
    happen(acme, 2)
    assert (webhooks.measure_lags()[0].behind, endpoint.deliver()) == (2, 2)
    assert sorted(endpoint.sequences) == [1, 2, 3, END + 1]
    assert (webhooks.measure_lags()[0].behind, endpoint.fresh().cursor) == (0, END + 1)


def test_restore_event_after_gap_counts_as_lag(
    httpserver: HTTPServer, acme: Brand, worker: DeliveryWorker, now: datetime
) -> None:
    Endpoint(httpserver, acme, worker)
    restore(now)
    happen(acme, 1)
    assert webhooks.measure_lags()[0].seconds > 0


def test_restore_read_window_passes_gap(restored: Brand) -> None:
    happen(restored, 1)
    rows, through = stream.read_window(restored.pk, after=3, limit=10, wanted=stream.EventFilter())
    assert ([row[0] for row in rows], through) == ([END + 1], END + 1)
    newest, low = stream.read_newest_events(restored.pk, before=END + 1, limit=2)
    assert ([event.sequence for event in newest], low) == ([3, 2], 2)


def test_restore_counters_continue_after_gap(restored: Brand) -> None:
    counters.count_new_events()
    happen(restored, 1)
    counters.count_new_events()
    assert MetricsCursor.objects.get().sequence == END + 1


def test_restore_empty_stream_gets_gap(acme: Brand, as_acme: Api, now: datetime) -> None:
    restore(now)
    assert as_acme.get("events/newest").json() == {"sequence": END}
    assert as_acme.get("events", after=7).json()["code"] == "beyond_stream"


def test_restore_twice_leaves_two_gaps(restored: Brand, as_acme: Api, now: datetime) -> None:
    happen(restored, 2)
    restore(now)  # by a clock that stands
    restore(now)
    happen(restored, 2)
    page = as_acme.get("events", after=2).json()
    assert [event["sequence"] for event in page["data"]] == [3, END + 1, END + 2 * JUMP + 2]
    assert page["data"][-1]["data"]["subject_seq"] == END + 2 * JUMP
    assert len(page["gaps"]) == 3
    assert list(missing_events.find_missing_events(restored)) == []


def test_restore_gap_verifies_and_other_hole_is_found(met: Relationship, now: datetime) -> None:
    scope = Scope(met.brand_id, "marketing", "email")
    record_choice(met, "deny", scope, by=Actor("api"), now=now)
    restore(now)
    record_choice(met, "grant", scope, by=Actor("api"), now=now)
    assert list(integrity.verify_ledger()) == []
    with as_owner():
        StreamGap.objects.create(brand=met.brand, first=END * 3, last=END * 4, made_at=now)
    assert any("are missing" in each.problem for each in integrity.verify_ledger())


def test_restore_seek_into_gap_is_refused(
    httpserver: HTTPServer, restored: Brand, worker: DeliveryWorker
) -> None:
    endpoint = Endpoint(httpserver, restored, worker)
    with pytest.raises(webhooks.StartsBeyondStream):
        webhooks.move_cursor(endpoint.subscription, after=100)


def test_restore_of_any_backup_never_reuses_numbers(restored: Brand) -> None:
    """Neither the same backup again, nor an older one after one that was made in between."""
    first, minute = read_heads(restored), timedelta(minutes=1)
    happen(restored, 1)
    between = read_heads(restored)
    seen = [between]
    for minutes, backup in enumerate((first, between, first), start=1):
        write_heads(restored, backup)
        restore(NOW + minutes * minute)
        seen.append(read_heads(restored))
    for earlier, later in pairwise(seen):
        assert later[0] > earlier[0] + 1_000 and later[1] > earlier[1] + 1_000


def read_heads(brand: Brand) -> tuple[int, int]:
    """Return the newest numbers of the stream, and of person 1."""
    of_person = SubjectHead.objects.get(brand=brand, subject=uuid.UUID(int=2))
    return StreamHead.objects.get(brand=brand).last_sequence, of_person.last_seq


def write_heads(brand: Brand, heads: tuple[int, int]) -> None:
    """Put both back, as a backup does, without the gaps of later."""
    with as_owner(), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("DELETE FROM brands_streamgap WHERE first > %s", [heads[0]])
        StreamHead.objects.filter(brand=brand).update(last_sequence=heads[0])
        SubjectHead.objects.filter(brand=brand, subject=uuid.UUID(int=2)).update(last_seq=heads[1])


def test_restart_number_far_future_fits_javascript() -> None:
    assert compute_restart_number(datetime(4800, 1, 1, tzinfo=UTC)) < 2**53


def test_restore_replay_passes_gap(
    httpserver: HTTPServer, restored: Brand, worker: DeliveryWorker, as_acme: Api
) -> None:
    """However long it is: only numbers of events count for the longest range."""
    endpoint = Endpoint(httpserver, restored, worker)
    happen(restored, 1)
    endpoint.deliver()
    path = f"subscriptions/{endpoint.subscription.pk}/replay"
    assert as_acme.post(path, {"from": 2}).json() == {"events": 3}
    assert as_acme.post(path, {"from": 2, "to": END + 1}).json() == {"events": 3}
    refused = as_acme.post(path, {"from": 2, "to": END + 10_000})
    assert refused.json()["code"] == "range_too_long"
