"""What Prometheus is answered, and who else is not."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from pytest_django import Settings
from pytest_httpserver import HTTPServer

from brands.dispatch import Dispatcher
from brands.models import Attempt, AttemptCount, Brand
from tests.brands.endpoints import Endpoint, happen, refuse

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def endpoint(httpserver: HTTPServer, acme: Brand, worker: Dispatcher) -> Endpoint:
    return Endpoint(httpserver, acme, worker)


def figures(endpoint: Endpoint) -> dict[str, float]:
    """By name and, where there is one, the last label: the figures of this subscription."""
    text = Client().get("/metrics").content.decode()
    line = re.compile(r"(\w+)\{(.*)\} (\S+)")
    found = {}
    for name, labels, value in (m.groups() for m in map(line.fullmatch, text.splitlines()) if m):
        if f'subscription="{endpoint.subscription.pk}"' in labels:
            last = re.search(r'(?:outcome|state)="(\w+)"', labels)
            found[f"{name} {last[1]}" if last else name] = float(value)
    return found


def test_an_endpoint_that_has_all_lags_by_nothing(endpoint: Endpoint) -> None:
    happen(endpoint.brand, 1, 2)
    endpoint.deliver()
    seen = figures(endpoint)
    assert seen["cmr_subscription_lag_seconds delivering"] == 0
    assert seen["cmr_subscription_behind_events"] == 0
    assert seen["cmr_delivery_attempts_total delivered"] == 2


def test_one_that_fails_lags_by_its_oldest_event_and_waits(endpoint: Endpoint) -> None:
    happen(endpoint.brand, 1, 2)
    endpoint.answers = lambda events: 500
    endpoint.deliver()
    seen = figures(endpoint)
    assert seen["cmr_subscription_lag_seconds waiting"] > 0
    assert seen["cmr_subscription_behind_events"] == 2
    assert seen["cmr_subscription_failures"] == 1
    assert seen["cmr_delivery_attempts_total refused"] >= 1


def test_what_it_did_not_ask_for_is_no_lag(
    httpserver: HTTPServer, acme: Brand, worker: Dispatcher
) -> None:
    endpoint = Endpoint(httpserver, acme, worker, event_types=["relationship.*"])
    happen(acme, 1)
    assert figures(endpoint)["cmr_subscription_lag_seconds delivering"] == 0
    happen(acme, 1, kind="relationship.ended")
    assert figures(endpoint)["cmr_subscription_lag_seconds delivering"] > 0


def test_parked_events_are_counted(endpoint: Endpoint) -> None:
    happen(endpoint.brand, 1, 1, 2)
    endpoint.answers = refuse(1)
    endpoint.deliver()
    endpoint.deliver_again()
    happen(endpoint.brand, 3)
    endpoint.deliver()
    endpoint.deliver_again()
    assert figures(endpoint)["cmr_subscription_parked_events"] == 2


def test_the_counts_are_those_of_the_attempts(endpoint: Endpoint) -> None:
    happen(endpoint.brand, *range(40))
    endpoint.answers = refuse(7, 21, status=503)
    endpoint.deliver()
    endpoint.answers = lambda events: 204
    endpoint.deliver_again()
    counted = dict(AttemptCount.objects.values_list("outcome", "tries"))
    tried = list(Attempt.objects.values_list("outcome", flat=True))
    assert counted == {outcome: tried.count(outcome) for outcome in set(tried)}


def test_only_who_has_the_token_may_look(settings: Settings) -> None:
    settings.METRICS_TOKEN = "a-long-one"
    browser = Client()
    assert browser.get("/metrics").status_code == 401
    for wrong in ("Bearer a-long-on", "Bearer a-long-one2", "a-long-one", "Basic a-long-one"):
        assert browser.get("/metrics", headers={"Authorization": wrong}).status_code == 401
    right = {"Authorization": "Bearer a-long-one"}
    assert browser.get("/metrics", headers=right).status_code == 200


def test_without_a_token_it_is_not_there_in_production(settings: Settings) -> None:
    settings.METRICS_TOKEN, settings.DEVELOPMENT = "", False
    assert Client().get("/metrics").status_code == 404
