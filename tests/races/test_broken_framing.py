"""Requests whose framing is broken, to every operation that takes a body, at a real web server."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import orjson
import pytest

from config import problems
from tests.chaos.fleet import Fleet, wait_until
from tests.project import malformed_requests
from tests.project.malformed_requests import Operation
from tests.project.test_malformed_requests import CODES, DOCUMENT, KNOWN

pytestmark = pytest.mark.django_db(transaction=True)

#: Longer than any answer takes on a slow machine; a connection that hangs fails all the same.
PATIENCE = 60.0  # seconds
BODY = b'{"email":"ana@example.org"}'
CHUNK = b"%x\r\n%b\r\n" % (len(BODY), BODY)
#: Headers and body, after which the client says no more.
FRAMINGS = {
    "cut": (f"Content-Length: {len(BODY) + 9}", BODY),
    "no number": ("Content-Length: nine", BODY),
    "negative": ("Content-Length: -1", BODY),
    "huge": (f"Content-Length: {'9' * 30}", BODY),
    "two lengths": (f"Content-Length: {len(BODY)}\r\nContent-Length: 3", BODY),
    "length and chunks": ("Content-Length: 3\r\nTransfer-Encoding: chunked", CHUNK + b"0\r\n\r\n"),
    "chunk cut": ("Transfer-Encoding: chunked", CHUNK[:-9]),
    "last chunk missing": ("Transfer-Encoding: chunked", CHUNK),
    "chunk of no size": ("Transfer-Encoding: chunked", b"x\r\nabc\r\n0\r\n\r\n"),
    "gzip": (f"Transfer-Encoding: gzip\r\nContent-Length: {len(BODY)}", BODY),
    "nothing": ("", b""),
    "charset that is no text": (
        f"Content-Length: {len(BODY)}\r\nContent-Type: application/json; charset=base64",
        BODY,
    ),
}
#: Those that are framed well, and have to be answered.
WHOLE = {"nothing", "charset that is no text"}


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Fleet]:
    fleet = Fleet(tmp_path, with_broker=False)
    try:
        fleet.start("web")
        wait_until(fleet.is_ready, "web ready")
        yield fleet
    finally:
        fleet.stop()


def test_broken_framing_gets_a_documented_refusal_or_the_end(
    web: Fleet, acme_key: str, ana_token: str
) -> None:
    """The web server itself refuses some, with no document of ours, or ends the connection."""
    found = malformed_requests.read_operations(DOCUMENT, KNOWN)
    keys = {"brandKey": acme_key, "consumerToken": ana_token}
    faults = {}
    for nth, operation in enumerate(each for each in found if each.body is not None):
        bearer = keys.get(operation.schemes[0] if operation.schemes else "", "")
        # Each operation in a third of the ways, and each way for a third of them.
        for name, (head, body) in list(FRAMINGS.items())[nth % 3 :: 3]:
            is_whole = name in WHOLE
            answer = ask(web, operation, bearer, head, body, is_whole=is_whole)
            if fault := explain_fault(answer, is_whole=is_whole):
                faults[operation.name, name] = fault
    assert faults == {}
    assert web.is_ready()


def ask(
    web: Fleet, operation: Operation, bearer: str, head: str, body: bytes, *, is_whole: bool
) -> tuple[int, str, bytes] | None:
    """Return the answer; None where the web server ends the connection without one."""
    lines = [
        f"{operation.method} {next(malformed_requests.spoil(operation)).path}?a=1 HTTP/1.1",
        *("Host: 127.0.0.1", "Connection: close", f"Authorization: Bearer {bearer}"),
        *([head] if head else []),
        *([] if "Content-Type" in head else [f"Content-Type: {operation.media}"]),
    ]
    with socket.create_connection(("127.0.0.1", web.port), timeout=PATIENCE) as client:
        with suppress(ConnectionError):
            client.sendall(("\r\n".join(lines) + "\r\n\r\n").encode() + body)
            if not is_whole:  # whoever closes before the answer need not get one
                client.shutdown(socket.SHUT_WR)
        with suppress(ConnectionError, http.client.HTTPException):
            answer = http.client.HTTPResponse(client)
            answer.begin()
            return answer.status, answer.getheader("Content-Type", ""), answer.read()
    return None


def explain_fault(answer: tuple[int, str, bytes] | None, *, is_whole: bool) -> str:
    if answer is None:
        return "no answer" if is_whole else ""
    if answer[0] < 400:
        return ""
    status, media, content = answer
    if status >= 500:
        return f"{status} {content[:200]!r}"
    if media != problems.MEDIA_TYPE:
        return "" if status == 400 and not content else f"{status} {media} {content[:200]!r}"
    code = orjson.loads(content)["code"]
    return "" if code in CODES else f"not in docs/errors.md: {code}"
