"""Several events in one request: grouping, limits, and splitting after a refusal."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime

import pytest
from pytest_httpserver import HTTPServer
from standardwebhooks import Webhook

from brands.events import stream
from brands.models import Attempt, Brand
from brands.webhooks.delivery.batching import (
    MAX_REQUEST_BYTES,
    PendingEvent,
    build_request,
    partition_events,
    take_events,
)
from brands.webhooks.delivery.worker import DeliveryWorker
from tests.brands.endpoints import Endpoint, happen, refuse

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
def endpoint(httpserver: HTTPServer, acme: Brand, worker: DeliveryWorker) -> Endpoint:
    return Endpoint(httpserver, acme, worker, batch=10)


def item(sequence: int, person: int = 1, size: int = 2) -> PendingEvent:
    body = b'"' + b"x" * (size - 2) + b'"'
    return PendingEvent(sequence, uuid.UUID(int=sequence), uuid.UUID(int=person), NOW, body)


def test_batch_is_signed_and_holds_stored_events(endpoint: Endpoint) -> None:
    happen(endpoint.brand, *range(7))
    assert endpoint.deliver() == 7
    headers, body, events = endpoint.requests[0]
    batch = Webhook(endpoint.secret).verify(body, headers)
    assert batch["type"] == "events.batch"
    assert batch["timestamp"] == events[-1]["timestamp"]
    kept = stream.read_events(endpoint.brand.pk, after=0, limit=10)
    assert events == [json.loads(bytes(event.body)) for event in kept]
    assert headers["Webhook-Id"].startswith("bat_")


def test_batch_of_one_event_is_still_batch(endpoint: Endpoint) -> None:
    happen(endpoint.brand, 1)
    endpoint.deliver()
    assert json.loads(endpoint.requests[0][1])["type"] == "events.batch"


def test_batch_backlog_fills_requests_in_order_per_person(endpoint: Endpoint) -> None:
    happen(endpoint.brand, *(n % 7 for n in range(200)))
    assert endpoint.deliver() == 200
    assert len(endpoint.requests) < 40
    for person in range(7):
        own = [e["sequence"] for e in endpoint.received if e["data"]["person"] == person]
        assert own == sorted(set(own))


def test_batch_retry_has_same_id_and_bytes(endpoint: Endpoint) -> None:
    happen(endpoint.brand, 1, 2, 3)
    endpoint.answers = lambda events: 500
    endpoint.deliver()
    endpoint.answers = lambda events: 204
    endpoint.deliver_again()
    (first, second) = endpoint.requests
    assert first[0]["Webhook-Id"] == second[0]["Webhook-Id"]
    assert first[1] == second[1]


def test_batch_refused_is_halved_to_find_event(endpoint: Endpoint) -> None:
    happen(endpoint.brand, *range(10))
    endpoint.answers = refuse(4)
    assert endpoint.deliver() == 9
    assert endpoint.quarantine == {4: True}
    assert len(endpoint.requests) <= 10


def test_batch_refused_event_parks_later_events_of_person(endpoint: Endpoint) -> None:
    happen(endpoint.brand, 1, 2, 1, 2, 1)
    endpoint.answers = refuse(1)
    endpoint.deliver()
    assert endpoint.sequences == [2, 4]
    assert endpoint.quarantine == {1: True, 3: True, 5: True}


def test_batch_logs_attempt_per_event(endpoint: Endpoint) -> None:
    happen(endpoint.brand, 1, 2, 3)
    endpoint.deliver()
    tries = Attempt.objects.values_list("sequence", "outcome")
    assert sorted(tries) == [(n, "delivered") for n in (1, 2, 3)]
    assert Attempt.objects.values("message").distinct().count() == 1


def test_take_events_large_events_respects_byte_limit() -> None:
    big = [item(n, size=MAX_REQUEST_BYTES // 3) for n in range(1, 8)]
    (partition,) = partition_events(big, batch=100, concurrency=1)
    taken = []
    while items := take_events(partition, batch=100, skipped=set()):
        taken.append(len(items))
    assert taken == [3, 3, 1]


def test_build_request_other_events_has_other_id() -> None:
    one, two = item(1), item(2)
    ids = {
        build_request(each, batch=9).webhook_id for each in ([one], [two], [one, two], [two, one])
    }
    assert len(ids) == 4


def test_partition_events_keeps_person_in_one_partition() -> None:
    items = [item(n, person=n % 13) for n in range(1, 500)]
    partitions = partition_events(items, batch=10, concurrency=16)
    people = [{each.subject for each in partition} for partition in partitions]
    assert len(partitions) > 8
    assert sum(map(len, people)) == 13
