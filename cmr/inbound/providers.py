"""The providers that post events or messages to us, and how to read each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from brands.webhooks import MalformedSecret
from cmr.inbound import gateways, sns
from cmr.inbound.events import FORMS, Events, read_events
from cmr.inbound.gateways import Message
from cmr.inbound.posts import Post, UnreadablePost
from cmr.inbound.signatures import SIGNATURES, find_mailgun_signature
from core.errors import DomainError


class BadKey(DomainError):
    """The key is not of this provider's format, or this provider signs nothing."""

    code = "bad_signing_key"
    field = "signing_key"


@dataclass(frozen=True, slots=True)
class Letter:
    """The content of one request from a provider."""

    events: Events = field(default_factory=Events)
    messages: tuple[Message, ...] = ()
    #: A URL that the provider wants opened before it sends anything.
    confirm_url: str = ""
    #: For Amazon, the topic that the message was published to.
    topic: str = ""
    #: For Mailgun, the token that its signature covers instead of the content.
    token: str = ""


@dataclass(frozen=True, slots=True)
class Provider:
    name: str
    read: Callable[[Post], Letter]
    #: The medium of the messages: "mail" or "sms".
    medium: str = "mail"
    #: The answer that the provider expects.
    answer: str = ""
    answer_type: str = "text/plain"


def _tells(form: str) -> Callable[[Post], Letter]:
    return lambda post: Letter(read_events(FORMS[form], post))


def _writes(read: Callable[[Post], list[Message]]) -> Callable[[Post], Letter]:
    return lambda post: Letter(messages=tuple(read(post)))


def _read_amazon(post: Post) -> Letter:
    said = post.json()
    url = str(said.get("SubscribeURL"))
    is_asked = said.get("Type") == "SubscriptionConfirmation" and sns.SUBSCRIBE_URL.fullmatch(url)
    return Letter(read_events(FORMS["amazon_ses"], post), confirm_url=url if is_asked else "")


#: By the provider's part of the inlet's URL.
PROVIDERS = {
    "amazon_ses": Provider("Amazon SES", _read_amazon),
    "brevo": Provider("Brevo", _tells("brevo")),
    "mailersend": Provider("MailerSend", _tells("mailersend")),
    "mailgun": Provider("Mailgun", _tells("mailgun")),
    "mailgun_route": Provider("Mailgun route", _writes(gateways.read_mailgun)),
    "mailjet": Provider("Mailjet", _tells("mailjet")),
    "mailtrap": Provider("Mailtrap", _tells("mailtrap")),
    "mandrill": Provider("Mandrill", _tells("mandrill")),
    "postmark": Provider("Postmark", _tells("postmark")),
    "resend": Provider("Resend", _tells("resend")),
    "sendgrid": Provider("SendGrid", _tells("sendgrid")),
    "sendgrid_parse": Provider("SendGrid Inbound Parse", _writes(gateways.read_sendgrid)),
    "sparkpost": Provider("SparkPost", _tells("sparkpost")),
    "twilio": Provider(
        "Twilio", _writes(gateways.read_twilio), "sms", "<Response></Response>", "text/xml"
    ),
    "vonage": Provider("Vonage", _writes(gateways.read_vonage), "sms"),
}


def check_key(provider: str, key: str) -> None:
    """Raise `BadKey` for a key that cannot verify this provider's signatures."""
    name = PROVIDERS[provider].name
    if provider not in SIGNATURES:
        raise BadKey(f"{name} does not sign with a key of yours")
    try:
        SIGNATURES[provider].load(key)
    except (ValueError, MalformedSecret) as error:
        raise BadKey(f"this is not a key of {name}") from error


def parse_post(provider: str, post: Post, *, key: str, now: datetime) -> Letter:
    """Return the content of a post.

    With a *key*, only a signed post is accepted; Amazon's posts must always be signed.

    Raises:
        posts.NotSigned, posts.UnreadablePost, sns.NoCertificate
    """
    if provider == "amazon_ses":
        return _read_signed_by_amazon(post, now)
    if key:
        SIGNATURES[provider].verify(post, key, now=now)
    letter = PROVIDERS[provider].read(post)
    is_token = key and provider in ("mailgun", "mailgun_route")
    return replace(letter, token=str(find_mailgun_signature(post)["token"])) if is_token else letter


def _read_signed_by_amazon(post: Post, now: datetime) -> Letter:
    said = post.json()
    kind = said.get("Type") if isinstance(said, dict) else None
    if not isinstance(kind, str) or kind not in sns.SIGNED:  # raw message delivery
        raise UnreadablePost("this is not a message of Amazon SNS; turn off raw message delivery")
    topic = sns.verify(said, now=now)
    return replace(_read_amazon(post), topic=topic)
