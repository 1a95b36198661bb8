"""Hand one mail to our mail server at once. Mails that can wait use `cmr.messages.outbox`.

Note [Final]. A server refuses every recipient with 5xx if its settings or ours are wrong: the
relay, the login or our address. That is temporary, and waiting messages must not be lost. Only an
answer about the recipient is therefore final: an enhanced status 5.1.x (RFC 3463), or one of the
codes in `NO_MAILBOX` without an enhanced status. Anything else is a temporary refusal.
"""

from __future__ import annotations

import re
import smtplib

from django.core.mail import EmailMessage

from cmr.messages import smtp

#: An enhanced status, as in `5.1.1 No such user`, and those about a recipient's address. 5.1.7 and
#: 5.1.8 are about the sender's address.
ENHANCED = re.compile(rb"[245]\.\d{1,3}\.\d{1,3}(?!\S)")
OF_RECIPIENT = re.compile(rb"5\.1\.(?![78]$)\d+")
#: Mailbox unavailable, user not local, and mailbox name not allowed.
NO_MAILBOX = {550, 551, 553}


def deliver_mail(message: EmailMessage) -> None:
    """Hand *message* to the server. Line breaks in its subject become spaces.

    A line break can come from a brand's name.

    Raises:
        smtp.CannotReach: the server will never accept it.
        smtp.CannotSendNow: there is no connection to the server.
        Exception: whatever the backend raises if this message is refused temporarily.
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
    """Send a mail that somebody is waiting for, such as one with a code.

    Raises:
        smtp.CannotReach, smtp.CannotSendNow
    """
    try:
        deliver_mail(message)
    except (smtp.CannotReach, smtp.CannotSendNow):
        raise
    except Exception as error:  # each backend raises its own exceptions
        raise smtp.CannotSendNow(type(error).__name__) from error


def _is_final(error: smtplib.SMTPException) -> bool:
    """Return whether the server will never accept a mail to the recipient: Note [Final]."""
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
