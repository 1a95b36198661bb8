"""Workers that send the same mails at once, and one that is killed while it sends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest
from django.conf import settings as configured
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from cmr.messages import outbox
from cmr.messages.outbox import NewMessage
from cmr.models import ContactKind, OutgoingMessage
from tests.cmr.mail_servers import PATIENCE, mail_server
from tests.conftest import ROOT
from tests.races.together import together

pytestmark = pytest.mark.django_db(transaction=True)


def write(*subjects: str) -> None:
    messages = [
        NewMessage(ContactKind.EMAIL, f"{each}@example.org", each, "text") for each in subjects
    ]
    outbox.add_messages(messages, now=timezone.now())


def start(port: int) -> subprocess.Popen[bytes]:
    url = configured.DATABASE_URL.rpartition("/")[0] + f"/{connection.settings_dict['NAME']}"
    return subprocess.Popen(
        [sys.executable, "-m", "tests.races.mail_worker", str(port)],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings"},
    )


def send_all() -> None:
    while outbox.send_next_message(now=timezone.now()):
        pass


def test_send_by_many_workers_sends_each_mail_once(settings: Settings) -> None:
    subjects = [f"s{n}" for n in range(20)]
    write(*subjects)
    with mail_server(settings, utf8=True) as server:
        together(send_all, send_all, send_all)
    assert sorted(each.subject for each in server.mails) == sorted(subjects)
    assert not OutgoingMessage.objects.exists()


def test_send_after_killed_worker_is_done_by_other(settings: Settings) -> None:
    """The server may have taken it: then it comes twice, with the same Message-ID."""
    write("first", "second")
    with mail_server(settings, utf8=True) as server:
        server.hold()
        worker = start(server.port)
        assert server.is_here.wait(PATIENCE)
        worker.send_signal(signal.SIGKILL)
        worker.wait()
        server.release()
        send_all()  # the killed worker's lease still holds
        assert [each.subject for each in server.mails] == ["first", "second"]
        assert outbox.send_next_message(now=timezone.now() + outbox.LEASE)
    assert [each.subject for each in server.mails] == ["first", "second", "first"]
    assert server.mails[0].message_id == server.mails[2].message_id != server.mails[1].message_id
    assert not OutgoingMessage.objects.exists()
