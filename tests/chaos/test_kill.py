"""Parts are killed in the middle: nothing acknowledged is lost, and nothing is out of order."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_httpserver import HTTPServer
from standardwebhooks import Webhook
from werkzeug import Request, Response

from brands import stream, webhooks
from brands.models import Brand
from cmr import accounts, preferences, tokens
from consent import chain
from consent.models import LedgerEntry, Subject
from tests.chaos.fleet import Fleet, wait_until

pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE = 10
CHANGES = int(os.environ.get("CHANGES", "300"))  # CHANGES=1000 for a longer look
DENY = {"scope": {"brand": "acme", "purpose": "marketing"}, "decision": "deny"}


class Journal:
    """What the brand's endpoint got, written down before it answers."""

    def __init__(self, server: HTTPServer, brand: Brand) -> None:
        self.first: dict[str, dict[str, object]] = {}
        self.bodies: dict[str, set[bytes]] = {}
        self.lock = threading.Lock()
        server.expect_request("/hook").respond_with_handler(self._receive)
        url, now = server.url_for("/hook"), timezone.now()
        _, self.secret = webhooks.subscribe(brand, url=url, event_types=["*"], now=now)

    def _receive(self, request: Request) -> Response:
        body = request.get_data()
        Webhook(self.secret).verify(body, dict(request.headers.items()))
        with self.lock:
            self.first.setdefault(request.headers["webhook-id"], json.loads(body))
            self.bodies.setdefault(request.headers["webhook-id"], set()).add(body)
        return Response(status=204)


@pytest.fixture
def journal(httpserver: HTTPServer, acme: Brand) -> Journal:
    return Journal(httpserver, acme)


@pytest.fixture
def people(acme: Brand) -> list[str]:
    """Tokens of people who all deal with acme."""
    now = timezone.now()
    consumers = [
        accounts.open_account(email=f"p{n}@example.org", password=None, verified_at=now)
        for n in range(PEOPLE)
    ]
    for consumer in consumers:
        preferences.add_brand(consumer, acme, by="api", now=now)
    return [tokens.issue(consumer, name="chaos") for consumer in consumers]


@pytest.fixture(params=[True, False], ids=["broker", "no-broker"])
def fleet(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Fleet]:
    made = Fleet(tmp_path, with_broker=request.param)
    try:
        made.start("web")
        made.start("worker")
        wait_until(made.is_ready, "web ready")
        yield made
    finally:
        made.stop()


def change(fleet: Fleet, token: str, times: int) -> list[str]:
    """Make changes one after the other; every one of them must be acknowledged."""
    entries = [fleet.post("me/choices", DENY, token)["data"][0] for _ in range(times)]
    return [entry["entry"] for entry in entries]


def test_kills_in_the_middle_lose_nothing(
    fleet: Fleet, journal: Journal, people: list[str], acme: Brand
) -> None:
    """Worker and broker die at once, mid-stream; both come back; all arrives, in order."""
    with ThreadPoolExecutor(4) as pool:
        made = [pool.submit(change, fleet, token, CHANGES // PEOPLE) for token in people]
        wait_until(lambda: len(journal.first) > CHANGES // 5, "deliveries under way")
        fleet.kill("worker")
        if fleet.valkey:
            fleet.kill_broker()
        acknowledged = [entry for future in made for entry in future.result()]
    fleet.start("worker")
    if fleet.valkey:
        fleet.restart_broker()
    assert len(acknowledged) == CHANGES
    end = stream.last_sequence(acme.pk)
    wait_until(lambda: len(journal.first) >= end, f"all {end} events delivered")
    _nothing_is_lost(journal, acknowledged, end)
    _everything_is_in_order(journal)


def _nothing_is_lost(journal: Journal, acknowledged: list[str], end: int) -> None:
    events = list(journal.first.values())
    assert sorted(int(str(event["sequence"])) for event in events) == list(range(1, end + 1))
    delivered = {event["data"].get("entry") for event in events}  # type: ignore[attr-defined]
    recorded = {str(pk) for pk in LedgerEntry.objects.values_list("pk", flat=True)}
    assert set(acknowledged) <= recorded & delivered
    assert all(len(bodies) == 1 for bodies in journal.bodies.values())
    assert all(not list(chain.breaks(subject)) for subject in Subject.objects.all())


def _everything_is_in_order(journal: Journal) -> None:
    """By the order of first arrival, each person's sequences only grow."""
    newest: dict[str, int] = {}
    for event in journal.first.values():
        person = event["data"]["subject"]["id"]  # type: ignore[index]
        sequence = int(str(event["sequence"]))
        assert sequence > newest.get(person, 0)
        newest[person] = sequence
