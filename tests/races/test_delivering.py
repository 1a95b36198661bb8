"""Workers meet at one subscription: each event is sent by one of them, and none is forgotten."""

from __future__ import annotations

import threading
import uuid
from collections import Counter

import pytest
from django.db import connection, transaction
from django.utils import timezone
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from brands import delivery, leases, stream, webhooks
from brands.models import Brand, Event, Subscription
from brands.ordered_ids import new_id
from brands.stream import Notice
from tests.races.together import together

pytestmark = pytest.mark.django_db(transaction=True)


def happen(brand: Brand, *people: int) -> None:
    for person in people:
        subject = uuid.UUID(int=person + 1)
        with transaction.atomic():
            stream.append(
                [Notice(brand.pk, "preference.denied", timezone.now(), subject, new_id(), {})]
            )


@pytest.fixture
def received() -> Counter[str]:
    return Counter()


@pytest.fixture
def subscription(httpserver: HTTPServer, acme: Brand, received: Counter[str]) -> Subscription:
    lock = threading.Lock()

    def count(request: Request) -> Response:
        with lock:
            received[request.headers["webhook-id"]] += 1
        return Response(status=204)

    httpserver.expect_request("/hook").respond_with_handler(count)
    url = httpserver.url_for("/hook")
    return webhooks.subscribe(acme, url=url, event_types=["*"], now=timezone.now())[0]


def test_many_workers_send_each_event_once(
    subscription: Subscription, acme: Brand, received: Counter[str]
) -> None:
    happen(acme, *range(40))
    sent = together(*[lambda: delivery.deliver(subscription.pk)] * 5)
    assert sum(sent) == 40
    assert set(received.values()) == {1}


def test_an_event_that_comes_while_a_worker_lets_go_is_not_forgotten(
    subscription: Subscription,
    acme: Brand,
    received: Counter[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its own wake-up finds the lease taken and goes away; so the holder has to look once more."""
    happen(acme, 1)
    read, late = stream.read, iter([True])

    def read_and_be_late(brand_id: int, *, after: int, limit: int) -> list[Event]:
        found = list(read(brand_id, after=after, limit=limit))
        if not found and next(late, False):
            _in_a_thread(acme)
            assert leases.take(subscription.pk) is None
        return found

    monkeypatch.setattr(stream, "read", read_and_be_late)
    assert delivery.deliver(subscription.pk) == 2
    assert len(received) == 2


def _in_a_thread(acme: Brand) -> None:
    def act() -> None:
        happen(acme, 2)
        connection.close()

    thread = threading.Thread(target=act)
    thread.start()
    thread.join()
