"""Uploading a mailbox without JavaScript: what is read, what is said, and what is kept."""

from __future__ import annotations

import io
import os
import re
import zipfile
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client

from cmr.models import Consumer, MailboxScan, Sender
from cmr.portal.long_requests import MAILBOX_LOCKS, NO_ROOM
from tests.cmr.mailbox.signed_mails import Signer, make_mail, make_mbox, publish
from tests.hostile.names import Names

PATH = "/companies/upload"
ACME = Signer("acme.example")


@pytest.fixture
def strict(ana: Consumer) -> Client:
    """Ana's browser, whose forms need their CSRF token."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(ana.user)
    return client


def get_token(browser: Client) -> str:
    page = browser.get("/you").content.decode()
    (token, *_) = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    return str(token)


def upload(browser: Client, *files: tuple[str, bytes], token: str | None = None) -> Any:
    token = get_token(browser) if token is None else token
    content = [SimpleUploadedFile(name, body) for name, body in files]
    return browser.post(PATH, {"csrfmiddlewaretoken": token, "files": content})


def list_messages(answer: Any) -> list[str]:
    return [str(each) for each in get_messages(answer.wsgi_request)]


def make_mails(now: datetime, number: int = 3, domain: str = "acme.example") -> list[bytes]:
    return [make_mail(domain, number=each, at=now - timedelta(days=each)) for each in range(number)]


def pack(*files: tuple[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, body in files:
            packed.writestr(name, body)
    return target.getvalue()


def test_upload_mbox_shows_and_records_what_was_found(
    strict: Client, ana: Consumer, now: datetime
) -> None:
    personal = b"From: ben@example.org\r\nSubject: hi\r\n\r\nhello\r\n"
    answer = upload(strict, ("all.mbox", make_mbox([*make_mails(now), personal])))
    assert (answer.status_code, answer["Location"]) == (302, "/companies/find")
    (message,) = list_messages(answer)
    assert message == (
        "Mails read: 4. Newsletters and notices among them: 3, of which 3 are new. Senders: 1."
    )
    sender = Sender.objects.get(consumer=ana)
    assert (sender.organisation, sender.mails) == ("acme.example", 3)
    scan = MailboxScan.objects.get()
    assert (scan.mails, scan.bulk, scan.new, scan.source) == (4, 3, 3, "upload")
    assert scan.ended_at is not None


def test_upload_same_file_again_changes_nothing(strict: Client, now: datetime) -> None:
    file = ("all.mbox", make_mbox(make_mails(now)))
    upload(strict, file)
    (message,) = list_messages(upload(strict, file))
    assert "of which 0 are new" in message
    assert Sender.objects.get().mails == 3


def test_upload_several_files_and_a_zip_count_together(strict: Client, now: datetime) -> None:
    mails = make_mails(now, 5)
    answer = upload(
        strict,
        ("one.eml", mails[0]),
        ("two.eml", mails[1]),
        ("export.zip", pack(("Takeout/All.mbox", make_mbox(mails[1:])), ("notes.txt", b"x"))),
    )
    assert "Mails read: 6." in list_messages(answer)[0]
    assert Sender.objects.get().mails == 5


def test_upload_newest_signed_mail_is_verified(strict: Client, names: Names, now: datetime) -> None:
    publish(names, ACME)
    old, new = make_mails(now, 2)[::-1]
    forged = ACME.sign(old).replace(b"/stop?u=1", b"/stop?u=9")
    upload(strict, ("all.mbox", make_mbox([ACME.sign(new), forged])))
    assert Sender.objects.get().is_one_click_verified


# -- Bad input -----------------------------------------------------------------------------------


def make_bomb(now: datetime) -> bytes:
    return pack(("a.mbox", make_mbox(make_mails(now)) + b"\0" * 120_000_000))


def encrypt(packed: bytes) -> bytes:
    """Set the flag of an encrypted entry."""
    return packed[:6] + bytes([packed[6] | 1]) + packed[7:]


def make_incompressible(now: datetime) -> bytes:
    return pack(("a.mbox", make_mbox(make_mails(now)) + os.urandom(300_000)))


BAD: dict[str, tuple[Callable[[datetime], bytes], str, int]] = {
    "no mailbox": (lambda now: b"%PDF-1.7 nothing here\n" * 100, "contains no mail", 0),
    "empty": (lambda now: b"x", "contains no mail", 0),
    "empty zip": (lambda now: pack(("readme.txt", b"x")), "contains no mail", 0),
    "truncated": (lambda now: make_incompressible(now)[:200_000], "ends too early", 3),
    "bomb": (make_bomb, "unpacks to far more", 3),
    "encrypted": (lambda now: encrypt(pack(("a.mbox", b"From x"))), "is encrypted", 0),
    "damaged": (
        lambda now: (packed := make_incompressible(now))[:100_000] + b"\xff" * 50_000 + packed[-9:],
        "",
        3,
    ),
}


@pytest.mark.parametrize("kind", BAD)
def test_upload_bad_file_is_explained_and_loses_no_other(
    kind: str, strict: Client, now: datetime
) -> None:
    make, words, found = BAD[kind]
    good = make_mails(now, 2, domain="good.example")
    answer = upload(
        strict, ("a.mbox", make_mbox(good[:1])), ("bad.zip", make(now)), ("b.eml", good[1])
    )
    messages = list_messages(answer)
    assert f"Mails read: {2 + found}." in messages[0]
    assert len(messages) == 2 and "“bad.zip”" in messages[1] and words in messages[1]
    assert Sender.objects.get(organisation="good.example").mails == 2


@pytest.mark.parametrize(
    "mail",
    [
        b"From: Acme <news@acme.example>\nList-Id: <a.b>\nX-Long: " + b"a" * 1_000_000 + b"\n\nx\n",
        b"From: =?utf-8?q?Caf=C3=A9?= <news@acme.example>\nList-Id: <caf\xe9.acme.example>\n\nx\n",
        b"From: Acme\n <news@acme.example>\nList-Id:\n Acme\n\t<news.acme.example>\n\nx\n",
        b"From: Acme\0 <news@acme.example>\nList-Id: <a\0b.acme.example>\n\nx\n",
        b"From: =?unicode-escape?q?=5Cud800?= <news@acme.example>\nList-Id: <a.acme.example>\n\nx",
        b"\n" * 3_000_000 + b"From: Acme <news@acme.example>\nList-Id: <a.acme.example>\n\nx\n",
        b"From: Acme <news@acme.example>\nPrecedence: bulk\n\n" + b"\n" * 3_000_000,
    ],
    ids=["1 MB header", "8-bit", "folded", "NUL", "surrogate", "empty lines", "empty body"],
)
def test_upload_strange_mail_is_read(mail: bytes, strict: Client) -> None:
    (message,) = list_messages(upload(strict, ("a.eml", mail)))
    assert message.startswith("Mails read: 1.")
    assert Sender.objects.filter(organisation="acme.example").count() == 1


def test_upload_without_file_asks_for_one(strict: Client) -> None:
    answer = strict.post(PATH, {"csrfmiddlewaretoken": get_token(strict)})
    assert list_messages(answer) == ["Choose at least one file."]


def test_upload_of_too_many_files_keeps_the_first(strict: Client, now: datetime) -> None:
    files = [(f"{n}.eml", mail) for n, mail in enumerate(make_mails(now, 120))]
    answer = upload(strict, *files)
    assert "too many files" in list_messages(answer)[0]
    assert Sender.objects.get().mails >= 99


# -- Who may -------------------------------------------------------------------------------------


@pytest.mark.parametrize("token", ["", "a" * 64, "short"])
def test_upload_without_csrf_token_records_nothing(
    token: str, strict: Client, now: datetime
) -> None:
    get_token(strict)
    answer = upload(strict, ("all.mbox", make_mbox(make_mails(now))), token=token)
    assert answer.status_code == 403
    assert not MailboxScan.objects.exists() and not Sender.objects.exists()


class Unreadable(io.BytesIO):
    """A body that nobody may read."""

    def read(self, size: int | None = -1, /) -> bytes:
        raise AssertionError("the body was read")


def test_upload_by_stranger_is_not_read(db: None) -> None:
    client = Client()
    more: dict[str, Any] = {"CONTENT_LENGTH": 10**9, "wsgi.input": Unreadable()}
    answer = client.post(PATH, content_type="multipart/form-data; boundary=x", **more)
    assert answer.status_code == 302 and "/account/login/" in answer["Location"]


def test_upload_while_another_runs_is_refused(
    strict: Client, ana: Consumer, other_connection: Any
) -> None:
    with other_connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s, %s)", [MAILBOX_LOCKS, ana.pk])
        answer = upload(strict, ("a.eml", b"From: a@b.example\n\nx"))
    assert "being read already" in list_messages(answer)[0]
    assert not MailboxScan.objects.exists()


@pytest.fixture
def other_connection(db: None) -> Any:
    other = connection.copy()
    yield other
    other.close()


def test_upload_without_room_is_refused(strict: Client) -> None:
    more: dict[str, Any] = {NO_ROOM: True}
    answer = strict.post(PATH, {}, **more)
    assert "Too many mailboxes" in list_messages(answer)[0]


def test_upload_stores_no_file_and_no_text(
    strict: Client, now: datetime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    upload(strict, ("secret-name.mbox", make_mbox(make_mails(now, 300))))
    assert list(tmp_path.iterdir()) == []
    kept = repr([*Sender.objects.values(), *MailboxScan.objects.values()])
    assert "SECRET" not in kept and "secret-name" not in kept
