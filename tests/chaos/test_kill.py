"""Parts are killed in the middle: nothing acknowledged is lost, and nothing is out of order."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice
from pathlib import Path

import orjson
import pytest
import werkzeug
from django.utils import timezone
from pytest_httpserver import HTTPServer
from werkzeug import Response

from brands import webhooks
from brands.events import stream
from brands.models import Brand, Event
from cmr.accounts import ownership
from cmr.choices import choose
from cmr.sign_in import access_tokens
from consent.reporting import counters
from tests.chaos import evidence, world
from tests.chaos.checker import check
from tests.chaos.evidence import Change, Evidence, Request, Secret, Subscribed
from tests.chaos.fleet import Fleet, wait_until

pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE = 10
CHANGES = int(os.environ.get("CHANGES", "300"))  # CHANGES=1000 for a longer look
SCOPE = {"brand": "acme", "purpose": "marketing"}


class Journal:
    """What the brand's endpoint got, written down before it answers."""

    def __init__(self, server: HTTPServer, brand: Brand) -> None:
        self.requests: list[Request] = []
        server.expect_request("/hook").respond_with_handler(self._receive)
        url, now = server.url_for("/hook"), timezone.now()
        _, secret = webhooks.create_subscription(
            brand, webhooks.SubscriptionTerms(url=url), now=now
        )
        self.secret = Secret("acme", secret, 0.0, time.monotonic())

    def _receive(self, request: werkzeug.Request) -> Response:
        at, headers = time.monotonic(), request.headers
        id, sent_at, signature = (headers[f"webhook-{n}"] for n in ("id", "timestamp", "signature"))
        body = request.get_data().decode()
        self.requests.append(Request("acme", at, at, id, sent_at, signature, body, processed=True))
        return Response(status=204)

    def sequences(self) -> set[int]:
        return {event["sequence"] for request in self.requests for event in request.events}


@pytest.fixture
def journal(httpserver: HTTPServer, acme: Brand) -> Journal:
    return Journal(httpserver, acme)


@pytest.fixture
def people(acme: Brand) -> dict[str, str]:
    """By their tokens, people who all deal with acme."""
    now = timezone.now()
    consumers = [
        ownership.open_account(email=f"p{n}@example.org", password=None, verified_at=now)
        for n in range(PEOPLE)
    ]
    for consumer in consumers:
        choose.add_brand(consumer, acme, by="api", now=now)
    return {
        access_tokens.issue_token(each, name="chaos"): str(each.subject_id) for each in consumers
    }


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


def change(fleet: Fleet, token: str, times: int) -> list[Change]:
    """Say no and yes in turns, since a repeat is no change; each must be acknowledged."""
    decisions = islice(cycle(("deny", "grant")), times)
    asked = ({"scope": SCOPE, "decision": decision} for decision in decisions)
    made = [fleet.post("me/choices", each, token)["data"][0] for each in asked]
    return [Change(each["entry"], token, each["subject_seq"]) for each in made]


def test_kills_in_the_middle_lose_nothing(
    fleet: Fleet, journal: Journal, people: dict[str, str], acme: Brand
) -> None:
    """Worker and broker die at once, mid-stream; both come back; all arrives, in order."""
    with ThreadPoolExecutor(4) as pool:
        made = [pool.submit(change, fleet, token, CHANGES // PEOPLE) for token in people]
        wait_until(lambda: len(journal.requests) > CHANGES // 5, "deliveries under way")
        fleet.kill("worker")
        if fleet.valkey:
            fleet.kill_broker()
        changes = [each for future in made for each in future.result()]
    fleet.start("worker")
    if fleet.valkey:
        fleet.restart_broker()
    assert len(changes) == CHANGES
    end = stream.read_last_sequence(acme.pk)
    wait_until(lambda: len(journal.sequences()) >= end, f"all {end} events delivered")
    wait_until(lambda: not counters.find_brands_behind(), "all counted")
    assert check(evidence_of(journal, changes, people)) == []


def evidence_of(journal: Journal, changes: list[Change], people: dict[str, str]) -> Evidence:
    feed = [orjson.loads(bytes(event.body)) for event in Event.objects.order_by("sequence")]
    return Evidence(
        subscriptions=[Subscribed("acme", "acme", ["*"])],
        requests=journal.requests,
        changes=changes,
        subjects=people,
        feeds={"acme": feed},
        secrets=[journal.secret],
        **evidence.inside(orjson.loads(orjson.dumps(world.look()))),
    )
