"""The headers of a mail that are read. All others are dropped, and so are subject and body."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.utils import getaddresses, parsedate_to_datetime
from functools import lru_cache

#: All values of each wanted header, by its name in lower case.
Headers = Mapping[str, list[str]]

WANTED = (
    "from",
    "sender",
    "reply-to",
    "to",
    "delivered-to",
    "date",
    "message-id",
    "list-id",
    "list-unsubscribe",
    "list-unsubscribe-post",
    "list-post",
    "precedence",
    "auto-submitted",
    "feedback-id",
    "dkim-signature",
    "x-original-from",
    "x-gmail-labels",
)
#: Characters of one header that are read. A DKIM signature may be long, nothing else is.
MOST_CHARACTERS = 8_192
#: Values of one header that are read: a mail may name thousands of recipients or signatures.
MOST_VALUES = 20
FIELD = re.compile(
    rb"^(%s)[ \t]*:(.*(?:\n[ \t].*)*)" % b"|".join(name.encode() for name in WANTED),
    re.IGNORECASE | re.MULTILINE,
)
FOLD = re.compile(r"\r?\n[ \t]*")
#: Control characters, those that change the direction of a text, and half characters.
UNSEEN = re.compile(
    r"[\x00-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]+"
)


def read_headers(block: bytes) -> dict[str, list[str]]:
    """Return the wanted headers of a header block, unfolded.

    Bytes that are not UTF-8 are read as Latin-1, because old mail contains both.
    """
    headers: dict[str, list[str]] = {}
    for field in FIELD.finditer(block):
        values = headers.setdefault(field[1].decode().lower(), [])
        if len(values) < MOST_VALUES:
            values.append(clean_value(_decode_bytes(field[2][:MOST_CHARACTERS])))
    return headers


def clean_value(value: str) -> str:
    """Return a value on one line, without characters that nobody sees, such as NUL."""
    value = value.strip()
    if "\n" in value:
        value = FOLD.sub(" ", value)
    return value if value.isprintable() else UNSEEN.sub(" ", value).strip()


def _decode_bytes(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


@lru_cache(4_096)
def parse_mailbox(value: str) -> tuple[str, str]:
    """Return name and address of the first mailbox of a header; both empty if there is none."""
    for name, address in _split_addresses(value):
        local, at, domain = address.rpartition("@")
        if local and at and domain:
            return decode_words(name), f"{local}@{domain.lower().rstrip('.')}"
    return "", ""


@lru_cache(4_096)
def parse_addresses(value: str) -> tuple[str, ...]:
    """Return the addresses of a header, in lower case."""
    return tuple(address.lower() for _name, address in _split_addresses(value) if "@" in address)


def _split_addresses(value: str) -> list[tuple[str, str]]:
    try:
        return getaddresses([value])
    except RecursionError:  # thousands of open brackets, or of colons
        return []


@lru_cache(4_096)
def decode_words(value: str) -> str:
    """Return a text with its encoded words decoded (RFC 2047), on one line."""
    try:
        text = str(make_header(decode_header(value))) if "=?" in value else value
    except (HeaderParseError, LookupError, ValueError):
        text = value
    # Some character sets decode to lone surrogates, which no database takes.
    text = text.encode(errors="replace").decode()
    return UNSEEN.sub(" ", text).strip().strip('"').strip()


def parse_time(value: str, *, now: datetime) -> datetime | None:
    """Return the time of a `Date` header; None if it is no time, before 1990 or in the future."""
    try:
        at = parsedate_to_datetime(value)
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    # Mailboxes have mails of 1970 and of 2038, from machines whose clock was wrong.
    return at if at.year >= 1990 and at <= now else None


def get_first(headers: Headers, name: str) -> str:
    """Return the first value of a header; empty if there is none."""
    values = headers.get(name)
    return values[0] if values else ""
