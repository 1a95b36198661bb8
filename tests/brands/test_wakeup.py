"""The broker is only a wake-up: with none, or one that hangs, nothing fails and nobody waits."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator

import pytest
from celery import Celery
from django.utils import timezone

from brands import wakeup, webhooks
from brands.models import Brand, Subscription
from brands.wakeup import Outbox
from config.celery import app
from tests.chaos.fleet import free_port

pytestmark = pytest.mark.django_db


@pytest.fixture
def outbox(monkeypatch: pytest.MonkeyPatch) -> Outbox:
    """A fresh one, in place of this process's."""
    fresh = Outbox()
    monkeypatch.setattr(wakeup, "_own", lambda: fresh)
    return fresh


@pytest.fixture
def broker_at(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], None]]:
    """An app like ours whose broker is at a port."""
    made: list[Celery] = []

    def at(port: int) -> None:
        url = f"redis://127.0.0.1:{port}/0"
        made.append(Celery("lonely", broker=url, set_as_current=False))
        made[-1].conf.broker_transport_options = app.conf.broker_transport_options
        monkeypatch.setattr(wakeup, "current_app", made[-1])

    yield at
    for each in made:
        each.close()


@pytest.fixture
def subscription(acme: Brand) -> Subscription:
    terms = webhooks.Terms(url="https://acme.example/")
    return webhooks.subscribe(acme, terms, now=timezone.now())[0]


def test_a_wake_up_reaches_the_queue_of_its_task(
    acme: Brand, subscription: Subscription, outbox: Outbox
) -> None:
    other, _ = webhooks.subscribe(
        acme, webhooks.Terms(url="https://b.example/"), now=timezone.now()
    )
    with app.connection_for_read() as connection:
        queue = connection.SimpleQueue("delivery")
        queue.clear()
        wakeup.wake_up([acme.pk])
        message = queue.get(timeout=5)
        message.ack()
        assert message.headers["task"] == "brands.deliver"
        assert set(message.payload[0]) == {str(subscription.pk), str(other.pk)}


def test_what_is_disabled_or_waits_is_not_woken(
    acme: Brand,
    subscription: Subscription,
    outbox: Outbox,
    broker_at: Callable[[int], None],
) -> None:
    broker_at(free_port())
    webhooks.disable(subscription, reason="removed", now=timezone.now())
    wakeup.wake_up([acme.pk])
    assert outbox.drained(within=5)
    assert outbox.rests_until == 0  # nobody was called, so nothing failed


def test_a_dead_broker_is_no_error_and_is_left_alone_for_a_while(
    outbox: Outbox, broker_at: Callable[[int], None]
) -> None:
    broker_at(free_port())
    wakeup.publish("brands.deliver", "x")
    assert outbox.drained(within=10)
    rests_until = outbox.rests_until
    assert rests_until > 0
    wakeup.publish("brands.deliver", "x")
    assert outbox.drained(within=10)
    assert outbox.rests_until == rests_until  # the second did not even try


def test_nobody_waits_for_a_broker_that_hangs(
    outbox: Outbox, broker_at: Callable[[int], None]
) -> None:
    """It takes connections and says nothing: the caller has gone on before it is given up."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        broker_at(silent.getsockname()[1])
        wakeup.publish("brands.deliver", "x")
        silent.accept()
        assert outbox.waiting.unfinished_tasks == 1  # the thread is at it, and we are here
        for _ in range(wakeup.MOST_WAITING + 10):
            wakeup.publish("brands.deliver", "y")
        assert outbox.waiting.full()


def test_what_is_no_message_does_not_stop_the_others(outbox: Outbox) -> None:
    outbox.put(("brands.deliver", object()))  # type: ignore[arg-type]
    assert outbox.drained(within=5)
    assert any(each.name == "wake-ups" and each.is_alive() for each in threading.enumerate())
