"""Batches of mails that a browser read: how they are written, and parsing with limits on each part.

A batch is one JSON object:

    {"number": 1, "read": 5000, "kinds": [{"from": ["News <news@shop.example>"], …}],
     "mails": [[0, "<id@shop.example>", "Mon, 5 Jan 2026 10:00:00 +0000",
                ["ana@example.org"], "ana+shop@example.org", 0]],
     "signed": ["base64 of a header block"]}

A kind has those headers that repeat from mail to mail, and each mail names its kind by index. So
they are sent and described once. A mail has its kind, id and date, the values of `Delivered-To`,
the address in `To` if it names only one, and 1 if it was marked as junk.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

import orjson

from core.json_bodies import DuplicateMember, load_json
from mailbox_reader import (
    BulkMail,
    Headers,
    MailProviders,
    clean_value,
    describe_mail,
    parse_time,
)

#: The most of each part of a batch. `mailbox-worker.js` has the same limits or lower ones.
MOST_MAILS, MOST_SIGNED = 5_000, 20
MOST_READ = 100_000_000
MOST_NUMBER = 1_000_000
#: Characters of a header's value, of a message id and of a date.
LONGEST_VALUE, LONGEST_ID, LONGEST_DATE = 4_000, 998, 200
MOST_VALUES, MOST_RECIPIENTS, LONGEST_RECIPIENT = 20, 21, 320
#: Bytes of a signed header block.
LARGEST_BLOCK = 65_536
FIELDS = {"number", "read", "kinds", "mails", "signed"}
#: Headers of a kind. `x-original-from` has no value of its own: it is there or not.
KIND_HEADERS = frozenset(
    {
        *("from", "sender", "reply-to", "list-id", "list-post", "list-unsubscribe"),
        *("list-unsubscribe-post", "precedence", "auto-submitted", "feedback-id"),
        *("dkim-signature", "x-original-from"),
    }
)


class InvalidBatch(ValueError):
    """The batch is not written as this module says."""


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch that was parsed. Its header blocks are verified and then dropped."""

    #: 1 for the first batch of a scan, and one more for each further one.
    number: int
    #: Mails of all kinds that were read since the batch before.
    read: int
    mails: Sequence[BulkMail]
    signed: Sequence[bytes]


def parse_batch(raw: bytes, providers: MailProviders, *, now: datetime) -> Batch:
    """Return the batch with its mails described. Mails that name no sender are left out.

    Raises:
        InvalidBatch
    """
    given = _load_object(raw)
    kinds = [_parse_kind(each) for each in _check_list(given["kinds"], MOST_MAILS, "kinds")]
    mails = _check_list(given["mails"], MOST_MAILS, "mails")
    signed = _check_list(given["signed"], MOST_SIGNED, "signed")
    return Batch(
        _check_number(given["number"], 1, MOST_NUMBER, "number"),
        _check_number(given["read"], 0, MOST_READ, "read"),
        list(_describe_mails(mails, kinds, providers, now)),
        [_decode_block(each) for each in signed],
    )


def _load_object(raw: bytes) -> Mapping[str, Any]:
    try:
        given = load_json(raw)
    except (orjson.JSONDecodeError, DuplicateMember) as error:
        raise InvalidBatch("The batch is no JSON.") from error
    if not isinstance(given, dict) or given.keys() != FIELDS:
        raise InvalidBatch(f"A batch has exactly the fields {', '.join(sorted(FIELDS))}.")
    return given


def _parse_kind(kind: Any) -> Headers:
    if not isinstance(kind, dict) or not kind.keys() <= KIND_HEADERS:
        raise InvalidBatch("A kind has other headers than the known ones.")
    checked = {
        name: _check_texts(values, MOST_VALUES, LONGEST_VALUE) for name, values in kind.items()
    }
    return {name: [clean_value(value) for value in values] for name, values in checked.items()}


class _OwnValues(NamedTuple):
    """What a mail has of its own, and what decides how it is described."""

    kind: int
    delivered_to: tuple[str, ...]
    to: str
    junk: int


def _describe_mails(
    mails: Sequence[Any], kinds: Sequence[Headers], providers: MailProviders, now: datetime
) -> Iterator[BulkMail]:
    """Yield the mails. Those of one kind with equal recipients are described once."""
    described: dict[_OwnValues, BulkMail | None] = {}
    for each in mails:
        if not isinstance(each, list) or len(each) != 6:
            raise InvalidBatch("A mail has six items.")
        key = _OwnValues(
            _check_number(each[0], 0, len(kinds) - 1, "kind"),
            tuple(_check_texts(each[3], MOST_RECIPIENTS, LONGEST_RECIPIENT)),
            _check_text(each[4], LONGEST_RECIPIENT),
            _check_number(each[5], 0, 1, "junk"),
        )
        message_id, date = _check_text(each[1], LONGEST_ID), _check_text(each[2], LONGEST_DATE)
        if key not in described:
            described[key] = _describe_kind(kinds[key.kind], key, providers, now)
        if (mail := described[key]) is not None:
            yield replace(mail, message_id=message_id, sent_at=parse_time(date, now=now))


def _describe_kind(
    kind: Headers, own: _OwnValues, providers: MailProviders, now: datetime
) -> BulkMail | None:
    headers = {**kind, "delivered-to": list(own.delivered_to)}
    headers |= {"to": [own.to]} if own.to else {}
    headers |= {"x-gmail-labels": ["Spam"]} if own.junk else {}
    return describe_mail(headers, providers, now=now)


def _decode_block(text: Any) -> bytes:
    try:
        block = base64.b64decode(_check_text(text, LARGEST_BLOCK * 4 // 3 + 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidBatch("A signed header block is no base64.") from error
    if not block or len(block) > LARGEST_BLOCK:
        raise InvalidBatch(f"A signed header block has 1 to {LARGEST_BLOCK:,} bytes.")
    return block


# -- Checks of single values ----------------------------------------------------------------------


def _check_list(value: Any, most: int, name: str) -> list[Any]:
    if not isinstance(value, list) or len(value) > most:
        raise InvalidBatch(f"`{name}` is a list of at most {most:,}.")
    return value


def _check_number(value: Any, least: int, most: int, name: str) -> int:
    if type(value) is not int or not least <= value <= most:
        raise InvalidBatch(f"`{name}` is a whole number from {least:,} to {most:,}.")
    return value


def _check_text(value: Any, longest: int) -> str:
    if not isinstance(value, str) or len(value) > longest:
        raise InvalidBatch(f"A text has at most {longest:,} characters.")
    return value


def _check_texts(value: Any, most: int, longest: int) -> list[str]:
    return [_check_text(each, longest) for each in _check_list(value, most, "values")]
