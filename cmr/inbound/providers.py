"""Mail providers: what they tell of who unsubscribed or complained, read by django-anymail.

Its views are made for one account in the settings. Here each inlet has its own: a view is made for
one request, with the brand's key, and asked to verify and to read; it answers nobody.
"""

from __future__ import annotations

import hmac
import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from anymail.exceptions import AnymailWarning, AnymailWebhookValidationFailure
from anymail.signals import AnymailTrackingEvent, EventType
from anymail.webhooks.amazon_ses import AmazonSESTrackingWebhookView
from anymail.webhooks.base import AnymailBaseWebhookView
from anymail.webhooks.brevo import BrevoTrackingWebhookView
from anymail.webhooks.mailersend import MailerSendTrackingWebhookView
from anymail.webhooks.mailgun import MailgunTrackingWebhookView
from anymail.webhooks.mailjet import MailjetTrackingWebhookView
from anymail.webhooks.mailtrap import MailtrapTrackingWebhookView
from anymail.webhooks.mandrill import MandrillCombinedWebhookView
from anymail.webhooks.postmark import PostmarkTrackingWebhookView
from anymail.webhooks.resend import ResendTrackingWebhookView
from anymail.webhooks.sendgrid import SendGridTrackingWebhookView
from anymail.webhooks.sparkpost import SparkPostTrackingWebhookView
from django.http import HttpRequest
from django.utils import timezone

from brands import time_bounds
from brands.signing import MalformedSecret, Signer

# It warns of views without a password of their own, which the inlet's secret stands for.
warnings.simplefilter("ignore", AnymailWarning)

#: How far the time of a signature may be from ours.
TOLERANCE = timedelta(minutes=5)
#: Where Amazon has a subscription confirmed.
SNS = re.compile(r"https://sns\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?/\S{1,1900}")


class NotSigned(Exception):
    """The provider's signature is missing or wrong."""


class Unreadable(ValueError):
    """Not what this provider sends."""


class BadKey(ValueError):
    """Not a key of the form that this provider's have, or this provider signs nothing."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a provider tells of one of a brand's people."""

    #: "unsubscribed" or "complained".
    kind: str
    email: str
    #: By which it is known when it is told again; None where the provider names nothing.
    event: str | None
    at: datetime | None
    #: What the message carried that may be the brand's name for its campaign.
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Letter:
    """All that one request of a provider says."""

    told: tuple[Told, ...] = ()
    #: What it wants opened before it tells anything.
    confirm_url: str = ""


class AmazonSes(AmazonSESTrackingWebhookView):  # type: ignore[misc]
    """Without Amazon's own client: a subscription is confirmed by whoever opens its address."""

    confirm_url = ""

    def __init__(self, **kwargs: Any) -> None:
        self.auto_confirm_enabled = False
        AnymailBaseWebhookView.__init__(self, **kwargs)

    def auto_confirm_sns_subscription(self, sns_message: Mapping[str, Any]) -> None:
        url = str(sns_message.get("SubscribeURL"))
        self.confirm_url = url if SNS.fullmatch(url) else ""

    def esp_to_anymail_events(self, ses_event: Any, sns_message: Any) -> list[AnymailTrackingEvent]:
        events: list[AnymailTrackingEvent] = super().esp_to_anymail_events(ses_event, sns_message)
        wants = ses_event.get("subscription", {}).get("newTopicPreferences", {})
        if ses_event.get("eventType") == "Subscription" and wants.get("unsubscribeAll"):
            for event in events:
                event.event_type = EventType.UNSUBSCRIBED
        return events


class Postmark(PostmarkTrackingWebhookView):  # type: ignore[misc]
    """Without what the brand itself suppressed there: that is no word of the person's."""

    def esp_to_anymail_event(self, esp_event: Any) -> AnymailTrackingEvent:
        event = super().esp_to_anymail_event(esp_event)
        if esp_event.get("Origin", "Recipient") != "Recipient":
            event.event_type = EventType.UNKNOWN
        return event


class Resend(ResendTrackingWebhookView):  # type: ignore[misc]
    """Signed as Standard Webhooks says, under older names of the headers."""

    def __init__(self, *, secret: str, **kwargs: Any) -> None:
        super().__init__(signing_secret=None, **kwargs)
        self.signer = Signer([secret] if secret else [])

    def validate_request(self, request: HttpRequest) -> None:
        sent_at = datetime.fromtimestamp(int(request.headers["svix-timestamp"]), tz=UTC)
        expected = self.signer.headers(
            webhook_id=request.headers["svix-id"], sent_at=sent_at, body=request.body
        )
        given = request.headers["svix-signature"].split(" ")
        known = expected["webhook-signature"].encode()
        is_ours = any(hmac.compare_digest(known, each.encode()) for each in given)
        if not is_ours or abs(timezone.now() - sent_at) > TOLERANCE:
            raise AnymailWebhookValidationFailure("wrong or old signature")


@dataclass(frozen=True, slots=True)
class Provider:
    name: str
    view: type[Any]
    #: What its view calls the key that the provider signs with; None where it signs nothing.
    key: str | None = None


#: By what stands in the inlet's address.
PROVIDERS = {
    "amazon_ses": Provider("Amazon SES", AmazonSes),
    "brevo": Provider("Brevo", BrevoTrackingWebhookView),
    "mailersend": Provider("MailerSend", MailerSendTrackingWebhookView, "signing_secret"),
    "mailgun": Provider("Mailgun", MailgunTrackingWebhookView, "webhook_signing_key"),
    "mailjet": Provider("Mailjet", MailjetTrackingWebhookView),
    "mailtrap": Provider("Mailtrap", MailtrapTrackingWebhookView, "tracking_secret"),
    "mandrill": Provider("Mandrill", MandrillCombinedWebhookView, "webhook_key"),
    "postmark": Provider("Postmark", Postmark),
    "resend": Provider("Resend", Resend, "secret"),
    "sendgrid": Provider(
        "SendGrid", SendGridTrackingWebhookView, "tracking_webhook_verification_key"
    ),
    "sparkpost": Provider("SparkPost", SparkPostTrackingWebhookView),
}
KINDS = {EventType.UNSUBSCRIBED: "unsubscribed", EventType.COMPLAINED: "complained"}


def check_key(provider: str, key: str) -> None:
    """Raise `BadKey` for what can verify nothing of this provider's."""
    if PROVIDERS[provider].key is None:
        raise BadKey(f"{PROVIDERS[provider].name} signs nothing")
    try:
        _view(provider, key=key, url="")
    except (ValueError, MalformedSecret) as error:
        raise BadKey(f"this is not a key of {PROVIDERS[provider].name}") from error


def read(provider: str, request: HttpRequest, *, key: str, url: str) -> Letter:
    """What a provider says; with a *key* only where it signed it. *url* is what it calls.

    Raises:
        NotSigned, Unreadable
        RequestDataTooBig: of Django's.
    """
    _ = request.body  # kept by the request, for signatures and forms alike
    view = _view(provider, key=key, url=url)
    if key:
        _verify(view, request)
    try:
        told = tuple(_told(view.parse_events(request)))
    except Exception as error:  # the library reads on in whatever it is given, and trips somewhere
        raise Unreadable(f"this is not what {PROVIDERS[provider].name} sends") from error
    return Letter(told, getattr(view, "confirm_url", ""))


def _view(provider: str, *, key: str, url: str) -> Any:
    known = PROVIDERS[provider]
    named = {known.key: key} if known.key else {}
    if provider == "mandrill":  # which signs the address, too
        named["webhook_url"] = url
    return known.view(webhook_secret=[], **named)


def _verify(view: Any, request: HttpRequest) -> None:
    try:
        view.run_validators(request)
    except Exception as error:  # a signature that cannot be read is as wrong as another's
        raise NotSigned("the signature is missing or wrong") from error


def _told(events: list[AnymailTrackingEvent]) -> Iterator[Told]:
    for event in events:
        if event.event_type in KINDS and isinstance(event.recipient, str):
            at = _aware(event.timestamp)
            labels = tuple(_labels(event))
            yield Told(KINDS[event.event_type], event.recipient, _name(event, at), at, labels)


def _aware(moment: datetime | None) -> datetime | None:
    """Return the time of an event; None, which is now, for one that no real event has."""
    if moment is None:
        return None
    aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    return aware if time_bounds.is_in_range(aware) else None


def _name(event: AnymailTrackingEvent, at: datetime | None) -> str | None:
    """A message may be unsubscribed from twice, so by itself it names no event."""
    if event.event_id:
        return f"event {event.event_id}"
    return f"message {event.message_id} of {at.isoformat()}" if event.message_id and at else None


def _labels(event: AnymailTrackingEvent) -> Iterator[str]:
    metadata = event.metadata if isinstance(event.metadata, dict) else {}
    tags = event.tags if isinstance(event.tags, list) else [event.tags]
    for label in (metadata.get("campaign"), *tags):
        if isinstance(label, str) and label:
            yield label
