"""An endpoint must echo a challenge before it receives events."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from pytest_django import Settings
from pytest_httpserver import HTTPServer
from standardwebhooks import Webhook
from werkzeug import Request, Response

from brands.models import Subscription
from brands.webhooks import verification
from tests.conftest import Api

pytestmark = pytest.mark.django_db


class Server:
    """`answer` makes the answer to a message's data."""

    def __init__(self, server: HTTPServer) -> None:
        self.url = server.url_for("/hook")
        self.messages: list[tuple[dict[str, str], bytes]] = []
        self.answer: Callable[[dict[str, Any]], Response] = lambda data: Response(status=204)
        server.expect_request("/hook", method="POST").respond_with_handler(self._take)

    def _take(self, request: Request) -> Response:
        self.messages.append((dict(request.headers.items()), request.get_data()))
        return self.answer(json.loads(request.get_data())["data"])


def echo(data: dict[str, Any]) -> Response:
    return Response(data["challenge"])


def echo_json(data: dict[str, Any]) -> Response:
    return Response(json.dumps({"challenge": data["challenge"]}))


@pytest.fixture
def server(httpserver: HTTPServer) -> Server:
    return Server(httpserver)


@pytest.fixture
def _asked_for(settings: Settings) -> None:
    settings.WEBHOOK_PROOF = True


@pytest.mark.usefixtures("_asked_for")
@pytest.mark.parametrize("answer", [echo, echo_json])
def test_verify_endpoint_that_echoes_is_enabled(
    answer: Callable[..., Response], server: Server, as_acme: Api
) -> None:
    server.answer = answer
    made = as_acme.post("subscriptions", {"url": server.url}).json()
    assert (made["enabled"], made["disabled_reason"]) == (True, None)
    headers, body = server.messages[0]
    message = Webhook(made["secret"]).verify(body, headers)
    assert message["type"] == "subscription.challenge"
    assert message["data"]["subscription"] == made["id"]


@pytest.mark.usefixtures("_asked_for")
@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (lambda data: Response(status=204), "did not return the challenge"),
        (lambda data: Response(data["challenge"][:-1]), "did not return the challenge"),
        (lambda data: Response("{}"), "did not return the challenge"),
        (lambda data: Response("[1]"), "did not return the challenge"),
        (lambda data: Response(data["challenge"], status=400), "400"),
        (lambda data: Response(data["challenge"], status=302), "302"),
    ],
)
def test_verify_endpoint_that_does_not_echo_stays_disabled(
    answer: Callable[..., Response], why: str, server: Server, as_acme: Api
) -> None:
    server.answer = answer
    made = as_acme.post("subscriptions", {"url": server.url}).json()
    assert (made["enabled"], made["disabled_reason"]) == (False, "unproven")
    assert made["secret"].startswith("whsec_")
    path = f"subscriptions/{made['id']}/enable"
    problem = as_acme.post(path)
    assert (problem.status_code, problem.json()["code"]) == (422, "not_proven")
    assert why in problem.json()["detail"]
    server.answer = echo
    assert as_acme.post(path).json()["enabled"]
    nonces = {json.loads(body)["data"]["challenge"] for _, body in server.messages}
    assert len(nonces) == len(server.messages) == 3


@pytest.mark.usefixtures("_asked_for")
def test_verify_changed_url_is_verified_again(server: Server, as_acme: Api) -> None:
    server.answer = echo
    made = as_acme.post("subscriptions", {"url": server.url}).json()
    path = f"subscriptions/{made['id']}"
    same = as_acme.put(path, {"url": server.url, "event_types": ["preference.*"]}).json()
    assert same["enabled"]
    moved = as_acme.put(path, {"url": f"{server.url}?b", "event_types": ["*"]}).json()
    assert (moved["enabled"], moved["disabled_reason"]) == (False, "unproven")
    assert as_acme.post(f"{path}/enable").json()["enabled"]


@pytest.mark.usefixtures("_asked_for")
def test_verify_same_url_is_verified_once(server: Server, as_acme: Api) -> None:
    server.answer = echo
    made = as_acme.post("subscriptions", {"url": server.url}).json()
    as_acme.post(f"subscriptions/{made['id']}/disable")
    as_acme.post(f"subscriptions/{made['id']}/enable")
    assert len(server.messages) == 1


def test_ping_while_another_runs_is_busy(server: Server, as_acme: Api) -> None:
    made = as_acme.post("subscriptions", {"url": server.url}).json()
    with verification._lock:
        answer = as_acme.post(f"subscriptions/{made['id']}/ping")
    assert (answer.status_code, answer.json()["code"]) == (429, "busy")


def test_ping_returns_answer_of_endpoint(server: Server, as_acme: Api) -> None:
    server.answer = lambda data: Response("here", status=202)
    made = as_acme.post("subscriptions", {"url": server.url}).json()
    ping = as_acme.post(f"subscriptions/{made['id']}/ping").json()
    assert (ping["outcome"], ping["status"], ping["answer"]) == ("delivered", 202, "here")
    headers, body = server.messages[0]
    message = Webhook(made["secret"]).verify(body, headers)
    assert (message["type"], message["data"]) == ("ping", {"subscription": made["id"]})
    assert Subscription.objects.get().cursor == made["delivered_through"]
