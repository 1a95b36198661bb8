"""Handing one mail to our mail server, at once; what can wait goes by `cmr.outbox`."""

from __future__ import annotations

import smtplib

from django.core.mail import EmailMessage

from cmr import smtp


def deliver(message: EmailMessage) -> None:
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


def send_now(message: EmailMessage) -> None:
    """Send a mail that somebody waits for, as one with a code.

    Raises:
        smtp.CannotReach, smtp.CannotSendNow
    """
    try:
        deliver(message)
    except (smtp.CannotReach, smtp.CannotSendNow):
        raise
    except Exception as error:  # each backend has its own
        raise smtp.CannotSendNow(type(error).__name__) from error


def _is_final(error: smtplib.SMTPException) -> bool:
    """Return whether the server refused the recipient or the text, and not for now (5xx).

    If it refuses the sender it may be our setting that is wrong.
    """
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _text in error.recipients.values())
    return isinstance(error, smtplib.SMTPDataError) and error.smtp_code >= 500
