"""A real mail server inside a test, which takes UTF-8 addresses or does not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiosmtpd.controller import Controller
from pytest_django import Settings

from tests.chaos.fleet import free_port


@dataclass
class Received:
    sender: str
    recipients: list[str]
    options: list[str]
    content: bytes

    @property
    def header(self) -> str:
        return self.content.partition(b"\r\n\r\n")[0].decode()


@dataclass
class MailServer:
    mails: list[Received] = field(default_factory=list)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.mails.append(
            Received(envelope.mail_from, envelope.rcpt_tos, envelope.mail_options, envelope.content)
        )
        return "250 OK"


@contextmanager
def mail_server(settings: Settings, *, utf8: bool) -> Iterator[MailServer]:
    """Start one, and send our mail there."""
    server = MailServer()
    controller = Controller(
        server, hostname="127.0.0.1", port=free_port(), enable_SMTPUTF8=utf8, decode_data=False
    )
    controller.start()
    settings.EMAIL_BACKEND = "cmr.smtp.Backend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", controller.port
    try:
        yield server
    finally:
        controller.stop()
