"""Workers meet at one subscription: each event is sent by one of them, and none is forgotten."""

from __future__ import annotations

import threading
import uuid
from collections import Counter
from collections.abc import Iterator

import pytest
from django.db import transaction
from django.utils import timezone
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from brands import delivery, leases, stream, webhooks
from brands.dispatch import Dispatcher
from brands.leases import Lease
from brands.models import Brand, Subscription
from brands.ordered_ids import new_id
from brands.sending import Round
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
    return webhooks.subscribe(acme, webhooks.Terms(url=url), now=timezone.now())[0]


@pytest.fixture
def workers() -> Iterator[list[Dispatcher]]:
    """Several processes' worth of them."""
    all_of_them = [Dispatcher() for _ in range(5)]
    yield all_of_them
    for each in all_of_them:
        each.close()


def test_many_workers_send_each_event_once(
    subscription: Subscription, acme: Brand, received: Counter[str], workers: list[Dispatcher]
) -> None:
    happen(acme, *range(40))
    knocks = [each.knock(subscription.pk) for each in workers]
    assert sum(each.result(60) for each in knocks) == 40
    assert set(received.values()) == {1}


def test_an_event_that_comes_while_a_worker_lets_go_is_not_forgotten(
    subscription: Subscription,
    acme: Brand,
    received: Counter[str],
    worker: Dispatcher,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its own wake-up finds the lease taken and goes away; so the holder has to look once more."""
    happen(acme, 1)
    let_go, late = leases.let_go, iter([True])

    def be_late_and_let_go(lease: Lease) -> None:
        if next(late, False):
            happen(acme, 2)
            assert leases.take(subscription.pk) is None
        let_go(lease)

    monkeypatch.setattr(leases, "let_go", be_late_and_let_go)
    assert worker.knock(subscription.pk).result(60) == 2
    assert len(received) == 2


def test_a_wake_up_that_comes_while_it_is_in_hand_is_not_forgotten(
    subscription: Subscription, acme: Brand, worker: Dispatcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes after the last look: the same process has to look again itself."""
    begin, late = delivery.begin, iter([True])

    def begin_and_be_late(subscription_id: uuid.UUID) -> Round | None:
        round_ = begin(subscription_id)
        if round_ is None and next(late, False):
            happen(acme, 1)
            worker.knock(subscription_id)
        return round_

    monkeypatch.setattr(delivery, "begin", begin_and_be_late)
    assert worker.knock(subscription.pk).result(60) == 1


def test_two_recall_a_lease_and_then_it_can_be_taken(
    subscription: Subscription, acme: Brand
) -> None:
    happen(acme, 1)
    together(*[lambda: webhooks.seek(subscription, after=0)] * 2)
    assert leases.take(subscription.pk)
