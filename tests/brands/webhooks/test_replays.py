"""Sending events again: parked events, a range, or everything after a sequence."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from brands.models import Brand, Subscription
from brands.webhooks import leases, replays
from brands.webhooks.delivery.worker import DeliveryWorker
from tests.brands.endpoints import Endpoint, happen, person_id, refuse
from tests.conftest import Api

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def endpoint(httpserver: HTTPServer, acme: Brand, worker: DeliveryWorker) -> Endpoint:
    return Endpoint(httpserver, acme, worker)


@pytest.fixture
def path(endpoint: Endpoint) -> str:
    return f"subscriptions/{endpoint.subscription.pk}"


def test_replay_range_sends_same_ids(endpoint: Endpoint, path: str, as_acme: Api) -> None:
    happen(endpoint.brand, 1, 2, 1, 2, 3)
    endpoint.deliver()
    answer = as_acme.post(f"{path}/replay", {"from": 2, "to": 4})
    assert (answer.status_code, answer.json()) == (202, {"events": 3})
    assert endpoint.deliver() == 3
    assert sorted(endpoint.sequences[5:]) == [2, 3, 4]
    by_sequence: dict[int, set[str]] = {}
    for headers, _, events in endpoint.requests:
        by_sequence.setdefault(events[0]["sequence"], set()).add(headers["Webhook-Id"])
    assert {len(ids) for ids in by_sequence.values()} == {1}
    assert endpoint.quarantine == {}


def test_replay_without_end_stops_at_cursor(endpoint: Endpoint, path: str, as_acme: Api) -> None:
    happen(endpoint.brand, 1, 2, 3)
    endpoint.deliver()
    happen(endpoint.brand, 4)  # comes anyway
    assert as_acme.post(f"{path}/replay", {"from": 2}).json() == {"events": 2}
    assert endpoint.deliver() == 3


def test_replay_with_filter_sends_only_wanted_events(
    httpserver: HTTPServer, acme: Brand, worker: DeliveryWorker, as_acme: Api
) -> None:
    endpoint = Endpoint(httpserver, acme, worker, event_types=["relationship.*"])
    happen(acme, 1, 2)
    happen(acme, 1, kind="relationship.ended")
    endpoint.deliver()
    answer = as_acme.post(f"subscriptions/{endpoint.subscription.pk}/replay", {"from": 1})
    assert answer.json() == {"events": 1}


def test_replay_parked_sends_parked_events(endpoint: Endpoint, path: str, as_acme: Api) -> None:
    Subscription.objects.update(concurrency=1)  # so that the second event passes after the first
    happen(endpoint.brand, 1, 2, 1)
    endpoint.answers = refuse(1)
    endpoint.deliver()
    first, second = as_acme.get(f"{path}/parked").json()["data"]
    assert (first["sequence"], first["status"]) == (1, 422)
    assert (second["sequence"], second["status"], second["refusals"]) == (3, None, 0)
    assert first["subject"] == second["subject"] == str(person_id(endpoint.brand, 1))
    page = as_acme.get(f"{path}/parked", limit=1).json()
    rest = as_acme.get(f"{path}/parked", limit=1, cursor=page["next_cursor"]).json()
    assert [page["data"], rest["data"]] == [[first], [second]]
    assert rest["next_cursor"] is None
    assert as_acme.get(path).json()["parked"] == 2
    endpoint.answers = lambda events: 204
    assert as_acme.post(f"{path}/replay", {"parked": True}).json() == {"events": 2}
    assert endpoint.deliver() == 2
    assert as_acme.get(path).json()["parked"] == 0


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({}, "one_of", "from"),
        ({"parked": True, "from": 1}, "one_of", "from"),
        ({"parked": True, "to": 1}, "one_of", "from"),
        ({"to": 3}, "one_of", "from"),
        ({"from": 3, "to": 2}, "reversed", "to"),
        ({"from": 0}, "min_value", "from"),
        ({"from": 99}, "beyond_stream", "from"),
        ({"from": 1, "to": replays.MAX_RANGE + 1}, "range_too_long", "to"),
        ({"from": 1, "until": 2}, "unknown_field", "until"),
    ],
)
def test_replay_invalid_range_is_refused(
    body: dict[str, Any], code: str, field: str, path: str, as_acme: Api
) -> None:
    answer = as_acme.post(f"{path}/replay", body)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert answer.json()["field"] == field


def test_seek_back_sends_again(endpoint: Endpoint, path: str, as_acme: Api) -> None:
    happen(endpoint.brand, 1, 2, 3)
    endpoint.answers = refuse(2)
    endpoint.deliver()
    endpoint.answers = lambda events: 204
    answer = as_acme.post(f"{path}/seek", {"after": 1})
    assert (answer.status_code, answer.json()["delivered_through"]) == (200, 1)
    assert endpoint.deliver() == 2
    assert endpoint.quarantine == {}


def test_seek_forward_skips_events(endpoint: Endpoint, path: str, as_acme: Api) -> None:
    happen(endpoint.brand, 1, 2, 3)
    as_acme.post(f"{path}/seek", {"after": 2})
    assert endpoint.deliver() == 1
    assert as_acme.post(f"{path}/seek", {"after": 4}).json()["code"] == "beyond_stream"


def test_seek_waits_for_lease(endpoint: Endpoint, path: str, as_acme: Api, settings: Any) -> None:
    """A holder that died is waited for; until the place is changed nobody can take over."""
    settings.DELIVERY_LEASE_SECONDS = 0.5
    happen(endpoint.brand, 1)
    lease = leases.take_lease(endpoint.subscription.pk)
    assert lease
    assert as_acme.post(f"{path}/seek", {"after": 0}).status_code == 200
    assert not leases.renew_lease(lease, cursor=1)
    assert endpoint.fresh().recalled_until is None


def test_attempts_list_every_attempt(endpoint: Endpoint, path: str, as_acme: Api) -> None:
    happen(endpoint.brand, 1)
    endpoint.answers = lambda events: 500
    endpoint.deliver()
    (tried,) = as_acme.get(f"{path}/attempts").json()["data"]
    assert (tried["sequence"], tried["outcome"], tried["status"]) == (1, "refused", 500)
    assert tried["next_try_at"] == as_acme.get(path).json()["next_try_at"]
    assert tried["webhook_id"] == endpoint.requests[0][0]["Webhook-Id"]
    endpoint.answers = lambda events: 204
    endpoint.deliver_again()
    page = as_acme.get(f"{path}/attempts", limit=1).json()
    assert page["data"][0]["outcome"] == "delivered"
    assert page["data"][0]["next_try_at"] is None
    rest = as_acme.get(f"{path}/attempts", cursor=page["next_cursor"]).json()
    assert [each["outcome"] for each in rest["data"]] == ["refused"]
    assert as_acme.get(f"{path}/attempts", sequence=2).json()["data"] == []


@pytest.mark.parametrize(
    "step", ["/attempts", "/parked", "/replay", "/seek", "/disable", "/ping", "/rotate", "/enable"]
)
def test_replay_of_other_brand_is_not_found(
    step: str, path: str, as_acme: Api, as_rival: Api, brand_methods: dict[str, str]
) -> None:
    ask = getattr(as_rival, brand_methods.get(step, "post"))
    assert ask(f"{path}{step}").status_code == 404


@pytest.fixture
def brand_methods() -> dict[str, str]:
    return {"/attempts": "get", "/parked": "get"}
