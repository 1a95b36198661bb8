"""Concurrency, rate and waiting times of delivery follow the endpoint's answers."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_httpserver import HTTPServer

from brands.models import Brand
from brands.webhooks.delivery.worker import DeliveryWorker
from tests.brands.endpoints import Endpoint, happen, refuse

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def endpoint(httpserver: HTTPServer, acme: Brand, worker: DeliveryWorker) -> Endpoint:
    return Endpoint(httpserver, acme, worker)


def test_send_single_failure_halves_concurrency(endpoint: Endpoint) -> None:
    happen(endpoint.brand, *range(30))
    endpoint.answers = refuse(5, status=503)
    assert endpoint.deliver() == 29
    held = endpoint.fresh()
    assert (held.concurrency, held.failures, held.cursor) == (8, 0, 4)
    assert timezone.now() < held.next_try_at + timedelta(seconds=1)
    endpoint.answers = lambda events: 204
    assert endpoint.deliver_again() == 1
    assert endpoint.fresh().ahead == []


def test_send_three_failures_in_a_row_stops_round(endpoint: Endpoint) -> None:
    happen(endpoint.brand, *range(100))
    endpoint.answers = lambda events: 503
    endpoint.deliver()
    assert len(endpoint.requests) < 20  # what was under way, and no more
    assert endpoint.fresh().failures == 1


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_send_retry_after_sets_next_try(endpoint: Endpoint, status: int) -> None:
    happen(endpoint.brand, *range(100))
    endpoint.answers = lambda events: status
    endpoint.headers = {"Retry-After": "120"}
    endpoint.deliver()
    wait = endpoint.fresh().next_try_at - timezone.now()
    assert timedelta(seconds=100) < wait <= timedelta(seconds=120)
    assert len(endpoint.requests) <= 16


def test_send_success_raises_concurrency(endpoint: Endpoint) -> None:
    happen(endpoint.brand, *range(600))
    endpoint.deliver()
    assert endpoint.fresh().concurrency > 16


def test_send_to_failing_endpoint_makes_one_request(endpoint: Endpoint) -> None:
    happen(endpoint.brand, *range(50))
    endpoint.answers = lambda events: 500
    endpoint.deliver()
    before = len(endpoint.requests)
    endpoint.deliver_again()
    assert len(endpoint.requests) == before + 1
    assert endpoint.fresh().failures == 2
    endpoint.answers = lambda events: 204
    assert endpoint.deliver_again() + len(endpoint.received) >= 50
    assert endpoint.fresh().failures == 0


def test_send_success_resets_retry_schedule(endpoint: Endpoint) -> None:
    happen(endpoint.brand, *range(5))
    endpoint.answers = lambda events: 500
    endpoint.deliver()
    endpoint.deliver_again()
    assert endpoint.fresh().failures == 2
    endpoint.answers = refuse(4, status=500)
    endpoint.deliver_again()
    assert endpoint.fresh().failures == 1


def test_send_with_rate_limit_keeps_it(
    httpserver: HTTPServer, acme: Brand, worker: DeliveryWorker
) -> None:
    slow = Endpoint(httpserver, acme, worker, rate_limit=50)
    happen(acme, *range(20))
    began = timezone.now()
    assert slow.deliver() == 20
    assert timezone.now() - began >= timedelta(seconds=20 / 50)
