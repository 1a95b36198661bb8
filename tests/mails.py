"""What was mailed, with what a worker would send now."""

from __future__ import annotations

from django.core import mail
from django.core.mail import EmailMessage

from cmr import tasks


def sent() -> list[EmailMessage]:
    """Send what waits in the outbox. Return all mails that went out, as a list to be cleared."""
    tasks.send_waiting()
    return mail.outbox
