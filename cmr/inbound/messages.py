"""What people write to a brand, understood and recorded. Brands hand it on, or their gateways."""

from __future__ import annotations

from datetime import datetime

from brands.models import Brand
from cmr.inbound import hearing, meaning, replies
from cmr.inbound.hearing import Heard
from cmr.inbound.meaning import Meaning, Understood
from consent.identifiers import Contact
from consent.models import Source

#: By channel: what its choices come by, and how their evidence begins.
WAYS = {"sms": (Source.SMS, "Text message"), "email": (Source.MAIL_REPLY, "Mail")}


def understand_text(text: str) -> Understood | None:
    """Return what a text message asks for; None for anything else."""
    return meaning.of(text)


def understand_mail(
    *, sender: str, subject: str, text: str, auto_submitted: str
) -> Understood | None:
    """Return the no in a mail; None where there is none, or where a machine wrote it."""
    if replies.is_automatic(sender=sender, subject=subject, auto_submitted=auto_submitted):
        return None
    return replies.no_in(subject=subject, text=text)


def record_message(
    brand: Brand,
    contact: Contact,
    channel: str,
    understood: Understood,
    *,
    at: datetime,
    name: str | None,
    now: datetime,
) -> None:
    """Record what a message asks for, once for each *name*.

    Raises:
        consent.identifiers.InvalidAddress
    """
    source, by = WAYS[channel]
    heard = Heard(contact, channel, source, by=by, what=f"“{understood.words}”", at=at, name=name)
    if understood.meaning == Meaning.STOP:
        hearing.take_no(brand, heard, now=now)
    elif understood.meaning == Meaning.START:
        hearing.take_yes(brand, heard, now=now)
