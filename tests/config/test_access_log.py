"""Each request that is served is one line, which holds nothing that a caller wrote."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.db import connections
from django.http import HttpResponse, StreamingHttpResponse
from pytest_django import Settings

from brands.models import Brand
from config import logs
from config.web import Application
from config.web.application import MAX_HEADER_BYTES
from tests.config.test_logs import SECRETS
from tests.config.web.test_web_server import make_scope
from tests.conftest import EMAIL, Api

pytestmark = pytest.mark.django_db(transaction=True)
HOST = (b"host", b"127.0.0.1")


@pytest.fixture
def lines() -> Iterator[list[str]]:
    """What is written to the access log, as JSON."""
    written: list[str] = []

    class Writer(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            written.append(self.format(record))

    handler = Writer()
    handler.setFormatter(logs.AccessFormatter(as_json=True))
    log = logging.getLogger("cmr.access")
    log.addHandler(handler)
    yield written
    log.removeHandler(handler)


class Handler(WSGIHandler):
    """Leaves no connection of its thread behind."""

    def __call__(self, environ: Any, start_response: Any) -> Any:
        try:
            return super().__call__(environ, start_response)
        finally:
            connections.close_all()


class Client:
    """Calls an application as the web server does, and keeps what it is answered."""

    def __init__(self, handler: Any = None) -> None:
        self.application = Application(handler or Handler())
        self.sent: list[Mapping[str, Any]] = []

    def call(
        self,
        path: str,
        *headers: tuple[bytes, bytes],
        method: str = "GET",
        body: bytes = b"",
        receive: Callable[[], Any] | None = None,
        query: bytes = b"",
    ) -> None:
        length = [(b"content-length", str(len(body)).encode())] if body else []
        scope = make_scope(
            method=method, path=path, headers=[HOST, *length, *headers], query_string=query
        )

        async def receive_whole() -> Mapping[str, Any]:
            return {"type": "http.request", "body": body}

        async def send(message: Mapping[str, Any]) -> None:
            self.sent.append(message)

        asyncio.run(self.application(scope, receive or receive_whole, send))


def read_line(lines: list[str]) -> dict[str, Any]:
    """Return the one line that there is, without what differs each time."""
    (line,) = lines
    read = json.loads(line)
    assert read.pop("ms") >= 0
    assert read.pop("timestamp").endswith("Z")
    assert (read.pop("event"), read.pop("level"), read.pop("logger")) == (
        "request",
        "info",
        "cmr.access",
    )
    return dict(read)


def test_line_names_route_status_and_request(lines: list[str]) -> None:
    Client().call("/healthz", (b"x-request-id", b"call-7"))
    assert read_line(lines) == {
        "method": "GET",
        "route": "/healthz",
        "status": 200,
        "caller": "",
        "request_id": "call-7",
    }


def test_key_is_named_by_its_prefix(lines: list[str], acme: Brand, acme_key: str) -> None:
    bearer = (b"authorization", f"Bearer {acme_key}".encode())
    Client().call("/api/v1/keys/current", bearer)
    assert read_line(lines)["caller"] == f"key {acme.keys.get().prefix}"
    assert acme_key not in lines[0]


def test_key_of_a_quick_check_is_named(lines: list[str], acme: Brand, acme_key: str) -> None:
    bearer = (b"authorization", f"Bearer {acme_key}".encode())
    json_ = (b"content-type", b"application/json")
    asked = b'{"contact": {"email": "ana@example.org"}, "purpose": "marketing", "channel": "email"}'
    Client().call("/api/v1/check", bearer, json_, method="POST", body=asked)
    assert (read_line(lines)["caller"], read_line(lines)["status"]) == (
        f"key {acme.keys.get().prefix}",
        200,
    )


def test_unknown_key_is_not_named(lines: list[str]) -> None:
    bearer = (b"authorization", b"Bearer cmr_live_0123456789abcdef_" + b"A" * 43)
    Client().call("/api/v1/keys/current", bearer)
    assert (read_line(lines)["caller"], read_line(lines)["status"]) == ("", 401)
    assert "0123456789abcdef" not in lines[0]


def test_person_with_a_session_is_not_named(lines: list[str], as_ana_signed_in: Api) -> None:
    session = as_ana_signed_in.client.cookies["sessionid"].value
    Client().call("/api/v1/me", (b"cookie", f"sessionid={session}".encode()))
    assert (read_line(lines)["caller"], read_line(lines)["status"]) == ("session", 200)
    assert EMAIL not in lines[0]


def test_person_with_a_token_is_not_named(lines: list[str], ana_token: str) -> None:
    Client().call("/api/v1/me", (b"authorization", f"Bearer {ana_token}".encode()))
    assert (read_line(lines)["caller"], read_line(lines)["status"]) == ("token", 200)


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/p/a-secret-of-a-link", "/p/<str:token>"),
        ("/brands/ana@example.org", "(none)"),
        ("/static/ana.css", "/static/<path>"),
        ("/inbound/mail/postmark/a-secret", "/inbound/mail/<slug:provider>/<str:secret>"),
    ],
)
def test_line_has_the_route_in_place_of_the_path(path: str, route: str, lines: list[str]) -> None:
    Client().call(path, query=b"email=ana@example.org")
    assert read_line(lines)["route"] == route
    assert "secret-of" not in lines[0]
    assert "ana" not in lines[0]


def test_unknown_method_is_not_logged_as_such(lines: list[str]) -> None:
    Client().call("/healthz", method="ANA-EXAMPLE")
    assert read_line(lines)["method"] == "other"


GIVEN = ["ana@example.org", "a b", "+4915112345678", *SECRETS]


@pytest.mark.parametrize("given", GIVEN, ids=range(len(GIVEN)))  # some are made anew each time
def test_secret_or_address_as_request_id_is_not_logged(given: str, lines: list[str]) -> None:
    Client().call("/healthz", (b"x-request-id", given.encode()))
    assert given[-20:] not in lines[0]


# -- Refused before Django ----------------------------------------------------------------------


def test_headers_too_large_are_logged(lines: list[str]) -> None:
    client = Client()
    client.call("/healthz", (b"x", b"y" * MAX_HEADER_BYTES), (b"x-request-id", b"call-7"))
    assert (read_line(lines)["status"], read_line(lines)["request_id"]) == (431, "call-7")
    assert (b"x-request-id", b"call-7") in client.sent[0]["headers"]
    assert json.loads(client.sent[1]["body"])["request_id"] == "call-7"


@pytest.mark.parametrize("length", [b"1" * 5_000, b"0" * 5_000 + b"7"])
def test_length_that_nobody_can_read_is_refused(length: bytes, lines: list[str]) -> None:
    client = Client()
    client.call("/api/v1/check", (b"content-length", length), method="POST")
    assert (read_line(lines)["route"], read_line(lines)["status"]) == ("/api/v1/check", 400)
    assert json.loads(client.sent[1]["body"])["code"] == "bad_request"


def test_slow_body_is_logged(lines: list[str], settings: Settings) -> None:
    settings.BODY_SECONDS = 0.01

    async def never() -> Mapping[str, Any]:
        await asyncio.sleep(3_600)
        return {}

    Client().call("/api/v1/check", method="POST", body=b"{}", receive=never)
    assert (read_line(lines)["route"], read_line(lines)["status"]) == ("/api/v1/check", 408)


def test_body_that_ends_early_is_logged(lines: list[str]) -> None:
    async def leave() -> Mapping[str, Any]:
        return {"type": "http.disconnect"}

    Client().call("/api/v1/check", method="POST", body=b"{}", receive=leave)
    assert read_line(lines)["status"] == 400


def test_body_too_large_is_logged(lines: list[str]) -> None:
    json_ = (b"content-type", b"application/json")
    Client().call("/api/v1/session", json_, method="POST", body=b" " * 1_000_001)
    assert read_line(lines)["status"] == 413


# -- How it ended --------------------------------------------------------------------------------


class Answering(WSGIHandler):
    """Answers every request with one response."""

    def __init__(self, answer: Callable[[], HttpResponse | StreamingHttpResponse]) -> None:
        self.answer = answer

    def __call__(self, environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [])
        return self.answer()


def test_stream_is_logged_at_its_last_byte(lines: list[str]) -> None:
    seen: list[int] = []

    def pieces() -> Iterator[bytes]:
        yield b"a"
        seen.append(len(lines))

    Client(Answering(lambda: StreamingHttpResponse(pieces()))).call("/healthz")
    assert seen == [0]
    assert "cut" not in read_line(lines)


def test_stream_that_breaks_off_is_logged_as_cut(lines: list[str]) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"a"
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        Client(Answering(lambda: StreamingHttpResponse(pieces()))).call("/healthz")
    assert (read_line(lines)["status"], read_line(lines)["cut"]) == (200, True)


def test_error_before_the_answer_is_logged_as_500(lines: list[str]) -> None:
    def fail() -> HttpResponse:
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        Client(Answering(fail)).call("/healthz")
    assert read_line(lines)["status"] == 500


def test_client_that_reads_nothing_is_logged_as_cut(lines: list[str], settings: Settings) -> None:
    settings.CONNECTION_IDLE_SECONDS = 0.01

    async def stall(message: Mapping[str, Any]) -> None:
        if message["type"] == "http.response.body":
            await asyncio.sleep(3_600)

    async def receive() -> Mapping[str, Any]:
        return {"type": "http.request"}

    application = Application(Answering(lambda: HttpResponse(b"a" * 10)))
    asyncio.run(application(make_scope(path="/healthz"), receive, stall))
    assert (read_line(lines)["status"], read_line(lines)["cut"]) == (200, True)


def test_setting_turns_it_off(lines: list[str], settings: Settings) -> None:
    settings.ACCESS_LOG = False
    Client().call("/healthz")
    assert lines == []


def test_columns_have_the_same_fields(lines: list[str]) -> None:
    fields = {"method": "GET", "route": "/healthz", "request_id": "call-7"}
    record = logging.makeLogRecord({"name": "cmr.access", "access": fields})
    line = logs.AccessFormatter(as_json=False).format(record)
    assert line.endswith("request method=GET route=/healthz request_id=call-7")
