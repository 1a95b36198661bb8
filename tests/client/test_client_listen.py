"""`cmr listen` beside a local endpoint: what arrives is what the service's webhooks would send."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from standardwebhooks import Webhook
from werkzeug import Request, Response

from brands.models import Brand
from brands.webhooks.delivery.worker import DeliveryWorker
from brands.webhooks.signing import generate_secret
from consent.models import Relationship
from tests.brands.endpoints import Endpoint
from tests.chaos.fleet import wait_until
from tests.client.conftest import Begin
from tests.conftest import Api

pytestmark = pytest.mark.django_db(transaction=True)

NAMES = {"Content-Type", "Webhook-Id", "Webhook-Timestamp", "Webhook-Signature", "User-Agent"}
NAMES |= {"Accept", "Accept-Encoding", "Content-Length", "Host"}


class Receiver:
    """Answers with `statuses` one after the other, then with 204."""

    def __init__(self, server: HTTPServer) -> None:
        self.url = server.url_for("/local")
        self.statuses: list[int] = []
        self.requests: list[tuple[dict[str, str], bytes]] = []
        server.expect_request("/local", method="POST").respond_with_handler(self._answer)

    def _answer(self, request: Request) -> Response:
        self.requests.append((dict(request.headers.items()), request.get_data()))
        return Response(status=self.statuses.pop(0) if self.statuses else 204)

    @property
    def sequences(self) -> list[int]:
        return [json.loads(body)["sequence"] for _, body in self.requests]

    def has(self, count: int) -> Callable[[], bool]:
        return lambda: len(self.requests) >= count


@pytest.fixture
def receiver(httpserver: HTTPServer) -> Receiver:
    return Receiver(httpserver)


@pytest.fixture
def listen(begin: Begin, receiver: Receiver) -> Callable[..., subprocess.Popen[str]]:
    """Starts it, and returns once it listens; `said` is its first line."""

    def run(*words: str) -> Any:
        process: Any = begin("listen", "--forward-to", receiver.url, *words)
        process.said = process.stdout.readline()
        assert process.said.startswith("Forwarding events"), process.communicate()
        return process

    return run


@pytest.fixture
def endpoint(
    httpserver: HTTPServer, acme: Brand, worker: DeliveryWorker, met: Relationship
) -> Endpoint:
    """What the product itself delivers to."""
    return Endpoint(httpserver, acme, worker)


def record_choices(as_ana: Api, *decisions: str) -> None:
    choices = [{"scope": {"brand": "acme"}, "decision": each} for each in decisions]
    assert as_ana.post("me/choices", choices).status_code == 201


def test_listen_forwards_new_events(
    listen: Any, receiver: Receiver, met: Relationship, as_ana: Api
) -> None:
    process = listen()
    record_choices(as_ana, "deny", "grant")
    wait_until(receiver.has(2), "two events")
    assert receiver.sequences == [2, 3]
    (secret,) = re.findall(r"whsec_\S+", process.said)
    for headers, body in receiver.requests:
        assert Webhook(secret).verify(body, headers)
    assert re.fullmatch(r" +2  preference\.denied +204  \d+ ms\n", process.stdout.readline())


def test_listen_forwards_same_bytes_as_webhook(
    listen: Any, receiver: Receiver, endpoint: Endpoint, as_ana: Api
) -> None:
    """Body and headers against those of the product's own delivery of the same event."""
    record_choices(as_ana, "deny")
    endpoint.deliver()
    secret = generate_secret()
    listen("--after", "1", "--secret", secret)
    wait_until(receiver.has(1), "one event")
    ((theirs, their_body, _),), ((ours, our_body),) = endpoint.requests, receiver.requests
    assert our_body == their_body
    assert ours.keys() - {"Connection"} == theirs.keys() - {"Connection"}
    same = NAMES - {"Webhook-Id", "Webhook-Timestamp", "Webhook-Signature"}
    assert {name: ours[name] for name in same} == {name: theirs[name] for name in same}
    assert re.fullmatch(r"evt_[0-9a-f]{32}", ours["Webhook-Id"])
    assert Webhook(secret).verify(our_body, ours)


def test_listen_failing_endpoint_is_retried_in_order(
    listen: Any, receiver: Receiver, met: Relationship, as_ana: Api
) -> None:
    receiver.statuses = [500, 404, 204, 302]
    process = listen("--after", "0")
    record_choices(as_ana, "deny")
    wait_until(receiver.has(5), "both events")
    assert receiver.sequences == [1, 1, 1, 2, 2]
    assert len({headers["Webhook-Id"] for headers, _ in receiver.requests}) == 2
    assert "500" in (line := process.stdout.readline()) and line.endswith("again in 1 s\n")


def test_listen_with_types_forwards_only_those(
    listen: Any, receiver: Receiver, met: Relationship, as_ana: Api
) -> None:
    record_choices(as_ana, "deny", "grant")
    listen("--after", "0", "--types", "preference.g*", "--types", "relationship.ended")
    wait_until(receiver.has(1), "one event")
    as_ana.delete("me/relationships/acme")
    wait_until(receiver.has(2), "another one")
    types = [json.loads(body)["type"] for _, body in receiver.requests]
    assert types == ["preference.granted", "relationship.ended"]


def test_listen_interrupted_ends_quietly(listen: Any, met: Relationship) -> None:
    process = listen()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
