"""A subscription receives the events of its filter; its cursor passes the rest."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from brands.events import stream
from brands.events.stream import EventFacts
from brands.models import Attempt, Brand
from brands.webhooks.delivery.worker import DeliveryWorker
from tests.brands.endpoints import Endpoint, happen

pytestmark = pytest.mark.django_db(transaction=True)


def stream_of_all_kinds(brand: Brand) -> None:
    happen(brand, 1, about=EventFacts(purpose="marketing", channel="email"))
    happen(brand, 2, about=EventFacts(purpose="marketing", channel="sms"))
    happen(brand, 3, about=EventFacts(purpose="research", channel="email"))
    happen(brand, 4, about=EventFacts())  # about any purpose and channel
    happen(brand, 5, kind="relationship.ended")


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, [1, 2, 3, 4, 5]),
        ({"event_types": ["preference.*"]}, [1, 2, 3, 4]),
        ({"event_types": ["relationship.ended"]}, [5]),
        ({"purposes": ["marketing"]}, [1, 2, 4, 5]),
        ({"channels": ["email"]}, [1, 3, 4, 5]),
        ({"purposes": ["research", "marketing"], "channels": ["sms"]}, [2, 4, 5]),
        ({"purposes": ["profiling"], "event_types": ["preference.denied"]}, [4]),
    ],
)
def test_deliver_with_filter_sends_only_wanted_events(
    asked: dict[str, Any],
    expected: list[int],
    httpserver: HTTPServer,
    acme: Brand,
    worker: DeliveryWorker,
) -> None:
    endpoint = Endpoint(httpserver, acme, worker, **asked)
    stream_of_all_kinds(acme)
    assert endpoint.deliver() == len(expected)
    assert sorted(endpoint.sequences) == expected
    assert endpoint.fresh().cursor == 5


def test_deliver_without_wanted_events_moves_cursor(
    httpserver: HTTPServer, acme: Brand, worker: DeliveryWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "FAR", 3)
    endpoint = Endpoint(httpserver, acme, worker, event_types=["relationship.*"])
    happen(acme, *range(10))
    assert endpoint.deliver() == 0
    assert endpoint.fresh().cursor == 10
    assert not Attempt.objects.exists()
    assert endpoint.fresh().lease_token is None
