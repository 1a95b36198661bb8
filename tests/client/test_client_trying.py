"""When a call is made again, against a service that answers by script."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from cmr_client import (
    Client,
    Conflict,
    Invalid,
    ServiceFailed,
    TooMany,
    UnexpectedAnswer,
    Unreachable,
)
from tests.chaos.fleet import free_port

BRAND = {"slug": "acme", "name": "Acme", "operations_email": ""}
ENTRY = {"subject": {"id": "1", "ref": None}, "started_at": "2026-11-22T10:00:00Z"}


class Script:
    """Answers each call with the next of `answers`, then with success."""

    def __init__(self, server: HTTPServer) -> None:
        self.url = server.url_for("")
        self.answers: Iterator[Response] = iter(())
        self.asked: list[Request] = []
        server.expect_request("/api/v1/brand").respond_with_handler(self._brand)
        for path in ("relationships", "subscriptions", "keys", "links"):
            under = re.compile(rf"/api/v1/{path}\b.*")
            server.expect_request(under).respond_with_handler(self._entry)

    def _brand(self, request: Request) -> Response:
        return self._answer(request, BRAND)

    def _entry(self, request: Request) -> Response:
        return self._answer(request, ENTRY)

    def _answer(self, request: Request, usual: object) -> Response:
        self.asked.append(request)
        return next(self.answers, None) or Response(json.dumps(usual))

    def will(self, *statuses: int, wait: str | None = None) -> None:
        self.answers = iter([problem(status, wait) for status in statuses])


def problem(status: int, wait: str | None = None) -> Response:
    said = {"type": "about:blank", "title": "No", "status": status, "code": "busy", "detail": "x"}
    headers = {"Retry-After": wait} if wait else {}
    return Response(
        json.dumps(said), status, headers=headers, content_type="application/problem+json"
    )


@pytest.fixture
def script(httpserver: HTTPServer) -> Script:
    return Script(httpserver)


@pytest.fixture
def client(script: Script) -> Iterator[Client]:
    with Client(script.url, "key") as made:
        yield made


@pytest.mark.parametrize("statuses", [[503], [502, 504], [429, 503]])
def test_a_call_that_changes_nothing_is_made_again(
    client: Client, script: Script, statuses: Sequence[int]
) -> None:
    script.will(*statuses)
    assert client.brand.get().slug == "acme"
    assert len(script.asked) == len(statuses) + 1


def test_a_write_is_made_again_with_the_same_key(client: Client, script: Script) -> None:
    script.will(503)
    client.relationships.register("ana@example.org", note="Shop")
    client.relationships.register("ana@example.org", note="Shop")
    first, again, other = (each.headers["Idempotency-Key"] for each in script.asked)
    assert first == again != other


MAKING: dict[str, Callable[[Client], object]] = {
    "subscriptions": lambda c: c.subscriptions.create("https://acme.example/hook"),
    "subscriptions/s/rotate": lambda c: c.subscriptions.rotate("s"),
    "subscriptions/s/replay": lambda c: c.subscriptions.replay("s", first=1),
    "keys": lambda c: c.keys.create("another", scopes=["check"]),
    "keys/7/rotate": lambda c: c.keys.rotate(7),
    "links/key/rotate": lambda c: c.links.rotate_key(),
}


@pytest.mark.parametrize("path", MAKING)
def test_what_makes_something_is_repeated_with_its_key(
    path: str, client: Client, script: Script
) -> None:
    script.will(503, 409, wait="0")
    with suppress(UnexpectedAnswer):  # the script answers with none of these
        MAKING[path](client)
    assert len(script.asked) == 3
    assert len({each.headers["Idempotency-Key"] for each in script.asked}) == 1


def test_another_conflict_is_final(client: Client, script: Script) -> None:
    script.will(409)
    with pytest.raises(Conflict):
        client.keys.rotate(7)
    assert len(script.asked) == 1


def test_a_key_of_ones_own_is_kept(client: Client, script: Script) -> None:
    client.relationships.register("ana@example.org", note="Shop", idempotency_key="mine")
    assert script.asked[0].headers["Idempotency-Key"] == "mine"


def test_what_may_have_been_done_is_not_done_again(client: Client, script: Script) -> None:
    script.will(503)
    with pytest.raises(ServiceFailed):
        client.subscriptions.ping("some-subscription")
    assert len(script.asked) == 1


def test_what_was_refused_for_now_is_done_later(client: Client, script: Script) -> None:
    """429 says that nothing was done, so even this may be made again."""
    script.will(429)
    with pytest.raises(UnexpectedAnswer):  # the script answers with no result of a ping
        client.subscriptions.ping("some-subscription")
    assert len(script.asked) == 2


def test_it_waits_as_long_as_it_is_told(client: Client, script: Script) -> None:
    script.will(429, wait="1")
    began = time.monotonic()
    client.brand.get()
    assert time.monotonic() - began >= 1


def test_who_is_told_to_wait_for_long_decides(client: Client, script: Script) -> None:
    script.will(429, wait="3600")
    with pytest.raises(TooMany) as refused:
        client.brand.get()
    assert (refused.value.retry_after, len(script.asked)) == (3600, 1)


def test_there_is_an_end_to_it(script: Script) -> None:
    script.will(*[503] * 9)
    with Client(script.url, "key", retries=2) as client, pytest.raises(ServiceFailed):
        client.brand.get()
    assert len(script.asked) == 3


def test_what_is_wrong_stays_wrong(client: Client, script: Script) -> None:
    script.will(422)
    with pytest.raises(Invalid):
        client.brand.get()
    assert len(script.asked) == 1


def test_a_page_is_no_answer(client: Client, script: Script) -> None:
    script.answers = iter([Response("<h1>Hello</h1>"), Response("<h1>Sign in</h1>", 403)])
    for status in (200, 403):
        with pytest.raises(UnexpectedAnswer) as other:
            client.brand.get()
        assert other.value.status == status


def test_a_service_that_comes_back_is_found(script: Script) -> None:
    """Nobody listens at first; even a write that may not be repeated has not begun."""
    port = free_port()
    server = HTTPServer("127.0.0.1", port)
    server.expect_request("/api/v1/subscriptions").respond_with_response(problem(422))
    later = threading.Timer(0.5, server.start)
    later.start()
    with Client(f"http://127.0.0.1:{port}", "key") as client, pytest.raises(Invalid):
        client.subscriptions.create("https://acme.example/hook")
    later.join()
    server.stop()


def test_a_connection_that_breaks() -> None:
    """What may be repeated is tried to the end; what may not, once."""
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=hang_up, args=(listener, asked), daemon=True).start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with Client(url, "key", retries=2) as client:
            with pytest.raises(Unreachable):
                client.brand.get()
            with pytest.raises(Unreachable):
                client.subscriptions.ping("some-subscription")
    assert [each[:4] for each in asked] == [b"GET ", b"GET ", b"GET ", b"POST"]


def hang_up(listener: socket.socket, asked: list[bytes]) -> None:
    while True:
        try:
            caller, _ = listener.accept()
        except OSError:
            return
        with caller:
            asked.append(caller.recv(10_000))


def test_a_service_that_says_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with (
            Client(url, "key", retries=1, timeout=0.2) as client,
            pytest.raises(Unreachable) as failed,
        ):
            client.brand.get()
    assert failed.value.code == "timed_out"
