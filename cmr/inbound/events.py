"""Unsubscribe and complaint events of mail providers.

Each provider has a `Form`. It says where an event holds the fields we need, and which event types
are a refusal. We read nothing else, so no other field can make an event unreadable. Where the table
is not enough, a function first converts the events into its form.

Note [No act of the person]. Some reports only look like a complaint: mail that was suppressed
because of an older complaint, and mail that the person marked as not spam. Their event types are in
no table.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
from django.utils.dateparse import parse_datetime

from cmr.inbound.posts import Post, UnreadablePost
from core import time

UNSUBSCRIBED, COMPLAINED = "unsubscribed", "complained"
#: Feedback types (RFC 5965, IANA) that are not a request to stop.
NO_COMPLAINT = {"not-spam", "auth-failure", "virus", "dmarc"}
#: A timestamp above this is in milliseconds.
MOST_SECONDS = 1e11
#: Exceptions that reading an event of an unexpected form may raise.
TRIPS = (LookupError, TypeError, ValueError, AttributeError, OverflowError, OSError)


@dataclass(frozen=True, slots=True)
class ProviderEvent:
    """A provider's report about one of the brand's people."""

    #: `UNSUBSCRIBED` or `COMPLAINED`.
    kind: str
    email: str
    #: Identifies the event, so that a repeated report is recognised.
    event: str
    #: When the person acted; None if the provider does not say.
    at: datetime | None
    #: Labels of the message, one of which may be the brand's code of its campaign.
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Events:
    """All events of one post, with counts of those that are no choice or unreadable."""

    told: tuple[ProviderEvent, ...] = ()
    no_choice: int = 0
    unreadable: int = 0


@dataclass(frozen=True, slots=True)
class Form:
    """Where a provider's events hold each field.

    A path is names joined by dots. Of several paths, the first with a value counts.
    """

    kinds: Mapping[str, str]
    word: str = "event"
    email: tuple[str, ...] = ("email",)
    at: tuple[str, ...] = ("at",)
    #: Paths of the provider's id of the event.
    event: tuple[str, ...] = ()
    #: Paths of the id of the message. A person may unsubscribe from one message twice.
    message: tuple[str, ...] = ()
    tags: tuple[str, ...] = ("tags",)
    #: Paths of the object that may have a `campaign`.
    metadata: tuple[str, ...] = ("metadata",)
    #: Splits a post into events.
    split: Callable[[Post], Iterable[Any]] = lambda post: _list_of(post.json())
    #: Converts one event into this form.
    prepare: Callable[[Any], Any] = lambda event: event


def read_events(form: Form, post: Post) -> Events:
    """Return the events of a post. Count unreadable events instead of rejecting the whole post.

    Raises:
        UnreadablePost: nothing in the post can be read.
    """
    try:
        events = list(form.split(post))
    except TRIPS as error:
        raise UnreadablePost("this is not in the provider's format") from error
    read = [_read_event(form, event) for event in events]
    unreadable = read.count(None)
    if unreadable and unreadable == len(read):
        raise UnreadablePost("none of these events can be read")
    told = tuple(each for found in read for each in found or ())
    return Events(told, read.count([]), unreadable)


def _read_event(form: Form, event: Any) -> list[ProviderEvent] | None:
    """Return what one event reports, [] if it is no choice, or None if it is unreadable."""
    try:
        event = form.prepare(event)
        kind = form.kinds.get(_word(form, event))
        return [] if kind is None else list(_tell(form, event, kind))
    except TRIPS:
        return None


def _word(form: Form, event: Any) -> str:
    word = _find(event, form.word)
    if not isinstance(word, str):
        raise ValueError("an event without its kind")
    return word


def _tell(form: Form, event: Any, kind: str) -> Iterator[ProviderEvent]:
    emails = [each for each in _list_of(_first(event, form.email)) if each]
    if not emails or not all(isinstance(each, str) for each in emails):
        raise ValueError("an event without an address")
    at = next((at for path in form.at if (at := read_moment(_find(event, path)))), None)
    labels = tuple(_labels(form, event))
    for email in emails:
        yield ProviderEvent(kind, email, _name(form, event, kind, email, at), at, labels)


def _name(form: Form, event: Any, kind: str, email: str, at: datetime | None) -> str:
    """Return the event's id, or a substitute that is equal when the event is reported again."""
    if given := _text(_first(event, form.event)):
        return f"event {given}"
    if at and (given := _text(_first(event, form.message))):
        return f"message {given} of {at.isoformat()}"
    content = [kind, email.lower(), at] if at else event
    digest = hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()
    return f"sha256:{digest}"


def _labels(form: Form, event: Any) -> Iterator[str]:
    metadata = _first(event, form.metadata)
    if isinstance(metadata, str):
        metadata = _try_json(metadata)
    campaign = metadata.get("campaign") if isinstance(metadata, dict) else None
    tags = [tag for path in form.tags for tag in _list_of(_find(event, path))]
    for label in (campaign, *tags):
        if isinstance(label, str) and label:
            yield label


# -- Reading values of unknown type --------------------------------------------------------------


def _find(said: Any, path: str) -> Any:
    for name in path.split("."):
        said = said.get(name) if isinstance(said, dict) else None
    return said


def _first(event: Any, paths: Iterable[str]) -> Any:
    found = (_find(event, path) for path in paths)
    return next((each for each in found if each not in (None, "", [])), None)


def _text(value: Any) -> str:
    is_text = isinstance(value, str | int) and not isinstance(value, bool)
    return str(value) if is_text else ""


def _list_of(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _try_json(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None


def read_moment(value: Any) -> datetime | None:
    """Return a time given in seconds, in milliseconds or as ISO 8601 (UTC if it has no zone).

    Return None for a value that is not a time, or that is out of range for a real event.
    """
    try:
        moment = _read_number(float(value)) if not isinstance(value, bool) else None
    except (TypeError, ValueError, OverflowError, OSError):
        moment = _read_iso(value)
    return moment if moment and time.is_in_range(moment) else None


def _read_number(number: float) -> datetime:
    seconds = number / 1_000 if abs(number) > MOST_SECONDS else number
    return datetime.fromtimestamp(seconds, tz=UTC)


def _read_iso(value: Any) -> datetime | None:
    try:
        moment = parse_datetime(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return moment.replace(tzinfo=UTC) if moment and moment.tzinfo is None else moment


# -- Providers whose events need more than a table -----------------------------------------------


def _split_mailgun(post: Post) -> Iterator[Any]:
    """Yield the events. Map the fields of legacy forms (before 2018) to today's names."""
    if not post.form:
        yield post.json()
        return
    form = post.form
    data = {name: form.get(name) for name in ("event", "recipient", "timestamp")}
    data["id"] = form.get("Message-Id") or form.get("message-id")
    yield {"event-data": {**data, "tags": post.fields.get("tag")}}


def _split_mandrill(post: Post) -> list[Any]:
    return _list_of(orjson.loads(post.form["mandrill_events"]))


def _split_mailtrap(post: Post) -> list[Any]:
    return _list_of(post.json().get("events"))


def _split_resend(post: Post) -> Iterator[Any]:
    said = post.json()
    headers = _read_headers(_find(said, "data.headers"))
    tags = _try_json(headers.get("x-tags", ""))
    metadata = headers.get("x-metadata")
    yield {**said, "id": post.headers.get("svix-id"), "tags": tags, "metadata": metadata}


def _read_headers(said: Any) -> dict[str, str]:
    """Return a message's headers by lower-case name; of repeated headers, the last."""
    each = [header for header in _list_of(said) if isinstance(header, dict)]
    return {str(header.get("name")).lower(): str(header.get("value")) for header in each}


#: Types of a Postmark bounce, or reasons of a suppression. `SpamNotification` is not one of them:
#: it is the verdict of a filter.
_POSTMARK = {
    "Unsubscribe": UNSUBSCRIBED,
    "ManualSuppression": UNSUBSCRIBED,
    "SpamComplaint": COMPLAINED,
}


def _split_postmark(post: Post) -> Iterator[Any]:
    said = post.json()
    word = said["RecordType"]
    if word == "Bounce":
        word = said.get("Type")
    elif word == "SubscriptionChange":
        # A suppression that the brand made at Postmark is not the person's choice.
        word = _postmark_suppression(said)
    yield {**said, "word": word}


def _postmark_suppression(said: dict[str, Any]) -> str:
    is_theirs = said.get("Origin", "Recipient") == "Recipient"
    is_no = is_theirs and said.get("SuppressSending", True)
    return said.get("SuppressionReason") or "Unsubscribe" if is_no else "no word of theirs"


def _prepare_sparkpost(event: Any) -> Any:
    """Return the event without its class wrapper; an empty one is SparkPost's test of the URL."""
    wrapped = event["msys"]
    if not wrapped:
        return {"type": "test"}
    (said,) = wrapped.values()
    return {**said, "type": "not-spam"} if said.get("fbtype") in NO_COMPLAINT else said


def _split_ses(post: Post) -> Iterator[Any]:
    """Yield the SES event of an SNS message, whose signature is already verified."""
    envelope = post.json()
    if envelope["Type"] != "Notification":
        return
    if (said := _try_json(envelope["Message"])) is None:  # "Successfully validated SNS topic …"
        return
    about = said.get("complaint") or said.get("subscription") or {}
    complained = [
        each.get("emailAddress") for each in _list_of(_find(said, "complaint.complainedRecipients"))
    ]
    headers = _read_headers(_find(said, "mail.headers"))
    yield {
        "event": _ses_word(said),
        "email": complained or _find(said, "mail.destination"),
        "at": about.get("timestamp") or about.get("arrivalDate") or envelope.get("Timestamp"),
        # SES may report one complaint twice, as an event and as a notification.
        "id": about.get("feedbackId") or envelope.get("MessageId"),
        "tags": [*_list_of(_find(said, "mail.tags.campaign")), headers.get("x-tag")],
        "metadata": headers.get("x-metadata"),
    }


def _ses_word(said: dict[str, Any]) -> Any:
    word = said.get("eventType") or said.get("notificationType")
    if word == "Complaint":
        held_back = _find(said, "complaint.complaintSubType") == "OnAccountSuppressionList"
        is_none = held_back or _find(said, "complaint.complaintFeedbackType") in NO_COMPLAINT
        return "no complaint" if is_none else word
    return "opted out" if word == "Subscription" and _has_opted_out(said) else word


def _has_opted_out(said: dict[str, Any]) -> bool:
    """Return whether the person opted out of everything, or of at least one more topic."""
    new, old = (_find(said, f"subscription.{age}TopicPreferences") or {} for age in ("new", "old"))
    if new.get("unsubscribeAll"):
        return not old.get("unsubscribeAll")
    return bool(_find_opt_outs(new) - _find_opt_outs(old))


def _find_opt_outs(preferences: dict[str, Any]) -> set[str]:
    topics = _list_of(preferences.get("topicSubscriptionStatus"))
    return {
        str(each.get("topicName"))
        for each in topics
        if str(each.get("subscriptionStatus")).replace("_", "").lower() == "optout"
    }


# -- The form of each provider -------------------------------------------------------------------

_UNSUB_AND_SPAM = {"unsubscribe": UNSUBSCRIBED, "spam": COMPLAINED}
FORMS = {
    "amazon_ses": Form(
        {"Complaint": COMPLAINED, "opted out": UNSUBSCRIBED}, event=("id",), split=_split_ses
    ),
    "brevo": Form(
        {**_UNSUB_AND_SPAM, "unsubscribed": UNSUBSCRIBED, "complaint": COMPLAINED},
        at=("ts_epoch", "ts_event", "ts"),
        message=("message-id",),
        tags=("tags", "tag"),
        metadata=("X-Mailin-custom",),
    ),
    "mailersend": Form(
        {"unsubscribed": UNSUBSCRIBED, "spam_complaint": COMPLAINED},
        word="data.type",
        email=("data.email.recipient.email",),
        at=("data.created_at", "created_at"),
        event=("data.id",),
        message=("data.email.message.id",),
        tags=("data.email.tags",),
    ),
    "mailgun": Form(
        {"unsubscribed": UNSUBSCRIBED, "complained": COMPLAINED},
        word="event-data.event",
        email=("event-data.recipient",),
        at=("event-data.timestamp",),
        # Mailgun's event id is unique for one day only, so the id alone does not identify an event.
        message=("event-data.id", "event-data.message.headers.message-id"),
        tags=("event-data.tags",),
        metadata=("event-data.user-variables",),
        split=_split_mailgun,
    ),
    "mailjet": Form(
        {"unsub": UNSUBSCRIBED, "spam": COMPLAINED},
        at=("time",),
        message=("MessageID",),
        tags=("customcampaign",),
        metadata=("Payload",),
    ),
    "mailtrap": Form(
        _UNSUB_AND_SPAM,
        at=("timestamp",),
        event=("event_id",),
        message=("message_id",),
        tags=("category",),
        metadata=("custom_variables",),
        split=_split_mailtrap,
    ),
    "mandrill": Form(
        {"unsub": UNSUBSCRIBED, "spam": COMPLAINED},
        email=("msg.email",),
        at=("ts",),
        message=("_id", "msg._id"),
        tags=("msg.tags",),
        metadata=("msg.metadata",),
        split=_split_mandrill,
    ),
    "postmark": Form(
        _POSTMARK,
        word="word",
        email=("Email", "Recipient"),
        at=("BouncedAt", "ChangedAt"),
        event=("ID",),
        message=("MessageID",),
        tags=("Tag",),
        metadata=("Metadata",),
        split=_split_postmark,
    ),
    "resend": Form(
        {"email.complained": COMPLAINED},
        word="type",
        email=("data.to",),
        at=("created_at",),
        event=("id",),
        message=("data.email_id",),
        tags=("tags", "data.tags.campaign"),
        split=_split_resend,
    ),
    "sendgrid": Form(
        {
            "unsubscribe": UNSUBSCRIBED,
            "group_unsubscribe": UNSUBSCRIBED,
            "spamreport": COMPLAINED,
        },
        at=("timestamp",),
        event=("sg_event_id",),
        message=("sg_message_id", "smtp-id"),
        tags=("campaign", "category"),
    ),
    "sparkpost": Form(
        {
            "list_unsubscribe": UNSUBSCRIBED,
            "link_unsubscribe": UNSUBSCRIBED,
            "spam_complaint": COMPLAINED,
        },
        word="type",
        email=("raw_rcpt_to", "rcpt_to"),
        at=("timestamp",),
        event=("event_id",),
        message=("transmission_id",),
        tags=("campaign_id",),
        metadata=("rcpt_meta",),
        prepare=_prepare_sparkpost,
    ),
}
