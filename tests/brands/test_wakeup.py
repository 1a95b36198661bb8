"""The broker is only a wake-up: with none, nothing fails and nobody waits for it twice."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from celery import Celery
from django.utils import timezone

from brands import wakeup, webhooks
from brands.models import Brand
from config.celery import app
from tests.chaos.fleet import free_port

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _rested(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wakeup, "_broker_rests_until", 0.0)


@pytest.fixture
def no_broker(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An app like ours whose broker's address nobody has."""
    lonely = Celery("lonely", broker=f"redis://127.0.0.1:{free_port()}/0", set_as_current=False)
    lonely.conf.broker_transport_options = app.conf.broker_transport_options
    monkeypatch.setattr(wakeup, "current_app", lonely)
    yield
    lonely.close()


def test_a_wake_up_reaches_the_queue_of_its_task(acme: Brand) -> None:
    with app.connection_for_read() as connection:
        queue = connection.SimpleQueue("delivery")
        queue.clear()
        subscription, _ = webhooks.subscribe(
            acme, webhooks.Terms(url="https://acme.example/"), now=timezone.now()
        )
        wakeup.wake_up([acme.pk])
        message = queue.get(timeout=5)
        message.ack()
        assert message.headers["task"] == "brands.deliver"
        assert message.payload[0] == [str(subscription.pk)]


def test_a_disabled_subscription_is_not_woken(acme: Brand, no_broker: None) -> None:
    now = timezone.now()
    subscription, _ = webhooks.subscribe(acme, webhooks.Terms(url="https://acme.example/"), now=now)
    webhooks.disable(subscription, reason="removed", now=now)
    wakeup.wake_up([acme.pk])
    assert wakeup._broker_rests_until == 0.0  # nobody was called, so nothing failed


def test_a_dead_broker_is_not_an_error_and_is_left_alone_for_a_while(no_broker: None) -> None:
    assert not wakeup.publish("brands.deliver", "x")
    rests_until = wakeup._broker_rests_until
    assert rests_until > 0
    assert not wakeup.publish("brands.deliver", "x")
    assert wakeup._broker_rests_until == rests_until  # the second did not even try
