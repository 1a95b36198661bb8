"""Uploads of mailboxes at a real web server: they need little memory, and hold nobody else up."""

from __future__ import annotations

import http.client
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.test import Client

from cmr.models import Consumer, MailboxScan, Sender
from tests.bench import memory
from tests.chaos.fleet import Fleet, wait_until
from tests.cmr.mailbox.signed_mails import make_mail, make_mbox
from tests.factories import open_account

pytestmark = pytest.mark.django_db(transaction=True)

MB = 1_000_000
#: Of one upload, and the memory that it may need.
UPLOAD, MOST_MEMORY = 200 * MB, 60 * MB
PATIENCE = 120  # seconds
BOUNDARY = "--the-boundary"


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Fleet]:
    """One process with as many threads as mailboxes that it reads at once."""
    more = {"WEB_THREADS": "2", "STREAMS_AT_ONCE": "1", "MAILBOX_READS_AT_ONCE": "2"}
    fleet = Fleet(tmp_path, with_broker=False, more=more)
    try:
        fleet.start("web")
        wait_until(fleet.is_ready, "web ready")
        yield fleet
    finally:
        fleet.stop()


@dataclass
class Person:
    """A signed-in browser, at the real server."""

    web: Fleet
    consumer: Consumer
    cookies: str = ""
    token: str = ""

    def sign_in(self) -> None:
        client = Client()
        client.force_login(self.consumer.user)
        self.cookies = f"sessionid={client.cookies['sessionid'].value}"
        status, headers, page = self.get("/you")
        assert status == 200
        (self.token, *_) = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
        cookie = next(value for name, value in headers if value.startswith("csrftoken="))
        self.cookies += f"; {cookie.partition(';')[0]}"

    def get(self, path: str, cookie: str = "") -> tuple[int, list[tuple[str, str]], str]:
        call = http.client.HTTPConnection("127.0.0.1", self.web.port, timeout=PATIENCE)
        call.request("GET", path, headers={"Cookie": f"{self.cookies}; {cookie}"})
        answer = call.getresponse()
        return answer.status, answer.getheaders(), answer.read().decode()

    def begin(self, size: int) -> socket.socket:
        """Begin an upload of *size* bytes of a file; return the connection to send them on."""
        begin = (
            f"--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"csrfmiddlewaretoken\"\r\n\r\n"
            f"{self.token}\r\n--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"files\"; "
            "filename=\"all.mbox\"\r\nContent-Type: application/mbox\r\n\r\n"
        )  # fmt: skip
        head = (
            "POST /companies/upload HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\nCookie: {self.cookies}\r\n"
            f"Content-Length: {len(begin) + size + len(END)}\r\n\r\n"
        )
        client = socket.create_connection(("127.0.0.1", self.web.port), timeout=PATIENCE)
        client.sendall((head + begin).encode())
        return client


END = f"\r\n--{BOUNDARY}--\r\n".encode()


def finish(person: Person, client: socket.socket) -> str:
    """Send the end of the form. Return the page that follows, with the message about it."""
    client.sendall(END)
    with client:
        answer = http.client.HTTPResponse(client)
        answer.begin()
        assert answer.status == 302
        cookies = answer.headers.get_all("Set-Cookie") or []
    return person.get("/you", next(each for each in cookies if each.startswith("messages=")))[2]


@pytest.fixture
def people(web: Fleet) -> list[Person]:
    found = [Person(web, open_account(f"person{each}@example.org")) for each in range(3)]
    for each in found:
        each.sign_in()
    return found


def make_piece() -> bytes:
    """Return about 4 MB of a mailbox: newsletters, and mails with large attachments."""
    mails = [make_mail(number=each, at=datetime(2026, 1, 5, tzinfo=UTC)) for each in range(100)]
    return make_mbox([each + b"A" * 40_000 + b"\n" for each in mails])


def test_large_upload_needs_little_memory(web: Fleet, people: list[Person]) -> None:
    piece = make_piece()
    (pid,) = memory.workers(web.port)
    number = UPLOAD // len(piece)
    client = people[0].begin(number * len(piece))
    held = []
    for _ in range(number):
        client.sendall(piece)
        held.append(memory.resident(pid))
    assert "Mails read" in finish(people[0], client)
    grown = max(held) - held[2]
    print(f"{number * len(piece) / MB:.0f} MB: from {held[2] / MB:.0f} by {grown / MB:.0f} MB")
    assert grown < MOST_MEMORY
    assert Sender.objects.get().mails == 100
    assert MailboxScan.objects.get().mails == number * 100
    left = [path for path in web.folder.rglob("*") if path.stat().st_size > 10 * MB]
    assert left == []


def test_slow_uploads_hold_nobody_up(web: Fleet, people: list[Person]) -> None:
    slow = [each.begin(MB) for each in people[:2]]
    wait_until(lambda: MailboxScan.objects.count() == 2, "both are being read")
    for each in people:
        assert each.get("/you")[0] == 200
    assert "Too many mailboxes" in finish(people[2], people[2].begin(0))
    assert MailboxScan.objects.count() == 2
    for person, client in zip(people, slow, strict=False):
        client.sendall(b"\n" * MB)
        assert "contains no mail" in finish(person, client)
    wait_until(lambda: is_free(people[2]), "there is room again")


def test_second_upload_of_a_person_is_refused(web: Fleet, people: list[Person]) -> None:
    first = people[0].begin(MB)
    wait_until(MailboxScan.objects.exists, "the first is being read")
    assert "being read already" in finish(people[0], people[0].begin(0))
    first.close()
    wait_until(lambda: is_free(people[0]), "room again after it vanished")


def is_free(person: Person) -> bool:
    """Return whether an upload of an empty file is read."""
    return "contains no mail" in finish(person, person.begin(0))
