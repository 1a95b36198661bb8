"""Workers meet at one subscription: each event is sent by one of them, and none is forgotten."""

from __future__ import annotations

import socket
import threading
import uuid
from collections import Counter
from collections.abc import Iterator

import pytest
from django.db import transaction
from django.utils import timezone
from pytest_httpserver import HTTPServer
from standardwebhooks import Webhook
from werkzeug import Request, Response

from brands import webhooks
from brands.events import stream
from brands.events.stream import NewEvent
from brands.models import Attempt, Brand, Outcome, Subscription
from brands.webhooks import leases
from brands.webhooks.delivery import prepare
from brands.webhooks.delivery.prepare import Round
from brands.webhooks.delivery.worker import DeliveryWorker
from brands.webhooks.leases import Lease
from core.db.uuid7 import new_id
from tests.factories import create_subscription
from tests.races.together import together

pytestmark = pytest.mark.django_db(transaction=True)


def happen(brand: Brand, *people: int) -> None:
    for person in people:
        subject = uuid.UUID(int=person + 1)
        with transaction.atomic():
            stream.append_event(
                [NewEvent(brand.pk, "preference.denied", timezone.now(), subject, new_id(), {})]
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
    return create_subscription(acme, url)


@pytest.fixture
def workers() -> Iterator[list[DeliveryWorker]]:
    """Several processes' worth of them."""
    all_of_them = [DeliveryWorker() for _ in range(5)]
    yield all_of_them
    for each in all_of_them:
        each.close()


def test_deliver_by_many_workers_sends_each_event_once(
    subscription: Subscription, acme: Brand, received: Counter[str], workers: list[DeliveryWorker]
) -> None:
    happen(acme, *range(40))
    started = [each.start_delivery(subscription.pk) for each in workers]
    assert sum(each.result(60) for each in started) == 40
    assert set(received.values()) == {1}


def test_deliver_event_during_release_of_lease_is_sent(
    subscription: Subscription,
    acme: Brand,
    received: Counter[str],
    worker: DeliveryWorker,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its own wake-up finds the lease taken and goes away; so the holder has to look once more."""
    happen(acme, 1)
    release_lease, late = leases.release_lease, iter([True])

    def be_late_and_release(lease: Lease) -> None:
        if next(late, False):
            happen(acme, 2)
            assert leases.take_lease(subscription.pk) is None
        release_lease(lease)

    monkeypatch.setattr(leases, "release_lease", be_late_and_release)
    assert worker.start_delivery(subscription.pk).result(60) == 2
    assert len(received) == 2


def test_deliver_wake_up_during_delivery_is_kept(
    subscription: Subscription, acme: Brand, worker: DeliveryWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes after the last look: the same process has to look again itself."""
    take_round, late = prepare.take_round, iter([True])

    def take_and_be_late(subscription_id: uuid.UUID) -> Round | None:
        round_ = take_round(subscription_id)
        if round_ is None and next(late, False):
            happen(acme, 1)
            worker.start_delivery(subscription_id)
        return round_

    monkeypatch.setattr(prepare, "take_round", take_and_be_late)
    assert worker.start_delivery(subscription.pk).result(60) == 1


def test_recall_lease_by_two_frees_it(subscription: Subscription, acme: Brand) -> None:
    happen(acme, 1)
    together(*[lambda: webhooks.move_cursor(subscription, after=0)] * 2)
    assert leases.take_lease(subscription.pk)


def test_deliver_hanging_endpoints_do_not_block_others(
    httpserver: HTTPServer, acme: Brand, worker: DeliveryWorker
) -> None:
    """The good ones have everything while every connection to the others is still open."""
    httpserver.expect_request("/good").respond_with_data("", status=204)
    with socket.create_server(("127.0.0.1", 0), backlog=500) as silent:
        silence = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        hanging = [create_subscription(acme, f"{silence}{n}") for n in range(20)]
        good = [create_subscription(acme, httpserver.url_for("/good")) for _ in range(10)]
        happen(acme, *range(30))
        stuck = [worker.start_delivery(each.pk) for each in hanging]
        assert [worker.start_delivery(each.pk).result(60) for each in good] == [30] * 10
        assert not any(each.done() for each in stuck)
        for each in hanging:
            webhooks.disable_subscription(each, reason="by_brand", now=timezone.now())
        assert [each.result(60) for each in stuck] == [0] * 20


def test_disable_during_delivery_stops_it(acme: Brand, worker: DeliveryWorker) -> None:
    """The answer to it means that nothing is; what was is on record, and comes again later."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        held = create_subscription(acme, f"http://127.0.0.1:{silent.getsockname()[1]}/")
        happen(acme, 1)
        stuck = worker.start_delivery(held.pk)
        connection, _ = silent.accept()
        connection.recv(10)
        webhooks.disable_subscription(held, reason="by_brand", now=timezone.now())
        assert stuck.result(60) == 0
        while connection.recv(1_000):  # until the other side has hung up
            pass
    assert Attempt.objects.get().outcome == Outcome.CANCELLED
    assert Subscription.objects.get().cursor == 0


def test_stop_worker_releases_leases(acme: Brand) -> None:
    worker = DeliveryWorker()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        held = create_subscription(acme, f"http://127.0.0.1:{silent.getsockname()[1]}/")
        happen(acme, 1)
        worker.start_delivery(held.pk)
        silent.accept()
        worker.close()
    assert leases.take_lease(held.pk)


def test_rotate_during_delivery_signs_with_new_secret(
    httpserver: HTTPServer, acme: Brand, worker: DeliveryWorker
) -> None:
    """Also what a worker sends that was in the middle of a backlog, and after a second rotation."""
    slowly = threading.Event()
    requests: list[tuple[dict[str, str], bytes]] = []

    def take(request: Request) -> Response:
        requests.append((dict(request.headers.items()), request.get_data()))
        slowly.wait(0.02)
        return Response(status=204)

    httpserver.expect_request("/slow").respond_with_handler(take)
    held = create_subscription(acme, httpserver.url_for("/slow"))
    happen(acme, *range(400))
    begun = worker.start_delivery(held.pk)
    while not requests:
        slowly.wait(0.01)
    webhooks.rotate_secret(held, now=timezone.now())
    newest = Webhook(webhooks.rotate_secret(held, now=timezone.now()))
    before = len(requests)
    begun.result(60)
    while Subscription.objects.get(pk=held.pk).cursor < 400:
        worker.start_delivery(held.pk).result(60)
    after = requests[before + 64 :]  # those that were under way may still have been written down
    assert after
    for headers, body in after:
        newest.verify(body, headers)
