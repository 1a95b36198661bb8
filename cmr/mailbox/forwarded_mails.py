"""The mails inside a forwarded mail: attached with their headers, or quoted in its text.

Mail programs forward in three ways. As an attachment, a mail keeps its headers. By a rule, it
arrives as it was. Inline, only a few lines of its headers are quoted in the text, in the language
of the program; they name its sender and nothing else.
"""

from __future__ import annotations

import email
import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.message import Message

from mailbox_reader import Headers, get_first, is_bulk, read_headers

#: Attached mails that are read, and parts of the whole mail that are looked at.
MOST_ATTACHED, MOST_PARTS = 200, 1_000
#: Characters of a text in which a quotation is looked for, and lines between it and its `From`.
MOST_TEXT, MOST_LINES = 50_000, 10
MOST_HEADER_BYTES = 65_536

#: The line above a quoted mail: "---------- Forwarded message ---------", "-----Original
#: Message-----" and Apple's "Begin forwarded message:", in each language.
MARKER = re.compile(
    r"(?:[-_=]{2,}\s*)?(?:"
    # English, German, French, Spanish, Italian, Dutch
    r"(?:begin\s+)?forwarded message|original message|original appointment"
    r"|(?:anfang der\s+)?weitergeleiteten? nachricht|ursprüngliche nachricht"
    r"|urspr\.? nachricht|original[- ]?nachricht"
    r"|(?:début du\s+)?message (?:transféré|réexpédié)|message d['’]origine|message original"
    r"|(?:inicio del\s+)?mensaje (?:reenviado|original)"
    r"|(?:inizio (?:del\s+)?)?messaggio (?:inoltrato|originale)"
    r"|(?:begin\s+)?doorgestuurd bericht|oorspronkelijk bericht"
    r")\s*:?(?:\s*[-_=]{2,})?",
    re.IGNORECASE,
)
#: Outlook writes this line instead, in every language.
LINE = re.compile(r"[_-]{20,}")
#: The quoted `From`, with the signs that mail programs put before and around it.
QUOTED_FROM = re.compile(
    r"[>\s*_]*(?:from|von|de|da|van|expéditeur|remitente|mittente|afzender)\s?:[*_]*\s*(\S.{0,500})?",
    re.IGNORECASE,
)
ADDRESS = re.compile(r"[A-Za-z0-9._%+'=-]{1,64}@[A-Za-z0-9.-]{1,253}\.[A-Za-z]{2,63}")
LINE_BREAK = re.compile(r"<(?:br|/p|/div|/tr|/li|/h[1-6])\b[^>]{0,200}>", re.IGNORECASE)
HIDDEN = re.compile(r"<(?:style|script|title)\b[^<]*", re.IGNORECASE)
HTML_TAG = re.compile(r"<[a-zA-Z/!][^<>]{0,2000}>")


@dataclass(frozen=True, slots=True)
class QuotedSender:
    """The sender of a mail that was forwarded inline."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class ForwardedContent:
    """Header blocks of mails that kept theirs, or the sender of one that is quoted."""

    blocks: Sequence[bytes]
    quoted: QuotedSender | None = None
    #: The id of the forwarding mail itself.
    message_id: str = ""


def read_forwarded_mail(raw: bytes, *, own_domain: str) -> ForwardedContent:
    """Return what a forwarding mail contains.

    *own_domain* is that of our addresses; a header that names it as the recipient is dropped.
    """
    message = email.message_from_bytes(raw)
    parts = _list_parts(message)
    attached = [
        _build_block(each, own_domain) for each in _list_attached(parts) if each is not message
    ]
    if attached:
        return ForwardedContent(attached[:MOST_ATTACHED])
    block = _build_block(message, own_domain)
    headers = read_headers(block)
    if is_bulk(headers):  # a rule forwarded it as it was
        return ForwardedContent([block])
    return ForwardedContent((), _find_quoted_sender(parts), _find_id(headers))


def _find_id(headers: Headers) -> str:
    return get_first(headers, "message-id")


def _list_parts(message: Message) -> list[Message]:
    """Return the parts of a mail, but not those of mails that are attached to it."""
    found: list[Message] = []
    waiting = [message]
    while waiting and len(found) < MOST_PARTS:
        part = waiting.pop()
        found.append(part)
        inner = part.get_payload()
        if isinstance(inner, list) and part.get_content_maintype() == "multipart":
            waiting += [each for each in reversed(inner) if isinstance(each, Message)]
    return found


def _list_attached(parts: Sequence[Message]) -> Iterator[Message]:
    """Yield the mails that are attached, whether as mails or as files."""
    for part in parts:
        inner = part.get_payload()
        if part.get_content_type() == "message/rfc822" and isinstance(inner, list) and inner:
            yield inner[0] if isinstance(inner[0], Message) else part
        elif (part.get_filename() or "").lower().endswith(".eml"):
            content = part.get_payload(decode=True)
            if isinstance(content, bytes) and content:
                yield email.message_from_bytes(content)


def _build_block(message: Message, own_domain: str) -> bytes:
    """Return the headers of a mail as they were, because signatures cover their folding."""
    lines = [
        f"{name}: {value}".encode("utf-8", "surrogateescape")
        for name, value in message.raw_items()
        if not (name.lower() == "delivered-to" and own_domain in str(value).lower())
    ]
    return b"\r\n".join(lines)[:MOST_HEADER_BYTES]


# -- Mails that are quoted -----------------------------------------------------------------------


def _find_quoted_sender(parts: Sequence[Message]) -> QuotedSender | None:
    plain = [_read_text(each) for each in parts if each.get_content_type() == "text/plain"]
    pages = [_read_text(each) for each in parts if each.get_content_type() == "text/html"]
    texts = [*plain, *map(_strip_tags, pages)]
    return next((found for text in texts if (found := find_quoted_sender(text))), None)


def _read_text(part: Message) -> str:
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        return ""
    try:
        text = content.decode(part.get_content_charset("utf-8"), "replace")
    except (LookupError, ValueError):
        text = content.decode("latin-1")
    return text[:MOST_TEXT]


def _strip_tags(text: str) -> str:
    lines = LINE_BREAK.sub("\n", HIDDEN.sub("", text))
    return html.unescape(HTML_TAG.sub("", lines))


def find_quoted_sender(text: str) -> QuotedSender | None:
    """Return the sender that the first quoted header in *text* names."""
    lines = [line.replace("\xa0", " ").strip(" \t\r>*") for line in text[:MOST_TEXT].split("\n")]
    for number, line in enumerate(lines):
        is_above = MARKER.fullmatch(line) or LINE.fullmatch(line)
        if is_above and (found := _find_from(lines[number + 1 : number + 1 + MOST_LINES])):
            return found
    return None


def _find_from(lines: Sequence[str]) -> QuotedSender | None:
    for number, line in enumerate(lines):
        if (quoted := QUOTED_FROM.fullmatch(line)) is None:
            continue
        value = quoted[1] or ""
        if "@" not in value:  # the address is on the next line
            value = f"{value} {' '.join(lines[number + 1 : number + 2])}".strip()
        if address := ADDRESS.search(value):
            return QuotedSender(_clean_name(value[: address.start()]), address[0].lower())
    return None


def _clean_name(text: str) -> str:
    """Return the name before an address: `Acme` of `"Acme" <` or `Acme [mailto:`."""
    name = re.sub(r"[\[<(]\s*(?:mailto:)?\s*$", "", text)
    return name.strip(" \t\"'“”„*_<[(").strip()
