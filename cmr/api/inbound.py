"""API with which brands forward text messages and mails that people sent them."""

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
#: The decision that each meaning records.
DECISIONS = {Meaning.STOP: "deny", Meaning.START: "grant"}
#: Confirmation that the brand may send once, by meaning and channel.
CONFIRMATIONS = {
    (Meaning.STOP, "sms"): "{brand}: You will get no more marketing texts from us.",
    (Meaning.STOP, "email"): "You will get no more marketing mail from {brand}.",
    (Meaning.START, "sms"): "{brand}: You asked for our texts. If you had told us to stop, they "
    "come again once you say yes at {portal}. Reply STOP to get none.",
    (Meaning.HELP, "sms"): "{brand}: Reply STOP to get no more marketing texts from us. What else "
    "we may send you: {portal}",
}


class Message(StrictSerializer):
    received_at = Moment(required=False, help_text="When you received the message. Default: now.")
    id = serializers.CharField(
        required=False,
        max_length=200,
        help_text="Your id of the message. Forwarding the same id again has no effect.",
    )

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        # `from` is a keyword of Python, so it cannot be declared like the others.
        sender = serializers.CharField(max_length=400, help_text="The sender of the message.")
        return {"from": sender, **super().get_fields()}


class SmsRequest(Message):
    text = serializers.CharField(max_length=5_000, allow_blank=True)
    country = serializers.ChoiceField(
        sorted(phonenumbers.SUPPORTED_REGIONS),
        required=False,
        allow_null=True,
        default="",
        help_text="Country of a sender without `+` (ISO 3166-1), if your gateway omits the "
        "country code.",
    )


class MailRequest(Message):
    subject = serializers.CharField(required=False, default="", max_length=2_000, allow_blank=True)
    text = serializers.CharField(
        max_length=200_000, allow_blank=True, help_text="The plain text, including quotes."
    )
    auto_submitted = serializers.CharField(
        required=False,
        allow_null=True,
        default="",
        max_length=200,
        allow_blank=True,
        help_text="The message header of this name (RFC 3834).",
    )
    x_apple_unsubscribe = serializers.CharField(
        required=False,
        allow_null=True,
        default="",
        max_length=200,
        allow_blank=True,
        help_text="The message header of this name. It is `true` if the person pressed the "
        "unsubscribe button of Apple Mail.",
    )


class HeardChoice(serializers.Serializer[object]):
    scope = wire.ScopeData()
    decision = serializers.ChoiceField(DecisionKind.choices)
    made_at = serializers.DateTimeField()


class Answer(serializers.Serializer[object]):
    understood = serializers.ChoiceField([each.value for each in Meaning], allow_null=True)
    choice = HeardChoice(
        allow_null=True,
        help_text="What the message means. A no is recorded unless it is already in force; a "
        "yes is recorded if you have a relationship with the sender. The answer does "
        "not reveal which of them happened.",
    )
    words = serializers.CharField(
        allow_null=True,
        help_text="The words of the message that express it, without the text between them.",
    )
    reason = serializers.ChoiceField(
        [(each.value, each.name) for each in IgnoredReason],
        allow_null=True,
        help_text="Why nothing was understood. `automatic`: a program wrote the message. "
        "`quoted_only`: only the quoted text contains a request. `no_request`: it "
        "contains no request.",
    )
    confirmation = serializers.CharField(
        allow_null=True,
        help_text="A confirmation that you may send to the person, once and immediately.",
    )


class InboundView(BrandView):
    """Base of the views that read a message, record its meaning, and hide who the sender is."""

    scope = "inbound"
    channel: str

    def _answer(self, reading: Reading, contact: Contact, message: dict[str, Any]) -> Response:
        now = timezone.now()
        at = min(message.get("received_at", now), now)  # the clocks of gateways may be fast
        with report_field("from", identity.InvalidAddress):
            # Refuse a bad address, whatever the message says.
            identity.compute_contact_digest(contact)
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
        """Forward a text message that you received: STOP and its synonyms, START or HELP.

        The answer is the same whether or not the sender is known. A message that is not understood
        is not recorded.
        """
        body = SmsRequest(data=request.data)
        body.is_valid(raise_exception=True)
        message = body.validated_data
        sender = inbound.add_country_code(message["from"], message["country"] or "")
        contact = Contact(phone=sender, namespace=self.brand.namespace)
        return self._answer(inbound.read_sms(message["text"]), contact, message)


class Mail(InboundView):
    channel = "email"

    @repeatable()
    @extend_schema(request=MailRequest, responses=Answer, tags=[TAG])
    def post(self, request: Request) -> Response:
        """Forward a mail that you received, to find out whether it asks you to stop.

        Quoted text and automatic replies are ignored. The answer is the same whether or not the
        sender is known.
        """
        body = MailRequest(data=request.data)
        body.is_valid(raise_exception=True)
        message = body.validated_data
        sender = inbound.find_address(message["from"])
        contact = Contact(email=sender, namespace=self.brand.namespace)
        reading = inbound.read_mail(
            sender=sender,
            subject=message["subject"],
            text=message["text"],
            auto_submitted=message["auto_submitted"] or "",
            apple_unsubscribe=message["x_apple_unsubscribe"] or "",
        )
        return self._answer(reading, contact, message)


def answer_to(brand: Brand, channel: str, reading: Reading, at: datetime) -> dict[str, Any]:
    """Return the answer for the brand: it depends on the words alone, never on who sent them."""
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
