"""`make bench-misbehaving`: a good caller's checks, beside sixteen connections that misbehave.

Eight send the body of a call byte by byte, eight post the sign-in form without a CSRF token, again
and again. In turns the good caller is alone and beside them, so a slow machine is slow for both.
"""

from __future__ import annotations

import argparse
import os
import socket
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import django

from tests.bench.load import request

FOLDER = Path("var/bench").resolve()
SLOW, REPEATING = 8, 8
FORM = request(
    "/account/login/",
    b"login=nobody%40example.org&password=wrong",
    media_type="application/x-www-form-urlencoded",
)
SLOW_HEAD = request("/api/v1/receipts/verify", b"?")[:-1].replace(b"Length: 1\r", b"Length: 900\r")
CHECK = b'{"contact":{"email":"ana@example.org"},"purpose":"marketing","channel":"email"}'


class Latencies(NamedTuple):
    """Of checks, in milliseconds."""

    p50: float
    p99: float


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=5.0)
    given = parser.parse_args()
    os.environ.update(CMR_ENVIRONMENT="development")
    django.setup()
    from tests.bench import pages

    with pages.new_database() as url:
        key = _make_key()
        with pages.serving(FOLDER, {"DATABASE_URL": url}) as port:
            _measure(port, key, 2.0)  # the first calls compile what later ones find
            pairs = [_compare(port, key, given.seconds) for _ in range(given.rounds)]
    for alone, beside in pairs:
        print(f"alone p50 {alone.p50:.1f} p99 {alone.p99:.1f} ms, ", end="")
        print(f"beside them p50 {beside.p50:.1f} p99 {beside.p99:.1f} ms")
    for name in Latencies._fields:
        ratios = [getattr(beside, name) / getattr(alone, name) for alone, beside in pairs]
        print(f"{name}: {statistics.median(ratios):.2f} times as long (limit 2)")


def _make_key() -> str:
    from brands.credentials import brand_keys
    from brands.models import Brand

    return brand_keys.issue_key(Brand.objects.create(slug="good", name="Good"), name="bench")


def _compare(port: int, key: str, seconds: float) -> tuple[Latencies, Latencies]:
    alone = _measure(port, key, seconds)
    with misbehaving(port):
        time.sleep(0.5)
        return alone, _measure(port, key, seconds)


def _measure(port: int, key: str, seconds: float) -> Latencies:
    """Ask one check after the other over one connection, for so long."""
    message, taken = request("/api/v1/check", CHECK, bearer=key), []
    with socket.create_connection(("127.0.0.1", port), timeout=60) as line:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            began = time.perf_counter()
            line.sendall(message)
            answer = line.recv(65_536)
            assert answer.startswith(b"HTTP/1.1 200"), answer
            taken.append(1000 * (time.perf_counter() - began))
    cuts = statistics.quantiles(taken, n=100)
    return Latencies(cuts[49], cuts[98])


def check(port: int, key: str) -> float:
    """Return how many seconds one check took, over a connection of its own."""
    began = time.perf_counter()
    with socket.create_connection(("127.0.0.1", port), timeout=60) as line:
        line.sendall(request("/api/v1/check", CHECK, bearer=key))
        answer = line.recv(65_536)
        assert answer.startswith(b"HTTP/1.1 200"), answer
    return time.perf_counter() - began


@contextmanager
def misbehaving(port: int) -> Iterator[None]:
    """Sixteen connections that misbehave until the block ends."""
    ended = threading.Event()
    kinds = [_send_slowly] * SLOW + [_repeat_form] * REPEATING
    threads = [threading.Thread(target=each, args=(port, ended)) for each in kinds]
    for each in threads:
        each.start()
    try:
        yield
    finally:
        ended.set()
        for each in threads:
            each.join()


def _send_slowly(port: int, ended: threading.Event) -> None:
    """Send a byte now and then; begin anew when the server has had enough."""
    while not ended.is_set():
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5) as line:
            line.sendall(SLOW_HEAD)
            while not ended.wait(0.3):
                line.sendall(b" ")


def _repeat_form(port: int, ended: threading.Event) -> None:
    while not ended.is_set():
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5) as line:
            while not ended.is_set():
                line.sendall(FORM)
                if not line.recv(65_536):
                    break


if __name__ == "__main__":
    main()
