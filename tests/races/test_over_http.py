"""Several web processes and many clients: what one was told, every other knows at once."""

from __future__ import annotations

import contextlib
import http.client
import itertools
import json
import os
import socket
import struct
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from cmr.models import Consumer
from consent import ledger
from consent.ledger import Actor, NewChoice
from consent.models import Relationship, Send
from consent.resolution import Limit, Scope
from tests.chaos.fleet import Fleet, wait_until
from tests.conftest import EMAIL

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = int(os.environ.get("ROUNDS", "300"))  # ROUNDS=10000 for a longer look
PROCESSES = 3
PLACES = PROCESSES * settings.STREAMS_AT_ONCE
ASKED = {"contact": {"email": EMAIL}, "purpose": "marketing", "channel": "email"}
SCOPE = {"brand": "acme", "purpose": "marketing", "channel": "email"}
STREAM = "/api/v1/checks/stream?purpose=marketing&channel=email"
LINE = json.dumps({"email": EMAIL}).encode() + b"\n"


class Client:
    """Somebody with a connection of their own."""

    def __init__(self, port: int, bearer: str) -> None:
        self.line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self.headers = {"Authorization": f"Bearer {bearer}", "Content-Type": "application/json"}

    def post(self, path: str, body: Any, **headers: str) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.line.request("POST", f"/api/v1/{path}", json.dumps(body), self.headers | named)
        answer = self.line.getresponse()
        said = json.loads(answer.read())
        assert answer.status in (200, 201), said
        return said


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    running = Fleet(tmp_path, with_broker=False, web_processes=PROCESSES)
    try:
        running.start("web")
        wait_until(running.is_ready, "web ready")
        yield running
    finally:
        running.stop()


def backends() -> int:
    """How many connections the web's threads have to our database."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return int(cursor.fetchone()[0])


def test_a_change_is_seen_by_the_very_next_check_of_another_client(
    fleet: Fleet, met: Relationship, ana_token: str, acme_key: str
) -> None:
    ana = Client(fleet.port, ana_token)
    senders = itertools.cycle([Client(fleet.port, acme_key) for _ in range(4 * PROCESSES)])
    for number in range(ROUNDS):
        word, rule = [("deny", "person_denied"), ("grant", "person_granted")][number % 2]
        said = ana.post("me/choices", {"scope": SCOPE, "decision": word})["data"][0]
        answer = next(senders).post("check", ASKED)
        assert (answer["rule"], answer["because"]["entry"]) == (rule, said["entry"]), number
    assert backends() > PROCESSES  # so it was not one process that answered all


def test_16_clients_spend_a_budget_of_100_to_the_last_and_not_beyond(
    fleet: Fleet, ana: Consumer, met: Relationship, acme_key: str
) -> None:
    """Each retries every call with the same key, as a client does that lost the answer."""
    wide = Scope(met.brand_id, "marketing")
    said = [NewChoice(wide, "grant"), NewChoice(wide, "limit", limit=Limit(100, "week"))]
    ledger.record(ana.subject_id, said, by=Actor("api"), now=timezone.now())

    def reserve(client: int) -> list[str]:
        got: list[str] = []
        line = Client(fleet.port, acme_key)
        for number in itertools.count():
            key = f"{client}-{number}"
            first, again = (
                line.post("sends/reserve", ASKED, Idempotency_Key=key) for _ in range(2)
            )
            if not first["reserved"]:
                return got
            assert again["send"] == first["send"]
            got.append(first["send"])
        return got

    with ThreadPoolExecutor(16) as pool:
        sends = [send for got in pool.map(reserve, range(16)) for send in got]
    assert len(sends) == len(set(sends)) == Send.objects.count() == 100


# -- Streams --------------------------------------------------------------------------------------


def open_stream(port: int, key: str) -> tuple[socket.socket, bytes]:
    """A stream that has sent some lines of very many, and the status it was answered."""
    line = socket.create_connection(("127.0.0.1", port), timeout=30)
    head = (
        f"POST {STREAM} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {key}\r\n"
        "Content-Type: application/x-ndjson\r\nContent-Length: 1000000000\r\n\r\n"
    )
    line.sendall(head.encode() + LINE * 4_000)
    return line, line.recv(12)[9:]


@contextlib.contextmanager
def streams(port: int, key: str, number: int) -> Iterator[list[bytes]]:
    """So many at once, their statuses; then all are cut off without a word."""
    opened = [open_stream(port, key) for _ in range(number)]
    try:
        yield [status for _, status in opened]
    finally:
        for line, _ in opened:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            line.close()


def test_streams_that_hang_keep_nobody_from_asking(
    fleet: Fleet, met: Relationship, acme_key: str
) -> None:
    with streams(fleet.port, acme_key, 4 * PLACES) as answered:
        assert set(answered) == {b"200", b"503"}
        assert answered.count(b"200") <= PLACES
        for _ in range(8 * PROCESSES):
            assert Client(fleet.port, acme_key).post("check", ASKED)["rule"] == "default_opt_in"


def test_a_client_that_goes_away_gives_back_its_place_and_its_connection(
    fleet: Fleet, met: Relationship, acme_key: str
) -> None:
    for _ in range(3):
        with streams(fleet.port, acme_key, 4 * PLACES) as answered:
            assert answered.count(b"200") > PROCESSES
        wait_until(_is_idle, "nothing at work in the database")
        wait_until(lambda: _has_room(fleet.port, acme_key), "a place is free")
    assert backends() <= PROCESSES * 4  # a thread's own, and no other


def _is_idle() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND state <> 'idle' AND pid <> pg_backend_pid()"
        )
        return int(cursor.fetchone()[0]) == 0


def _has_room(port: int, key: str) -> bool:
    with streams(port, key, PLACES) as answered:
        return answered.count(b"200") > PROCESSES


def memory(fleet: Fleet) -> int:
    """Bytes that the web processes hold in memory, all of them."""
    leader = fleet.processes["web"].pid
    children = Path(f"/proc/{leader}/task/{leader}/children").read_text().split()
    pages = (int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in children)
    return sum(pages) * os.sysconf("SC_PAGE_SIZE")


def test_a_long_stream_takes_no_more_memory_than_a_short_one(
    fleet: Fleet, met: Relationship, acme_key: str
) -> None:
    def ask(lines: int) -> None:
        wanted = LINE * lines
        line = http.client.HTTPConnection("127.0.0.1", fleet.port, timeout=60)
        headers = {"Authorization": f"Bearer {acme_key}", "Content-Type": "application/x-ndjson"}
        with ThreadPoolExecutor(1) as pool:
            line.connect()
            line.putrequest("POST", STREAM)
            for name, value in (headers | {"Content-Length": str(len(wanted))}).items():
                line.putheader(name, value)
            line.endheaders()
            sending = pool.submit(line.send, wanted)
            assert sum(1 for _ in line.getresponse()) == lines
            sending.result()

    for _ in range(2 * PROCESSES):
        ask(8_000)
    before = memory(fleet)
    ask(80_000)
    assert memory(fleet) - before < 16_000_000  # the answers alone are 20 MB
