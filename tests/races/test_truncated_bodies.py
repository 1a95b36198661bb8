"""Bodies that end early or have a wrong length, at a real web server: nothing of them is kept."""

from __future__ import annotations

import http.client
import json
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from brands import campaigns
from brands.models import Brand, CampaignDay, Event
from consent.imports import jobs
from consent.models import Import, ImportPart, ImportProblem, LedgerEntry, Relationship, Send
from tests.chaos.fleet import Fleet, wait_until
from tests.conftest import EMAIL

pytestmark = pytest.mark.django_db(transaction=True)

PATIENCE = 60.0  # seconds
#: Bytes that a process reads whole; a longer part of an import is streamed.
WHOLE = 20_000


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Fleet]:
    fleet = Fleet(tmp_path, with_broker=False, more={"MAX_UPLOAD_BYTES": str(WHOLE)})
    try:
        fleet.start("web")
        wait_until(fleet.is_ready, "web ready")
        yield fleet
    finally:
        fleet.stop()


@dataclass(frozen=True, slots=True)
class Call:
    """A request that would change something if it were whole."""

    method: str
    path: str
    media: str
    body: bytes
    bearer: str

    def head(self, *lengths: str) -> bytes:
        lines = [
            f"{self.method} /api/v1/{self.path} HTTP/1.1",
            "Host: 127.0.0.1",
            f"Authorization: Bearer {self.bearer}",
            f"Content-Type: {self.media}",
            *lengths,
        ]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()


def rows(number: int) -> bytes:
    lines = [json.dumps({"email": f"person{n}@example.org"}) + "\n" for n in range(number)]
    return "".join(lines).encode()


CSV = "email\r\n" + "".join(f"person{n}@example.org\r\n" for n in range(100))
CHOICE = {
    "contact": {"email": EMAIL},
    "scope": {"purpose": "marketing"},
    "decision": "deny",
}


@pytest.fixture
def calls(acme: Brand, acme_key: str, ana_token: str, met: Relationship) -> list[Call]:
    now = timezone.now()
    campaigns.find_or_create_campaign(acme, code="spring", now=now)
    day = now.date().isoformat()
    stats = "campaign,channel,day,sends,deliveries,responses,complaints\n"
    stats += "".join(f"spring,{each},{day},90,80,12,12\n" for each in ("sms", "email", "push"))
    mine = json.dumps({"scope": {"purpose": "research"}, "decision": "deny"}).encode()
    asked = {"contact": {"email": EMAIL}, "purpose": "service", "channel": "email"}
    ndjson, as_json = "application/x-ndjson", "application/json"
    return [
        Call("POST", "choices", as_json, json.dumps(CHOICE).encode(), acme_key),
        Call("POST", "me/choices", as_json, mine, ana_token),
        Call("POST", "sends/reserve", as_json, json.dumps(asked).encode(), acme_key),
        Call("PUT", part_of(acme), ndjson, rows(100), acme_key),
        Call("PUT", part_of(acme), "text/csv", CSV.encode(), acme_key),
        Call("PUT", part_of(acme), ndjson, rows(2_000), acme_key),  # streamed
        Call("PUT", "campaigns/stats", "text/csv", stats.encode(), acme_key),
    ]


def part_of(brand: Brand) -> str:
    job = jobs.begin_import(brand, note="shop", tells=False, now=timezone.now())
    return f"imports/{job.pk}/parts/1"


def count_all() -> list[int]:
    """How many rows there are of everything that a call could leave behind."""
    models = (LedgerEntry, Event, Send, ImportPart, ImportProblem, CampaignDay, Relationship)
    return [model.objects.count() for model in models] + [
        *Import.objects.values_list("rows", flat=True)
    ]


def connect(web: Fleet) -> socket.socket:
    return socket.create_connection(("127.0.0.1", web.port), timeout=PATIENCE)


def answer_of(client: socket.socket) -> tuple[int, dict[str, Any]]:
    answer = http.client.HTTPResponse(client)
    answer.begin()
    raw = answer.read()
    return answer.status, json.loads(raw) if raw.startswith(b"{") else {}


def send_whole(web: Fleet, call: Call) -> int:
    with connect(web) as client:
        client.sendall(call.head(f"Content-Length: {len(call.body)}") + call.body)
        return answer_of(client)[0]


def half(call: Call) -> bytes:
    """Up to the end of a line near the middle, where what came is well-formed by itself."""
    cut = call.body.find(b"\n", len(call.body) // 2) + 1
    return call.body[: cut or len(call.body) // 2]


def end_with_fin(web: Fleet, call: Call) -> None:
    with connect(web) as client:
        client.sendall(call.head(f"Content-Length: {len(call.body)}") + half(call))
        client.shutdown(socket.SHUT_WR)
        with suppress(ConnectionError, http.client.HTTPException):
            assert answer_of(client)[0] in (400, 408)


def end_with_rst(web: Fleet, call: Call) -> None:
    client = connect(web)
    client.sendall(call.head(f"Content-Length: {len(call.body)}") + half(call))
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def end_chunks_early(web: Fleet, call: Call) -> None:
    part = half(call)
    with connect(web) as client:
        chunk = b"%x\r\n%b\r\n" % (len(part), part)
        client.sendall(call.head("Transfer-Encoding: chunked") + chunk)
        with suppress(OSError, http.client.HTTPException):  # it may have hung up already
            client.shutdown(socket.SHUT_WR)
            assert answer_of(client)[0] in (400, 408, 411)


def say_too_much(web: Fleet, call: Call) -> None:
    """Announce one byte more than there is."""
    with connect(web) as client:
        client.sendall(call.head(f"Content-Length: {len(call.body) + 1}") + call.body)
        client.shutdown(socket.SHUT_WR)
        with suppress(ConnectionError, http.client.HTTPException):
            assert answer_of(client)[0] in (400, 408)


WAYS = [end_with_fin, end_with_rst, end_chunks_early, say_too_much]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_truncated_body_stores_nothing_and_can_be_repeated(
    web: Fleet, calls: list[Call], way: Callable[[Fleet, Call], None]
) -> None:
    for call in calls:
        before = count_all()
        for _ in range(3):
            way(web, call)
        # Until a stream that broke off has given its place back, this is 429.
        wait_until(partial(is_taken, web, call), f"{call.path} repeated")
        after = count_all()
        assert after != before
        way(web, call)
        assert count_all() == after


def is_taken(web: Fleet, call: Call) -> bool:
    before = count_all()
    status = send_whole(web, call)
    assert status in (200, 201) or (status == 429 and count_all() == before)
    return status != 429


def test_too_short_length_takes_no_partial_row(web: Fleet, calls: list[Call]) -> None:
    """What is cut within an object is no JSON; the last row of a file is listed as bad."""
    for call in (each for each in calls if "json" in each.media):
        before = count_all()
        with connect(web) as client:
            length = f"Content-Length: {len(call.body) - 3}"
            client.sendall(call.head(length, "Connection: close") + call.body)
            status, answer = answer_of(client)
        if call.media == "application/json":
            assert (status, answer["code"]) == (400, "parse_error")
            assert count_all() == before
        else:
            assert (status, answer["bad"]) == (200, 1)
