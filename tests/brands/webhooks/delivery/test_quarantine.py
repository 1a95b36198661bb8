"""A refused event holds up its own person only."""

from __future__ import annotations

import pytest
from django.utils import timezone
from pytest_httpserver import HTTPServer

from brands.api import subscriptions
from brands.models import Brand, QuarantinedEvent, Subscription
from brands.webhooks import replays
from brands.webhooks.delivery.worker import DeliveryWorker
from tests.brands.endpoints import Endpoint, happen, refuse

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def endpoint(httpserver: HTTPServer, acme: Brand, worker: DeliveryWorker) -> Endpoint:
    # One request at a time, so that a test can say what comes after what.
    made = Endpoint(httpserver, acme, worker)
    Subscription.objects.filter(pk=made.subscription.pk).update(concurrency=1)
    return made


def test_refused_event_while_others_pass_is_parked(endpoint: Endpoint) -> None:
    happen(endpoint.brand, 1, 2, 3)
    endpoint.answers = refuse(2)
    assert endpoint.deliver() == 2
    assert endpoint.quarantine == {2: True}
    held = endpoint.fresh()
    assert (held.cursor, held.failures) == (3, 0)


def test_parked_event_parks_later_events_of_person_in_order(endpoint: Endpoint) -> None:
    happen(endpoint.brand, 1, 1, 2)
    endpoint.answers = refuse(1)
    endpoint.deliver()
    happen(endpoint.brand, 1, 2, 1)
    endpoint.deliver()
    assert endpoint.sequences == [3, 5]
    assert endpoint.quarantine == {1: True, 2: True, 4: True, 6: True}
    endpoint.answers = lambda events: 204
    assert replays.replay_parked(endpoint.subscription) == 4
    assert endpoint.deliver() == 4
    assert endpoint.sequences[2:] == [1, 2, 4, 6]
    assert endpoint.quarantine == {}


def test_replayed_event_refused_again_is_parked(endpoint: Endpoint) -> None:
    happen(endpoint.brand, 1, 1, 2)
    endpoint.answers = refuse(1)
    endpoint.deliver()
    replays.replay_parked(endpoint.subscription)
    happen(endpoint.brand, 3)
    endpoint.deliver()
    assert endpoint.quarantine == {1: True, 2: True}
    assert QuarantinedEvent.objects.get(sequence=1).refusals == 2
    assert endpoint.sequences == [3, 4]


def test_refused_event_without_others_is_suspect(endpoint: Endpoint) -> None:
    happen(endpoint.brand, 1, 1)
    endpoint.answers = refuse(1)
    endpoint.deliver()
    assert endpoint.quarantine == {1: False, 2: False}
    held = endpoint.fresh()
    assert held.failures == 1
    said = subscriptions.build_subscription_data(held)
    assert (said["parked"], said["next_try_at"]) == (
        0,
        QuarantinedEvent.objects.get(sequence=1).retry_at,
    )
    assert said["next_try_at"] > timezone.now()
    happen(endpoint.brand, 2)  # others need not wait for it
    assert endpoint.deliver() == 1
    assert endpoint.sequences == [3]


def test_suspect_refused_again_is_parked(
    endpoint: Endpoint,
) -> None:
    happen(endpoint.brand, 1)
    endpoint.answers = refuse(1)
    endpoint.deliver()
    happen(endpoint.brand, 2)
    endpoint.deliver()
    assert endpoint.asked == [[1], [2], [1]]
    assert endpoint.quarantine == {1: False}
    happen(endpoint.brand, 3)
    endpoint.deliver()
    assert endpoint.quarantine == {1: True}


def test_suspect_accepted_later_is_delivered(endpoint: Endpoint) -> None:
    happen(endpoint.brand, 1, 1)
    endpoint.answers = lambda events: 404
    endpoint.deliver()
    endpoint.answers = lambda events: 204
    assert endpoint.deliver_again() == 2
    assert endpoint.sequences == [1, 2]
    assert endpoint.quarantine == {}
    assert endpoint.fresh().failures == 0


def test_endpoint_refusing_everything_parks_nothing(endpoint: Endpoint) -> None:
    happen(endpoint.brand, *range(10))
    endpoint.answers = lambda events: 404
    endpoint.deliver()
    assert len(endpoint.requests) == 3
    held = endpoint.fresh()
    assert (held.cursor, held.failures, endpoint.quarantine) == (0, 1, {})
    assert held.next_try_at > timezone.now()
    endpoint.answers = lambda events: 204
    assert endpoint.deliver_again() == 10


def test_suspects_twice_then_refusal_stops_delivery(endpoint: Endpoint) -> None:
    happen(endpoint.brand, 1, 2)
    endpoint.answers = lambda events: 400
    endpoint.deliver()
    assert len(endpoint.quarantine) == 2
    happen(endpoint.brand, 3, 4)
    endpoint.deliver()
    assert endpoint.asked == [[1], [2], [3]]
    held = endpoint.fresh()
    assert (held.cursor, held.failures) == (2, 2)


@pytest.mark.parametrize("status", [301, 408, 425, 500])
def test_endpoint_error_status_parks_nothing(endpoint: Endpoint, status: int) -> None:
    happen(endpoint.brand, 1, 2, 3)
    endpoint.answers = refuse(2, status=status)
    endpoint.deliver()
    assert endpoint.asked == [[1], [2]]
    held = endpoint.fresh()
    assert (held.cursor, held.failures, endpoint.quarantine) == (1, 1, {})
