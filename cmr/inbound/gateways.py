"""Messages that people send to a brand, as its SMS gateway or mail provider posts them."""

from __future__ import annotations

import email.policy
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email import message_from_string
from email.message import EmailMessage, MIMEPart
from email.parser import HeaderParser
from typing import Any

import orjson

from cmr.inbound.events import read_moment
from cmr.inbound.posts import Post, UnreadablePost

LINE_END = re.compile(r"\r\n|\r|\n")
#: The first line of a header field, or a folded continuation line (RFC 5322, 2.2).
HEADER_LINE = re.compile(r"[!-9;-~]+[ \t]*:|[ \t]+\S")


@dataclass(frozen=True, slots=True)
class Message:
    #: A phone number, or the content of `From`.
    sender: str
    text: str
    #: The id of the message, from the gateway or the mail.
    name: str | None
    #: When the gateway received it; None if the gateway does not say.
    at: datetime | None = None
    subject: str = ""
    auto_submitted: str = ""
    apple_unsubscribe: str = ""


# -- Text messages -------------------------------------------------------------------------------


def read_twilio(post: Post) -> list[Message]:
    """Read a form from Twilio; its numbers are in E.164."""
    form = post.form
    try:
        return [Message(form["From"], form["Body"], form["MessageSid"])]
    except KeyError as error:
        raise UnreadablePost("this is not a message of Twilio") from error


def read_vonage(post: Post) -> list[Message]:
    """Read a form or JSON of Vonage's SMS API, or JSON of its Messages API.

    Return [] for anything but a text message, such as a delivery receipt.
    """
    said: Mapping[str, Any] = post.form or post.json()
    if not isinstance(said, Mapping):
        raise UnreadablePost("this is not a message of Vonage")
    if "message_uuid" in said:
        is_text = said.get("channel") == "sms" and isinstance(said.get("text"), str)
        names = ("from", "message_uuid", "timestamp")
    else:
        is_text = isinstance(said.get("text"), str) and "msisdn" in said
        names = ("msisdn", "messageId", "message-timestamp")
    if not is_text:
        return []
    sender, name, at = (said.get(each) for each in names)
    return [Message(str(sender), said["text"], _text_of(name), read_moment(at))]


# -- Mail ----------------------------------------------------------------------------------------


def read_sendgrid(post: Post) -> list[Message]:
    """Read a form of SendGrid's Inbound Parse, with parsed fields or with the raw message."""
    form = post.form
    if "email" in form:
        return [_read_mime(form["email"])]
    if "from" not in form:
        raise UnreadablePost("this is not a mail of Inbound Parse")
    return [_read_parsed(post, _read_lines(form.get("headers", "")))]


def read_mailgun(post: Post) -> list[Message]:
    """Read a form of a Mailgun route, with parsed fields or with the raw message."""
    form = post.form
    if "body-mime" in form:
        return [_read_mime(form["body-mime"])]
    if "from" not in form:
        raise UnreadablePost("this is not a mail of a route")
    return [_read_parsed(post, _read_pairs(form.get("message-headers", "[]")))]


def _read_parsed(post: Post, headers: Mapping[str, str]) -> Message:
    by_name = {name.lower(): value for name, value in headers.items()}
    form = post.form
    return Message(
        form["from"],
        form.get("body-plain", form.get("text", "")),
        _text_of(by_name.get("message-id")),
        subject=form.get("subject", ""),
        auto_submitted=by_name.get("auto-submitted", ""),
        apple_unsubscribe=by_name.get("x-apple-unsubscribe", ""),
    )


def _read_lines(text: str) -> dict[str, str]:
    """Return the headers of a raw header block. Skip lines that are not headers."""
    lines = [line for line in LINE_END.split(text) if HEADER_LINE.match(line)]
    return dict(HeaderParser().parsestr("\n".join(lines)).items())


def _read_pairs(text: str) -> dict[str, str]:
    """Return the headers of a JSON array of [name, value] pairs. Skip any other element."""
    try:
        pairs = orjson.loads(text)
    except ValueError:
        return {}
    if not isinstance(pairs, list):
        return {}
    good = [pair for pair in pairs if isinstance(pair, list) and len(pair) == 2]
    return {str(name): str(value) for name, value in good}


def _read_mime(text: str) -> Message:
    """Read a whole message (RFC 5322). Its text is empty if it has only an HTML part.

    HTML does not show reliably what is quoted, and quoted words of the brand must not count.
    """
    try:
        text = text.lstrip("\r\n")  # a blank line would end its headers
        mail = message_from_string(text, EmailMessage, policy=email.policy.default)
        plain = mail.get_body(("plain",))
        return Message(
            str(mail["From"]),
            _read_text(plain) if plain else "",
            _text_of(mail["Message-ID"]),
            subject=str(mail["Subject"] or ""),
            auto_submitted=str(mail["Auto-Submitted"] or ""),
            apple_unsubscribe=str(mail["X-Apple-Unsubscribe"] or ""),
        )
    except Exception as error:  # the parser fails in many ways on text that is no mail
        raise UnreadablePost("this is not a mail") from error


def _read_text(part: MIMEPart) -> str:
    """Return the text of a part. Decode it as Latin-1 if its charset is unknown."""
    try:
        return str(part.get_content())
    except (LookupError, ValueError):  # ValueError: a codec fails, or a NUL in the charset's name
        payload = part.get_payload(decode=True)
        return payload.decode("latin-1") if isinstance(payload, bytes) else ""


def _text_of(value: Any) -> str | None:
    return str(value).strip() or None if value is not None else None
