"""Recording the choices that a provider posts to an inlet, and counting the outcomes."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from brands.models import Brand, Campaign
from cmr.inbound import inlets, messages, recording, replies
from cmr.inbound.events import ProviderEvent
from cmr.inbound.gateways import Message
from cmr.inbound.meaning import Meaning
from cmr.inbound.providers import PROVIDERS, Letter
from cmr.inbound.recording import RecordedMessage
from cmr.inbound.senders import add_country_code, find_address
from cmr.models import Inlet, InletOutcome
from consent import relationships
from consent.identity import Contact, InvalidAddress
from consent.models import Source

log = logging.getLogger(__name__)
#: The words that the evidence uses.
WHAT = {"unsubscribed": "unsubscribed", "complained": "complained (reported as spam)"}
#: How many characters are read: as many as the API accepts.
MOST_TEXT = {"sms": 5_000, "mail": 200_000}
MOST_SUBJECT = 2_000


def record_letter(inlet: Inlet, letter: Letter, *, now: datetime) -> None:
    """Record the choices in a letter, and count every outcome.

    Raises:
        posts.NotSigned: it came by another topic, or its token was used for other content.
    """
    if letter.topic:
        inlets.bind_topic(inlet, letter.topic)
    if letter.token:
        inlets.use_token(inlet, letter, now=now)
    if letter.confirm_url:
        inlets.ask_to_confirm(inlet, letter.confirm_url)
    outcomes = Counter[str](_record_event(inlet, each, now) for each in letter.events.told)
    outcomes.update(_take_message(inlet, each, now) for each in letter.messages)
    outcomes[InletOutcome.NO_CHOICE] += letter.events.no_choice
    outcomes[InletOutcome.UNREADABLE] += letter.events.unreadable
    if not outcomes.total() and not letter.confirm_url:  # a delivery receipt, an empty batch
        outcomes[InletOutcome.NO_CHOICE] = 1
    if outcomes[InletOutcome.UNREADABLE] or outcomes[InletOutcome.BAD_ADDRESS]:
        log.warning("inlet %s: %s", inlet.pk, {each.value: outcomes[each] for each in InletOutcome})
    inlets.count_outcomes(inlet, outcomes, now=now)


def _record_event(inlet: Inlet, told: ProviderEvent, now: datetime) -> InletOutcome:
    heard = RecordedMessage(
        Contact(email=find_address(told.email), namespace=inlet.brand.namespace),
        "email",
        Source.MAIL_PROVIDER,
        by=PROVIDERS[inlet.provider].name,
        what=WHAT[told.kind],
        at=min(told.at or now, now),
        name=told.event,
        campaign=_find_campaign(inlet.brand, told.labels),
    )
    try:
        outcome = _judge_address(inlet.brand, heard.contact)
        recording.record_refusal(inlet.brand, heard, now=now)
    except InvalidAddress:
        return InletOutcome.BAD_ADDRESS
    return outcome


def _take_message(inlet: Inlet, message: Message, now: datetime) -> InletOutcome:
    medium = PROVIDERS[inlet.provider].medium
    text = message.text.replace("\0", "")[: MOST_TEXT[medium]]
    if medium == "sms":
        sender = add_country_code(message.sender, inlet.country)
        contact = Contact(phone=sender, namespace=inlet.brand.namespace)
        reading = replies.read_sms(text)
    else:
        contact = Contact(email=find_address(message.sender), namespace=inlet.brand.namespace)
        reading = replies.read_mail(
            sender=contact.email or "",
            subject=message.subject.replace("\0", "")[:MOST_SUBJECT],
            text=text,
            auto_submitted=message.auto_submitted,
            apple_unsubscribe=message.apple_unsubscribe,
        )
    channel = "sms" if medium == "sms" else "email"
    understood = reading.understood
    try:
        outcome = _judge_address(inlet.brand, contact)
        if understood is None or understood.meaning == Meaning.HELP:
            return InletOutcome.NO_CHOICE
        at = min(message.at or now, now)
        messages.record_message(
            inlet.brand, contact, channel, understood, at=at, name=message.name, now=now
        )
    except InvalidAddress:
        return InletOutcome.BAD_ADDRESS
    return outcome


def _judge_address(brand: Brand, contact: Contact) -> InletOutcome:
    """Return whether the brand has, or had, a relationship with an address.

    Every check reveals that much to the brand, so a count of it reveals no more.

    Raises:
        InvalidAddress
    """
    known = relationships.find_any_relationship(brand.pk, contact)
    return InletOutcome.UNKNOWN_ADDRESS if known is None else InletOutcome.TAKEN


def _find_campaign(brand: Brand, labels: Sequence[str]) -> str:
    """Return the first label that is a campaign of the brand; empty if there is none."""
    clean = [label for label in labels if "\0" not in label]
    known = Campaign.objects.filter(brand=brand, code__in=clean).values_list("code", flat=True)
    return min(known, key=clean.index, default="") if clean else ""
