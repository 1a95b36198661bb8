"""GET /events?wait=: long polling, its slots and its end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from brands.api.stream_slots import slots
from brands.models import Brand
from consent.decision.resolution import Scope
from consent.ledger.recording import Actor
from consent.models import Relationship
from tests.chaos.fleet import wait_until
from tests.conftest import Api
from tests.factories import record_choice
from tests.ownership import as_owner

LOOKING = "query LIKE 'SELECT last_sequence FROM brands_streamhead WHERE%' AND state LIKE 'idle%'"

Waiting = Callable[..., "Future[Any]"]


@pytest.fixture
def waiting(as_acme: Api) -> Iterator[Waiting]:
    """Asks in a second thread, and returns once that one waits."""

    def get(**query: Any) -> Any:
        try:
            return as_acme.get("events", **query)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:

        def begin(**query: Any) -> Future[Any]:
            answer = pool.submit(get, **query)
            wait_until(lambda: answer.done() or backends(), "somebody waits")
            return answer

        yield begin


def backends() -> list[tuple[int, str]]:
    """Who looked at a stream's head last, and sleeps: the process and its state."""
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(
            f"SELECT pid, state FROM pg_stat_activity WHERE {LOOKING}"
            " AND datname = current_database() AND pid <> pg_backend_pid()"
        )
        found: list[tuple[int, str]] = cursor.fetchall()
        return found


@pytest.mark.django_db(transaction=True)
def test_wait_event_committed_meanwhile_is_returned(waiting: Waiting, met: Relationship) -> None:
    answer = waiting(after=1, wait=30)
    record_choice(met, "deny", Scope(met.brand_id), by=Actor("api"))
    (event,) = answer.result(60).json()["data"]
    assert (event["sequence"], event["type"]) == (2, "preference.denied")


@pytest.mark.django_db(transaction=True)
def test_wait_holds_no_transaction(waiting: Waiting, met: Relationship) -> None:
    answer = waiting(after=1, wait=30)
    for _ in range(3):
        assert [state for _, state in backends()] in ([], ["idle"])  # none while it looks
        time.sleep(0.03)
    record_choice(met, "deny", Scope(met.brand_id), by=Actor("api"))
    assert answer.result(60).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_wait_lost_database_returns_unavailable(waiting: Waiting, met: Relationship) -> None:
    answer = waiting(after=1, wait=30)
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    refused = answer.result(60)
    assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
    assert refused.headers["Retry-After"]


def test_wait_without_events_returns_empty(as_acme: Api, met: Relationship) -> None:
    answer = as_acme.get("events", after=1, wait=1)
    assert (answer.status_code, answer.json()) == (200, {"data": [], "next_cursor": None})
    assert "Retry-After" not in answer.headers


def test_wait_is_shorter_than_idle_timeout(
    as_acme: Api, met: Relationship, settings: Settings
) -> None:
    settings.CONNECTION_IDLE_SECONDS = 0.2
    assert as_acme.get("events", after=1, wait=30).json()["data"] == []


def test_wait_with_events_returns_at_once(as_acme: Api, met: Relationship) -> None:
    assert len(as_acme.get("events", wait=30).json()["data"]) == 1


def test_wait_without_free_slot_returns_at_once(
    as_acme: Api, as_rival: Api, acme: Brand, met: Relationship
) -> None:
    slots.take(acme.pk)
    try:
        empty = as_acme.get("events", after=1, wait=30)
        full = as_acme.get("events", wait=30)
    finally:
        slots.give_back(acme.pk)
    assert (empty.status_code, empty.json()["data"]) == (200, [])
    assert empty.headers["Retry-After"] == "5"
    assert len(full.json()["data"]) == 1 and "Retry-After" not in full.headers


def test_wait_releases_its_slot(as_acme: Api, met: Relationship, settings: Settings) -> None:
    settings.CONNECTION_IDLE_SECONDS = 0.2
    for _ in range(2):
        assert "Retry-After" not in as_acme.get("events", after=1, wait=1).headers


@pytest.mark.parametrize("wait", ["-1", "31", "x", "nan", "1.5", "inf"])
def test_wait_invalid_seconds_is_refused(wait: str, as_acme: Api) -> None:
    answer = as_acme.get("events", wait=wait)
    assert (answer.status_code, answer.json()["field"]) == (422, "wait")


@pytest.mark.django_db(transaction=True)
def test_wait_ends_when_brand_opens_stream(
    waiting: Waiting, as_acme: Api, met: Relationship, settings: Settings
) -> None:
    settings.STREAMS_AT_ONCE = 1
    answer = waiting(after=1, wait=30)
    list_of_noes = as_acme.get("suppressions", purpose="marketing", channel="email")
    list_of_noes.close()
    ended = answer.result(60)
    assert (list_of_noes.status_code, ended.status_code, ended.json()["data"]) == (200, 200, [])
    assert ended.headers["Retry-After"] == "5"
