"""The one way out for mails to an address that somebody typed."""

from __future__ import annotations

from django.core import mail

from cmr import rate_limits


def send(address: str, subject: str, text: str) -> None:
    """Mail *text*. A line break in *subject*, which may hold a brand's name, becomes a space.

    Raises:
        OSError: the mail could not be sent.
    """
    mail.send_mail(" ".join(subject.split()), text, None, [address])


def send_within_limits(address: str, subject: str, text: str) -> None:
    """Mail *text*, unless the address had too many mails lately.

    Then nothing is sent, and nobody is told: the answer must be the same for any address.

    Raises:
        OSError: the mail could not be sent.
        rate_limits.LimitsUnavailable
    """
    if rate_limits.consume_quietly("mail", address=address):
        send(address, subject, text)
