"""A real mail server inside a test, which takes UTF-8 addresses or does not."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from typing import Any

from aiosmtpd.controller import Controller
from pytest_django import Settings

from tests.chaos.fleet import free_port

PATIENCE = 30.0  # seconds


@dataclass
class Received:
    sender: str
    recipients: list[str]
    options: list[str]
    content: bytes

    @property
    def header(self) -> str:
        return self.content.partition(b"\r\n\r\n")[0].decode()

    @property
    def subject(self) -> str:
        return str(message_from_bytes(self.content)["Subject"])

    @property
    def message_id(self) -> str:
        return str(message_from_bytes(self.content)["Message-ID"])


@dataclass
class MailServer:
    utf8: bool
    port: int = field(default_factory=free_port)
    mails: list[Received] = field(default_factory=list)
    #: What is answered instead to a mail with this subject.
    refuse: dict[str, str] = field(default_factory=dict)
    #: What is answered instead to any recipient.
    refuse_recipients: str = ""
    #: Whether a mail is here, and whether it may be answered.
    is_here: threading.Event = field(default_factory=threading.Event)
    may_answer: threading.Event | None = None
    controller: Controller | None = None

    async def handle_RCPT(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if self.refuse_recipients:
            return self.refuse_recipients
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        mail = Received(
            envelope.mail_from, envelope.rcpt_tos, envelope.mail_options, envelope.content
        )
        if mail.subject in self.refuse:
            return self.refuse[mail.subject]
        self.mails.append(mail)
        self.is_here.set()
        if self.may_answer:
            await asyncio.to_thread(self.may_answer.wait, PATIENCE)
        return "250 OK"

    def hold(self) -> None:
        """Take mails, and answer none of them before `release`."""
        self.may_answer = threading.Event()

    def release(self) -> None:
        assert self.may_answer
        self.may_answer.set()

    def start(self) -> None:
        self.controller = Controller(
            self, hostname="127.0.0.1", port=self.port, enable_SMTPUTF8=self.utf8, decode_data=False
        )
        self.controller.start()

    def stop(self) -> None:
        assert self.controller
        self.controller.stop()
        self.controller = None


@contextmanager
def mail_server(settings: Settings, *, utf8: bool) -> Iterator[MailServer]:
    """Start one, and send our mail there."""
    server = MailServer(utf8)
    server.start()
    settings.EMAIL_BACKEND = "cmr.messages.smtp.Backend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
    try:
        yield server
    finally:
        if server.controller:
            server.stop()
