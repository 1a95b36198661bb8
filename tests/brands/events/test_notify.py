"""Waking workers through the broker: a broker that is down or hangs breaks nothing."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator

import pytest
from celery import Celery
from django.utils import timezone

from brands import webhooks
from brands.events import notify
from brands.models import Brand, Subscription
from config.celery import app
from tests.chaos.fleet import free_port

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _rested(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notify, "_broker_rests_until", 0.0)


@pytest.fixture
def broker_at(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], None]]:
    """An app like ours whose broker is at a port."""
    made: list[Celery] = []

    def at(port: int) -> None:
        url = f"redis://127.0.0.1:{port}/0"
        made.append(Celery("lonely", broker=url, set_as_current=False))
        made[-1].conf.broker_transport_options = app.conf.broker_transport_options
        monkeypatch.setattr(notify, "current_app", made[-1])

    yield at
    for each in made:
        each.close()


@pytest.fixture
def subscription(acme: Brand) -> Subscription:
    terms = webhooks.SubscriptionTerms(url="https://acme.example/")
    return webhooks.create_subscription(acme, terms, now=timezone.now())[0]


def test_wake_workers_several_webhooks_sends_one_task(
    acme: Brand, subscription: Subscription
) -> None:
    terms = webhooks.SubscriptionTerms(url="https://b.example/")
    other, _ = webhooks.create_subscription(acme, terms, now=timezone.now())
    with app.connection_for_read() as connection:
        queue = connection.SimpleQueue("delivery")
        queue.clear()
        notify.wake_workers([acme.pk])
        message = queue.get(timeout=60)
        message.ack()
        assert message.headers["task"] == "brands.deliver"
        assert set(message.payload[0]) == {str(subscription.pk), str(other.pk)}


def test_wake_workers_disabled_webhook_sends_nothing(
    acme: Brand, subscription: Subscription, broker_at: Callable[[int], None]
) -> None:
    broker_at(free_port())
    webhooks.disable_subscription(subscription, reason="removed", now=timezone.now())
    notify.wake_workers([acme.pk])
    assert notify._broker_rests_until == 0.0  # nobody was called, so nothing failed


def test_publish_task_dead_broker_pauses_publishing(
    broker_at: Callable[[int], None],
) -> None:
    broker_at(free_port())
    assert not notify.publish_task("brands.deliver", "x")
    rests_until = notify._broker_rests_until
    assert rests_until > 0
    assert not notify.publish_task("brands.deliver", "x")
    assert notify._broker_rests_until == rests_until  # the second did not even try


def test_publish_task_silent_broker_pauses_publishing(
    broker_at: Callable[[int], None],
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        broker_at(silent.getsockname()[1])
        assert not notify.publish_task("brands.deliver", "x")
    assert notify._broker_rests_until > 0
