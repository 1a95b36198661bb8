"""Handing one mail to our mail server, at once; what can wait goes by `cmr.messages.outbox`.

Note [Final]. A server whose settings or ours are wrong refuses every recipient with 5xx: the relay,
the login, our address. That passes, and must not lose all that waits. So only an answer that names
the recipient is final: one with the enhanced status 5.1.x (RFC 3463), or without any such status
one of `NO_MAILBOX`. All else is a refusal for now.
"""

from __future__ import annotations

import re
import smtplib

from django.core.mail import EmailMessage

from cmr.messages import smtp

#: An enhanced status, as in `5.1.1 No such user`, and those that are about a recipient's address;
#: 5.1.7 and 5.1.8 are about the sender's.
ENHANCED = re.compile(rb"[245]\.\d{1,3}\.\d{1,3}(?!\S)")
OF_RECIPIENT = re.compile(rb"5\.1\.(?![78]$)\d+")
#: No such mailbox, not one of ours, and no such name.
NO_MAILBOX = {550, 551, 553}


def deliver_mail(message: EmailMessage) -> None:
    """Hand *message* over. A line break in its subject, as in a brand's name, becomes a space.

    Raises:
        smtp.CannotReach: the server will never take it.
        smtp.CannotSendNow: there is no connection to the server.
        Exception: whatever the backend raises if this message is refused for now.
    """
    message.subject = " ".join(str(message.subject).split())
    with smtp.connect() as connection:
        try:
            connection.send_messages([message])
        except smtplib.SMTPException as error:
            if _is_final(error):
                raise smtp.CannotReach from error
            raise


def send_mail_now(message: EmailMessage) -> None:
    """Send a mail that somebody waits for, as one with a code.

    Raises:
        smtp.CannotReach, smtp.CannotSendNow
    """
    try:
        deliver_mail(message)
    except (smtp.CannotReach, smtp.CannotSendNow):
        raise
    except Exception as error:  # each backend has its own
        raise smtp.CannotSendNow(type(error).__name__) from error


def _is_final(error: smtplib.SMTPException) -> bool:
    """Return whether the server will never take a mail to the recipient: Note [Final]."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(_names_recipient(*answer) for answer in error.recipients.values())
    if isinstance(error, smtplib.SMTPDataError):
        return _names_recipient(error.smtp_code, error.smtp_error)
    return False


def _names_recipient(code: int, text: bytes | str) -> bool:
    """Return whether a server's answer is about this recipient, and final: Note [Final]."""
    said = text if isinstance(text, bytes) else text.encode()
    if status := ENHANCED.match(said):
        return code >= 500 and bool(OF_RECIPIENT.fullmatch(status[0]))
    return code in NO_MAILBOX
