"""Mail backends: internationalised addresses (RFC 6531), and no printed mail in production."""

from __future__ import annotations

import copy
import smtplib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email import message_from_bytes, policy
from email.utils import formataddr, parseaddr

import email_validator
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends import console, smtp
from django.core.mail.backends.base import BaseEmailBackend

from core.errors import DomainError

#: The SMTP options for a mail to a UTF-8 address.
OPTIONS = ["SMTPUTF8", "BODY=8BITMIME"]


class CannotReach(DomainError, smtplib.SMTPException):
    """The server never accepts mail to this address, for example a non-ASCII one."""

    code = "unreachable_address"
    field = "contact"

    def __init__(self) -> None:
        super().__init__("our mail server cannot send to this address")


class CannotSendNow(DomainError):
    """No server accepts messages at the moment. The text is the error's name, not the address."""

    status = 503
    code = "cannot_send_now"
    detail = "The message cannot be sent at the moment. Try again in a few minutes."
    wait = 60


def check_reachable(address: str) -> None:
    """Check that our mail server accepts *address*, before anything is stored for it.

    The server is only asked if the part before the @ is not ASCII.

    Raises:
        CannotReach, CannotSendNow
    """
    if address.rpartition("@")[0].isascii():
        return
    with connect() as connection:
        if isinstance(connection, Backend) and not connection.takes_utf8():
            raise CannotReach


@contextmanager
def connect() -> Iterator[BaseEmailBackend]:
    """Yield an open connection to our mail server.

    Raises:
        CannotSendNow: the server cannot be reached or refuses our login.
    """
    connection = get_connection()
    try:
        connection.open()
    except Exception as error:  # each backend raises its own exceptions
        raise CannotSendNow(type(error).__name__) from error
    try:
        yield connection
    finally:
        with suppress(Exception):  # the mail is sent by now, so an error on closing does not matter
            connection.close()


class Backend(smtp.EmailBackend):
    """An SMTP backend with IDNA 2008 domains, and UTF-8 local parts if the server accepts them.

    Django's own backend encodes domains by IDNA 2003, which turns straße.de into strasse.de, a
    different domain. It also writes local parts as encoded words, which RFC 2047 (5, 3) forbids and
    no server understands.
    """

    def takes_utf8(self) -> bool:
        """Return whether the server of the open connection offers SMTPUTF8."""
        assert self.connection is not None
        self.connection.ehlo_or_helo_if_needed()
        return self.connection.has_extn("smtputf8")

    def _send(self, email_message: EmailMessage) -> bool:
        message = _encode_domains(email_message)
        if all(each.isascii() for each in message.recipients()):
            return bool(super()._send(message))  # type: ignore[misc]
        if not self.takes_utf8():
            raise CannotReach
        assert self.connection is not None
        sender = parseaddr(message.from_email)[1]
        recipients = [parseaddr(each)[1] for each in message.recipients()]
        self.connection.sendmail(sender, recipients, _write_in_utf8(message), OPTIONS)
        return True


class ConsoleBackend(console.EmailBackend):
    """Mail backend that prints mail, in development only.

    Otherwise logs would contain codes and links.
    """

    def open(self) -> bool:
        if not settings.DEVELOPMENT:
            raise ImproperlyConfigured("Set EMAIL_URL: mail is printed only in development.")
        return bool(super().open())


def _encode_domains(message: EmailMessage) -> EmailMessage:
    """Return a copy of *message* whose addresses have ASCII domains."""
    encoded = copy.copy(message)
    encoded.from_email = _encode_domain(message.from_email)
    for part in ("to", "cc", "bcc"):
        setattr(encoded, part, [_encode_domain(each) for each in getattr(message, part)])
    return encoded


def _encode_domain(mailbox: str) -> str:
    """Return *mailbox* with an ASCII domain.

    Example: `ana@bücher.example` becomes `ana@xn--bcher-kva.example`.
    """
    if mailbox.isascii():
        return mailbox
    name, address = parseaddr(mailbox)
    valid = email_validator.validate_email(address, check_deliverability=False)
    encoded = f"{valid.local_part}@{valid.ascii_domain}"
    return formataddr((name, encoded)) if name else encoded


def _write_in_utf8(message: EmailMessage) -> bytes:
    """Return the mail in the format of RFC 6532, with unencoded addresses."""
    mail = message_from_bytes(message.message().as_bytes(), policy=policy.SMTPUTF8)
    for name, addresses in (("To", message.to), ("Cc", message.cc)):
        del mail[name]
        if addresses:
            mail[name] = ", ".join(addresses)
    return mail.as_bytes()
