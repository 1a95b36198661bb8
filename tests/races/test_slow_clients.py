"""Clients that vanish, stall or push, at a real web server: nobody else notices."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from brands.models import Brand, BrandKey
from consent.api import lists
from consent.identity import contact_hashes
from consent.models import Relationship
from consent.relationships import iteration
from tests.bench import memory
from tests.bench.load import request
from tests.chaos.fleet import Fleet, wait_until
from tests.conftest import EMAIL
from tests.ownership import as_owner

pytestmark = pytest.mark.django_db(transaction=True)

IDLE = 3.0  # seconds
BODY = 2.0  # seconds
#: Longer than any answer takes on a busy machine.
PATIENCE = 600  # seconds
ENDLESS = 10**10  # bytes
LINE = json.dumps({"email": EMAIL}).encode() + b"\n"
QUESTION = {"contact": {"email": EMAIL}, "purpose": "marketing", "channel": "email"}
ABOUT = "purpose=marketing&channel=email"
MB = 1_000_000


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Fleet]:
    """One process of four threads, so that a thread that stays taken shows."""
    yield from serving(tmp_path, idle=IDLE, body=BODY)


@pytest.fixture
def patient(tmp_path: Path) -> Iterator[Fleet]:
    """One that ends no connection by itself: what waits for a slow client waits until it fails."""
    yield from serving(tmp_path, idle=2 * PATIENCE, body=2 * PATIENCE)


def serving(folder: Path, *, idle: float, body: float) -> Iterator[Fleet]:
    more = {"CONNECTION_IDLE_SECONDS": str(idle), "BODY_SECONDS": str(body)}
    fleet = Fleet(folder, with_broker=False, more=more)
    try:
        fleet.start("web")
        wait_until(fleet.is_ready, "web ready")
        yield fleet
    finally:
        fleet.stop()


@pytest.fixture
def keys(acme_key: str, rival_key: str) -> tuple[str, str]:
    return acme_key, rival_key


def connect(web: Fleet) -> socket.socket:
    return socket.create_connection(("127.0.0.1", web.port), timeout=PATIENCE)


def begin(
    web: Fleet, key: str, body: bytes = LINE, *, length: int = ENDLESS, path: str = "checks/stream"
) -> socket.socket:
    """A call whose body stops coming after *body*."""
    about = f"?{ABOUT}" if path == "checks/stream" else ""
    message = request(f"/api/v1/{path}{about}", b"?", bearer=key)
    head = message[:-1].replace(b"Length: 1\r", b"Length: %d\r" % length)
    client = connect(web)
    client.sendall(head + body)
    return client


def push(client: socket.socket, *, seconds: float = 0.4) -> int:
    """Send without reading until nothing goes any more; the number of bytes."""
    client.settimeout(seconds)
    sent, block = 0, LINE * 2_000
    with suppress(TimeoutError):
        while sent < 500 * MB:
            sent += client.send(block)
    return sent


def check(web: Fleet, key: str) -> bool:
    """Whether a client of its own is told what it asks."""
    return "allowed" in web.post("check", QUESTION, key)


def streams(web: Fleet, key: str) -> bool:
    """Whether there is a place for a stream of the key's brand."""
    return answer_of(begin(web, key, length=len(LINE))).status == 200


def answer_of(client: socket.socket) -> http.client.HTTPResponse:
    with client:
        answer = http.client.HTTPResponse(client)
        answer.begin()
        answer.body = answer.read()  # type: ignore[attr-defined]
    return answer


def states() -> set[str]:
    """Of the connections of others to the database."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT state FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        return {state for (state,) in cursor.fetchall()}


def silent(web: Fleet, key: str) -> socket.socket:
    """A stream that has begun and hears no more."""
    client = begin(web, key)
    assert client.recv(12, socket.MSG_PEEK) == b"HTTP/1.1 200"
    return client


def unread(web: Fleet, key: str) -> socket.socket:
    """A stream whose answers nobody takes."""
    client = silent(web, key)
    assert push(client) > MB
    return client


def ask_for_suppressions(web: Fleet, key: str) -> socket.socket:
    client = connect(web)
    client.sendall(request(f"/api/v1/suppressions?{ABOUT}", bearer=key))
    return client


each_way = pytest.mark.parametrize("way", [silent, unread], ids=["sending", "not-reading"])
Way = Callable[[Fleet, str], socket.socket]


@each_way
def test_client_that_disconnects_frees_slot(
    patient: Fleet, keys: tuple[str, str], met: Relationship, way: Way
) -> None:
    """However much it had said it would send."""
    for _ in range(3):
        clients = [way(patient, key) for key in keys]
        assert not streams(patient, keys[0])
        wait_until(lambda: states() == {"idle"}, "no transaction that waits for a client")
        for client in clients:
            client.close()
        wait_until(lambda: all(streams(patient, key) for key in keys), "places free")
        assert states() == {"idle"}


@each_way
def test_slow_streams_leave_threads_free(
    patient: Fleet, keys: tuple[str, str], met: Relationship, way: Way
) -> None:
    """Two of four; and the first brand has not the second place."""
    with ExitStack() as held:
        held.enter_context(way(patient, keys[0]))
        assert refused(patient, keys[0])
        held.enter_context(way(patient, keys[1]))
        assert all(refused(patient, key) for key in keys)
        assert answer_of(ask_for_suppressions(patient, keys[0])).status == 429
        for _ in range(20):
            assert check(patient, keys[0])


def refused(web: Fleet, key: str) -> bool:
    """With a word that a client who is still sending can read."""
    client = begin(web, key)
    with suppress(OSError):
        push(client, seconds=0.2)
    answer = answer_of(client)
    problem: dict[str, Any] = json.loads(answer.body)  # type: ignore[attr-defined]
    assert answer.getheader("Retry-After") == "5"
    return (answer.status, problem["code"]) == (429, "too_many_streams")


@each_way
def test_stalled_stream_is_ended(web: Fleet, acme_key: str, met: Relationship, way: Way) -> None:
    with way(web, acme_key) as client:
        assert refused(web, acme_key)
        wait_until(lambda: streams(web, acme_key), "its place free")
        client.settimeout(PATIENCE)
        with suppress(ConnectionError):
            while client.recv(MB):
                pass


def test_missing_bodies_hold_no_thread(patient: Fleet, acme_key: str) -> None:
    """Four times as many as there are threads; nobody waits behind them."""
    with ExitStack() as held:
        for _ in range(16):
            held.enter_context(begin(patient, acme_key, b"{", length=100, path="check"))
        for _ in range(8):
            assert check(patient, acme_key)


def test_slow_body_is_refused(web: Fleet, acme_key: str) -> None:
    """One byte now and then moves, but not within the deadline."""
    with begin(web, acme_key, b"{", length=100, path="check") as client:
        began = time.monotonic()
        client.settimeout(BODY / 10)
        while time.monotonic() - began < PATIENCE and not _has_answer(client):
            client.sendall(b" ")
        client.settimeout(PATIENCE)
        answer = answer_of(client)
    assert time.monotonic() - began >= BODY
    problem = json.loads(answer.body)  # type: ignore[attr-defined]
    assert (answer.status, problem["code"]) == (408, "body_too_slow")


def _has_answer(client: socket.socket) -> bool:
    with suppress(TimeoutError):
        return bool(client.recv(1, socket.MSG_PEEK))
    return False


def test_too_long_body_is_refused_unread(web: Fleet, acme_key: str) -> None:
    with begin(web, acme_key, b"{", length=ENDLESS, path="check") as client:
        answer = answer_of(client)
    problem = json.loads(answer.body)  # type: ignore[attr-defined]
    assert (answer.status, problem["code"]) == (413, "body_too_large")


def test_broken_off_body_is_incomplete(web: Fleet, acme_key: str) -> None:
    with begin(web, acme_key, b"{", length=100, path="check") as client:
        client.shutdown(socket.SHUT_WR)
        answer = answer_of(client)
    assert (answer.status, json.loads(answer.body)["code"]) == (400, "incomplete_body")  # type: ignore[attr-defined]


def test_stalled_readers_hold_no_thread(patient: Fleet, acme_key: str, met: Relationship) -> None:
    """Three times as many as there are threads, of a file that fills every buffer."""
    path = "/static/drf_spectacular_sidecar/swagger-ui-dist/swagger-ui-bundle.js.map"
    with ExitStack() as held:
        for _ in range(12):
            client = held.enter_context(socket.socket())
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2_048)
            client.connect(("127.0.0.1", patient.port))
            client.sendall(request(path))
        wait_until(lambda: streams(patient, acme_key), "a stream beside them")
        assert check(patient, acme_key)


def test_too_long_headers_are_refused(web: Fleet) -> None:
    with connect(web) as client:
        client.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 100_000)
        with suppress(ConnectionError):
            client.sendall(b"\r\n\r\n")
        assert answer_of(client).status == 431


def test_delayed_form_holds_no_thread(web: Fleet) -> None:
    """Each answer is held back for half a second; there are more of them than threads."""
    message = request("/link", b"email=nobody%40example.org")
    with ExitStack() as held:
        for _ in range(16):
            client = held.enter_context(connect(web))
            client.sendall(message)
        assert web.is_ready()


def test_stream_of_revoked_key_is_ended(
    web: Fleet, acme: Brand, acme_key: str, met: Relationship
) -> None:
    with begin(web, acme_key, LINE * 2_000) as client:
        answer = http.client.HTTPResponse(client)
        answer.begin()
        assert json.loads(answer.readline())["rule"] == "default_opt_in"
        BrandKey.objects.filter(brand=acme).update(revoked_at=timezone.now())
        client.sendall(LINE * 4_000)
        *_, last = answer.read().splitlines()
    assert json.loads(last)["error"]["code"] == "invalid_key"


def test_slow_client_that_moves_is_served(web: Fleet, acme_key: str, met: Relationship) -> None:
    times = 8
    with begin(web, acme_key, length=times * len(LINE)) as client:
        for _ in range(times - 1):
            time.sleep(IDLE / 4)
            client.sendall(LINE)
        answer = answer_of(client)
    body: bytes = answer.body  # type: ignore[attr-defined]
    assert [json.loads(line)["rule"] for line in body.splitlines()] == ["default_opt_in"] * times


def test_unread_stream_does_not_fill_memory(
    web: Fleet, keys: tuple[str, str], met: Relationship
) -> None:
    (worker,) = memory.workers(web.port)
    assert streams(web, keys[0])
    before = memory.resident(worker)
    with unread(web, keys[0]), unread(web, keys[1]):
        time.sleep(0.5)
        assert memory.resident(worker) - before < 40 * MB


def fill(brand_id: int, people: int) -> None:
    """A brand with many people of whom nothing is known but that it has them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE made AS SELECT gen_random_uuid() id FROM generate_series(1, %s)",
            [people],
        )
        cursor.execute(
            "INSERT INTO consent_subject (id, last_seq, chain_head, created_at, time_zone)"
            " SELECT id, 0, '', now(), '' FROM made"
        )
        # Or each row's foreign key may be looked up by a plan from when there was hardly anybody.
        with as_owner():
            cursor.execute("ANALYZE consent_subject")
        cursor.execute(
            "INSERT INTO consent_relationship (id, subject_id, person_id, brand_id,"
            " origin, origin_note, started_at, ended_by)"
            " SELECT gen_random_uuid(), id, id, %s, 'brand', '', now(), '' FROM made",
            [brand_id],
        )
        cursor.execute("DROP TABLE made")


@pytest.mark.parametrize("form", ["ndjson", "csv"])
def test_broken_off_list_is_recognisable(web: Fleet, acme: Brand, acme_key: str, form: str) -> None:
    fill(acme.pk, 3 * iteration.BATCH)
    web.post("relationships", {"contact": {"email": EMAIL}, "note": "Shop"}, acme_key)
    first, late = (Relationship.objects.order_by("pk")[n] for n in (0, 5 * iteration.BATCH // 2))
    contact_hashes.store_contact_hashes(first, [contact_hashes.ContactHashes("email", bytes(32))])
    unreadable = late.subject_id, late.pk, "email", bytes(48)
    contact_hashes.store_sealed_hashes([unreadable])
    client = connect(web)
    client.sendall(request(f"/api/v1/exports/preferences?form={form}", bearer=acme_key))
    answer = answer_of(client)
    *whole, last = answer.body.splitlines()  # type: ignore[attr-defined]
    assert answer.status == 200 and len(whole) >= 2 * iteration.BATCH
    assert last in (lists.CUT_OFF["ndjson"].strip(), lists.CUT_OFF["csv"].strip())


def test_long_list_uses_constant_memory(
    patient: Fleet, keys: tuple[str, str], acme: Brand, rival: Brand
) -> None:
    fill(acme.pk, 5_000)
    fill(rival.pk, 50_000)
    (worker,) = memory.workers(patient.port)
    most = []
    for key in (keys[0], *keys):
        client = connect(patient)
        client.sendall(request("/api/v1/exports/preferences?form=csv", bearer=key))
        answer, peak, got = http.client.HTTPResponse(client), 0, 0
        answer.begin()
        while more := answer.read1(MB):
            got += more.count(b"\n")
            peak = max(peak, memory.resident(worker))
        client.close()
        most.append((got, peak))
    assert [got for got, _ in most] == [5_001, 5_001, 50_001]
    assert most[2][1] - most[1][1] < 10 * MB, most


def most_memory(web: Fleet, key: str, lines: int) -> int:
    """Of the web process while it answers so many lines."""
    (worker,) = memory.workers(web.port)
    client = begin(web, key, b"", length=lines * len(LINE))
    sending = threading.Thread(target=client.sendall, args=(LINE * lines,))
    sending.start()
    answer, most, got = http.client.HTTPResponse(client), 0, 0
    answer.begin()
    while more := answer.read1(MB):
        got += more.count(b"\n")
        most = max(most, memory.resident(worker))
    sending.join()
    client.close()
    assert got == lines
    return most


def test_long_stream_uses_constant_memory(patient: Fleet, acme_key: str, met: Relationship) -> None:
    short = max(most_memory(patient, acme_key, 10_000) for _ in range(2))
    long = most_memory(patient, acme_key, 50_000)
    assert long - short < 10 * MB, f"{short:,} bytes, then {long:,}"
