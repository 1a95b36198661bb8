"""What people answer a brand by text message and by mail, as the brand hands it on."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import phonenumbers
from django.conf import settings
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from brands.api.access import BrandView
from brands.api.idempotency import repeatable
from brands.models import Brand
from cmr import inbound
from cmr.inbound import IgnoredReason, Meaning, Reading
from consent import identity, rules
from consent.api import wire
from consent.identity import Contact
from consent.models import DecisionKind
from core.api import Moment, StrictSerializer
from core.errors import report_field

TAG = "brand: what people answer"
#: What each meaning does, and what the brand may answer once, by channel.
DECISIONS = {Meaning.STOP: "deny", Meaning.START: "grant"}
CONFIRMATIONS = {
    (Meaning.STOP, "sms"): "{brand}: You will get no more marketing texts from us.",
    (Meaning.STOP, "email"): "You will get no more marketing mail from {brand}.",
    (Meaning.START, "sms"): "{brand}: You asked for our texts. If you had told us to stop, they "
    "come again once you say yes at {portal}. Reply STOP to get none.",
    (Meaning.HELP, "sms"): "{brand}: Reply STOP to get no more marketing texts from us. What else "
    "we may send you: {portal}",
}


class Message(StrictSerializer):
    received_at = Moment(required=False, help_text="When it reached you. Default: now.")
    id = serializers.CharField(
        required=False,
        max_length=200,
        help_text="Your name for it: handed on again under the same, it does nothing more.",
    )

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        # `from` is a word of Python, so it cannot be named like the others.
        sender = serializers.CharField(max_length=400, help_text="Whose message it is.")
        return {"from": sender, **super().get_fields()}


class SmsRequest(Message):
    text = serializers.CharField(max_length=5_000, allow_blank=True)
    country = serializers.ChoiceField(
        sorted(phonenumbers.SUPPORTED_REGIONS),
        required=False,
        allow_null=True,
        default="",
        help_text="Where a sender without `+` is from (ISO 3166-1), if your gateway leaves out "
        "the country code.",
    )


class MailRequest(Message):
    subject = serializers.CharField(required=False, default="", max_length=2_000, allow_blank=True)
    text = serializers.CharField(
        max_length=200_000, allow_blank=True, help_text="The plain text, quotes and all."
    )
    auto_submitted = serializers.CharField(
        required=False,
        allow_null=True,
        default="",
        max_length=200,
        allow_blank=True,
        help_text="Its header of this name (RFC 3834).",
    )
    x_apple_unsubscribe = serializers.CharField(
        required=False,
        allow_null=True,
        default="",
        max_length=200,
        allow_blank=True,
        help_text="Its header of this name: `true` where somebody pressed the unsubscribe button "
        "of Apple Mail.",
    )


class HeardChoice(serializers.Serializer[object]):
    scope = wire.ScopeData()
    decision = serializers.ChoiceField(DecisionKind.choices)
    made_at = serializers.DateTimeField()


class Answer(serializers.Serializer[object]):
    understood = serializers.ChoiceField([each.value for each in Meaning], allow_null=True)
    choice = HeardChoice(
        allow_null=True,
        help_text="What it means. A no is recorded, unless it stands already; a yes where you have "
        "a relationship with the sender. The answer does not say which.",
    )
    words = serializers.CharField(
        allow_null=True, help_text="Which words of the message say so, without what is between."
    )
    reason = serializers.ChoiceField(
        [(each.value, each.name) for each in IgnoredReason],
        allow_null=True,
        help_text="Why nothing was understood: `automatic`, a machine wrote it; `quoted_only`, "
        "only what it quotes asks for something; `no_request`, nothing in it does.",
    )
    confirmation = serializers.CharField(
        allow_null=True, help_text="What you may send back, once and at once."
    )


class InboundView(BrandView):
    """Reads a message, records what it means, and answers the same whoever sent it."""

    scope = "inbound"
    channel: str

    def _answer(self, reading: Reading, contact: Contact, message: dict[str, Any]) -> Response:
        now = timezone.now()
        at = min(message.get("received_at", now), now)  # clocks of gateways run ahead
        with report_field("from", identity.InvalidAddress):
            identity.compute_contact_digest(contact)  # a bad address is refused whatever was said
            if understood := reading.understood:
                inbound.record_message(
                    self.brand,
                    contact,
                    self.channel,
                    understood,
                    at=at,
                    name=message.get("id"),
                    now=now,
                )
        return Response(answer_to(self.brand, self.channel, reading, at))


class Sms(InboundView):
    channel = "sms"

    @repeatable()
    @extend_schema(request=SmsRequest, responses=Answer, tags=[TAG])
    def post(self, request: Request) -> Response:
        """A text message that somebody sent you: STOP and all that means it, START, HELP.

        The answer is the same whether or not the sender is known. What is not understood is
        recorded nowhere.
        """
        body = SmsRequest(data=request.data)
        body.is_valid(raise_exception=True)
        message = body.validated_data
        sender = inbound.add_country_code(message["from"], message["country"] or "")
        contact = Contact(phone=sender, world=self.brand.world)
        return self._answer(inbound.read_sms(message["text"]), contact, message)


class Mail(InboundView):
    channel = "email"

    @repeatable()
    @extend_schema(request=MailRequest, responses=Answer, tags=[TAG])
    def post(self, request: Request) -> Response:
        """A mail that somebody sent you: whether it asks for no more.

        What it quotes is not read, nor what a machine answers. The answer is the same whether or
        not the sender is known.
        """
        body = MailRequest(data=request.data)
        body.is_valid(raise_exception=True)
        message = body.validated_data
        sender = inbound.find_address(message["from"])
        contact = Contact(email=sender, world=self.brand.world)
        reading = inbound.read_mail(
            sender=sender,
            subject=message["subject"],
            text=message["text"],
            auto_submitted=message["auto_submitted"] or "",
            apple_unsubscribe=message["x_apple_unsubscribe"] or "",
        )
        return self._answer(reading, contact, message)


def answer_to(brand: Brand, channel: str, reading: Reading, at: datetime) -> dict[str, Any]:
    """Return what the brand is told: of its person's words alone, never of who they are."""
    understood = reading.understood
    if understood is None:
        nothing = dict.fromkeys(("understood", "choice", "words", "confirmation"))
        return {**nothing, "reason": reading.reason}
    confirmation = CONFIRMATIONS[understood.meaning, channel]
    return {
        "understood": understood.meaning,
        "choice": _choice_data(brand, channel, DECISIONS.get(understood.meaning), at),
        "words": understood.words,
        "reason": None,
        "confirmation": confirmation.format(brand=brand.name, portal=settings.PUBLIC_URL),
    }


def _choice_data(
    brand: Brand, channel: str, decision: str | None, at: datetime
) -> dict[str, Any] | None:
    if decision is None:
        return None
    scope = inbound.resolve_message_scope(brand, channel)
    shown = rules.describe_scope_for_brand(scope, slug=brand.slug)
    return {"scope": shown, "decision": decision, "made_at": at}
