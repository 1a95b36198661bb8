"""Reading a mailbox by IMAP, from a real server and from hostile ones."""

from __future__ import annotations

import logging
import re
import ssl
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from pytest_django import Settings

from cmr.mailbox import (
    BadCertificate,
    BrokenMailServer,
    ImapProblem,
    MailServerAccess,
    NoConnection,
    NoSuchHost,
    ReadPosition,
    WrongPassword,
    imap,
    read_mail_server,
)
from cmr.models import MailboxScan, Sender
from tests.cmr.mailbox.imap_server import (
    PASSWORD,
    USER,
    FakeServer,
    MailServer,
    make_certificate,
)
from tests.cmr.mailbox.signed_mails import make_mail

ACCESS = MailServerAccess("localhost", USER, PASSWORD)
FORM = {"host": "localhost", "user": USER, "password": PASSWORD}


@pytest.fixture
def certificate(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A certificate that this machine trusts during the test."""
    settings.OUTBOUND_ALLOW_LOOPBACK = True
    made = make_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made))
    return made


@pytest.fixture
def server(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MailServer]:
    running = MailServer(certificate)
    monkeypatch.setattr(imap, "PORT", running.port)
    yield running
    running.close()


def make_mails(now: datetime, number: int, domain: str = "acme.example") -> list[bytes]:
    return [make_mail(domain, number=each, at=now - timedelta(days=each)) for each in range(number)]


def read_all(
    access: MailServerAccess = ACCESS, position: ReadPosition | None = None
) -> tuple[list[bytes], ReadPosition | None]:
    blocks: list[bytes] = []
    progress = read_mail_server(access, blocks.append, position=position)
    assert progress.mails == len(blocks)
    return blocks, progress.position


def test_read_mail_server_returns_wanted_headers_of_all_folders(
    server: MailServer, now: datetime
) -> None:
    server.fill("INBOX", make_mails(now, 3))
    server.fill("Post K&APY-ln", make_mails(now, 2, "shop.example"))
    blocks, position = read_all()
    assert position is None
    assert [b"news@acme.example" in each for each in blocks] == [True] * 3 + [False] * 2
    text = b"".join(blocks)
    assert b"List-Unsubscribe" in text and b"SECRET" not in text and b"Subject" not in text


def test_read_mail_server_marks_nothing_as_read(server: MailServer, now: datetime) -> None:
    server.fill("INBOX", make_mails(now, 2))
    read_all()
    with server.signed_in() as client:
        client.select("INBOX", readonly=True)
        assert client.search(None, "UNSEEN")[1] == [b"1 2"]


def test_read_mail_server_empty_mailbox_has_no_mails(server: MailServer) -> None:
    assert read_all() == ([], None)


def test_read_mail_server_goes_on_where_it_stopped(
    server: MailServer, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.fill("INBOX", make_mails(now, 7))
    server.fill("Shop", make_mails(now, 3, "shop.example"))
    with server.signed_in() as client:  # ids have gaps where mails were deleted
        client.select("INBOX")
        client.store("2:3", "+FLAGS", "\\Deleted")
        client.expunge()
    monkeypatch.setattr(imap, "MAILS_AT_ONCE", 2)
    monkeypatch.setattr(imap, "MOST_MAILS", 4)
    first, position = read_all()
    assert position is not None and position.folder == "INBOX" and len(first) == 4
    rest, end = read_all(position=position)
    assert end is None
    assert len(rest) == 4 and len(set(first + rest)) == 8


def test_read_mail_server_position_of_another_time_begins_anew(
    server: MailServer, now: datetime
) -> None:
    server.fill("INBOX", make_mails(now, 2))
    assert len(read_all(position=ReadPosition("INBOX", validity=1, uid=2))[0]) == 2
    assert len(read_all(position=ReadPosition("Gone", validity=1, uid=2))[0]) == 2


# -- Problems ------------------------------------------------------------------------------------


def test_read_mail_server_wrong_password_is_named_without_it(
    server: MailServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(WrongPassword) as raised:
        read_all(MailServerAccess("localhost", USER, "typed-wrongly"))
    ours = [each.getMessage() for each in caplog.records if not each.name.startswith("pymap")]
    assert "typed-wrongly" not in f"{raised.value!r} {raised.value.__cause__} {ours}"
    assert "typed-wrongly" not in repr(MailServerAccess("localhost", USER, "typed-wrongly"))


@pytest.mark.parametrize("host", ["", "no such", "a\r\nb", "-x", "user@host", "localhost:993"])
def test_read_mail_server_name_that_is_none(host: str) -> None:
    with pytest.raises(NoSuchHost):
        read_all(MailServerAccess(host, USER, PASSWORD))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "10.0.0.1", "169.254.169.254"])
def test_read_mail_server_private_address_is_refused(host: str, settings: Settings) -> None:
    settings.OUTBOUND_ALLOW_LOOPBACK = False
    with pytest.raises(NoSuchHost):
        read_all(MailServerAccess(host, USER, PASSWORD))


def test_read_mail_server_nobody_listens(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imap, "PORT", 1)
    with pytest.raises(NoConnection):
        read_all()


def test_read_mail_server_certificate_of_nobody_gets_no_password(
    server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(BadCertificate):
        read_all()


def test_read_mail_server_certificate_of_another_name(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.OUTBOUND_ALLOW_LOOPBACK = True
    certificate = make_certificate(tmp_path, "mail.example")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    running = MailServer(certificate)
    monkeypatch.setattr(imap, "PORT", running.port)
    with pytest.raises(BadCertificate):
        read_all()
    running.close()


def greet(client: ssl.SSLSocket) -> None:
    client.sendall(b"* OK ready\r\n")


def answer_until(client: ssl.SSLSocket, command: bytes) -> bytes:
    """Answer what every server does, until *command* comes. Return its tag."""
    greet(client)
    lines = client.makefile("rb")
    for line in lines:
        tag, name, *_ = line.split()
        if name.upper() == command:
            return bytes(tag)
        said = {
            b"CAPABILITY": b"* CAPABILITY IMAP4rev1\r\n",
            b"LIST": b'* LIST () "/" INBOX\r\n',
            b"EXAMINE": b"* 9 EXISTS\r\n* OK [UIDVALIDITY 7] valid\r\n",
        }.get(name.upper(), b"")
        client.sendall(said + tag + b" OK done\r\n")
    raise ConnectionError


def send_huge_literal(client: ssl.SSLSocket) -> None:
    answer_until(client, b"FETCH")
    client.sendall(b"* 1 FETCH (UID 1 BODY[HEADER] {9999999999}\r\n")
    while True:
        client.sendall(b"x" * 1_000_000)


def send_endless_lines(client: ssl.SSLSocket) -> None:
    answer_until(client, b"FETCH")
    while True:
        client.sendall(b"* OK and so on\r\n" * 10_000)


def end_early(client: ssl.SSLSocket) -> None:
    answer_until(client, b"FETCH")


def send_nonsense(client: ssl.SSLSocket) -> None:
    tag = answer_until(client, b"LIST")
    client.sendall(b'* LIST () "/" "&&&\xff\xfe"\r\n' + tag + b" OK done\r\n")
    client.recv(1_000)


def trickle(client: ssl.SSLSocket) -> None:
    answer_until(client, b"FETCH")
    while True:
        client.sendall(b"*")
        time.sleep(0.2)


@pytest.mark.parametrize(
    "talk", [send_huge_literal, send_endless_lines, end_early, send_nonsense, trickle]
)
def test_read_mail_server_hostile_one_ends_soon(
    talk: Callable[[ssl.SSLSocket], None], certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imap, "CONNECTION_SECONDS", 3.0)
    fake = FakeServer(certificate, talk)
    monkeypatch.setattr(imap, "PORT", fake.port)
    began = time.monotonic()
    with pytest.raises(ImapProblem) as raised:
        read_all()
    assert time.monotonic() - began < 15
    assert raised.type is BrokenMailServer
    fake.close()


def say_no_tls(client: ssl.SSLSocket) -> None:
    client.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def test_read_mail_server_another_protocol_is_no_mail_server(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = FakeServer(certificate, say_no_tls)
    monkeypatch.setattr(imap, "PORT", fake.port)
    with pytest.raises(NoConnection):
        read_all()
    fake.close()


# -- The page ------------------------------------------------------------------------------------


def list_messages(answer: Any) -> list[str]:
    return [str(each) for each in get_messages(answer.wsgi_request)]


def test_read_imap_records_and_says_what_was_found(
    server: MailServer, browser: Client, now: datetime
) -> None:
    server.fill("INBOX", make_mails(now, 3))
    answer = browser.post("/companies/imap", FORM)
    assert (answer.status_code, answer["Location"]) == (302, "/companies/find")
    assert "Mails read: 3." in list_messages(answer)[0]
    sender = Sender.objects.get()
    assert (sender.organisation, sender.mails, sender.signature) == ("acme.example", 3, "")
    assert MailboxScan.objects.get().source == "imap"


def test_read_imap_goes_on_with_the_password_again(
    server: MailServer, browser: Client, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.fill("INBOX", make_mails(now, 5))
    monkeypatch.setattr(imap, "MAILS_AT_ONCE", 3)
    monkeypatch.setattr(imap, "MOST_MAILS", 3)
    page = browser.post("/companies/imap", FORM).content.decode()
    assert "There are more mails" in page and PASSWORD not in page
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
    fields = {name: hidden[name] for name in ("folder", "validity", "uid")}
    answer = browser.post("/companies/imap", FORM | fields)
    assert answer.status_code == 302
    assert Sender.objects.get().mails == 5


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"password": "wrong"}, "refused the user name or the password"),
        ({"host": "not a host"}, "No mail server has this name"),
        ({"host": ""}, "Enter the name of the mail server"),
        ({"user": "a\r\nb"}, "Enter the name of the mail server"),
    ],
)
def test_read_imap_problem_is_explained(
    change: dict[str, str], words: str, server: MailServer, browser: Client
) -> None:
    answer = browser.post("/companies/imap", FORM | change)
    page = answer.content.decode()
    assert answer.status_code == 422 and words in page
    assert PASSWORD not in page and 'value="wrong"' not in page
    assert not MailboxScan.objects.exists()
