"""Recording the messages that people write to a brand; brands or their gateways submit them."""

from __future__ import annotations

from datetime import datetime

from brands.models import Brand
from cmr.inbound import recording
from cmr.inbound.meaning import Meaning, Understood
from cmr.inbound.recording import RecordedMessage
from consent.identity import Contact
from consent.models import Source

#: For each channel, the source of its choices and the beginning of their evidence.
WAYS = {"sms": (Source.SMS, "Text message"), "email": (Source.MAIL_REPLY, "Mail")}


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
    """Record the request of a message, once for each *name*.

    Raises:
        consent.identity.identifiers.InvalidAddress
    """
    source, by = WAYS[channel]
    heard = RecordedMessage(
        contact, channel, source, by=by, what=f"“{understood.words}”", at=at, name=name
    )
    if understood.meaning == Meaning.STOP:
        recording.record_refusal(brand, heard, now=now)
    elif understood.meaning == Meaning.START:
        recording.record_consent(brand, heard, now=now)
