"""Batches that a browser sends: what they say, and which ones are refused."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from cmr import mailbox
from cmr.mailbox import wire
from mailbox_reader import DEFAULT_PROVIDERS, MailProviders, Route, describe_mail

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
PROVIDERS = MailProviders.from_lists(DEFAULT_PROVIDERS)
KIND = {
    "from": ["Shop <news@mail.shop.example>"],
    "list-id": ["<news.shop.example>"],
    "list-unsubscribe": ["<https://click.shop.example/>, <mailto:x>"],
    "list-unsubscribe-post": ["List-Unsubscribe=One-Click"],
    "dkim-signature": ["d=shop.example; h=list-unsubscribe:list-unsubscribe-post"],
}
DATE = "Mon, 5 Jan 2026 10:00:00 +0100"
MAIL: list[Any] = [0, "<1@shop.example>", DATE, ["ana@example.org"], "", 0]


def build(**changes: Any) -> dict[str, Any]:
    batch = {"number": 1, "read": 7, "kinds": [KIND], "mails": [MAIL], "signed": []}
    return batch | changes


def parse(**changes: Any) -> mailbox.Batch:
    return mailbox.parse_batch(json.dumps(build(**changes)).encode(), PROVIDERS, now=NOW)


def test_parse_batch_describes_its_mails() -> None:
    batch = parse(number=3, signed=[base64.b64encode(b"From: a@b.example\n").decode()])
    assert (batch.number, batch.read, list(batch.signed)) == (3, 7, [b"From: a@b.example\n"])
    (mail,) = batch.mails
    assert (mail.organisation, mail.list_id, mail.name) == (
        "shop.example",
        "news.shop.example",
        "Shop",
    )
    assert (mail.route, mail.is_junk, mail.recipients) == (
        Route.ONE_CLICK,
        False,
        ("ana@example.org",),
    )
    assert (mail.message_id, mail.sent_at) == (
        "<1@shop.example>",
        datetime(2026, 1, 5, 9, tzinfo=UTC),
    )


def test_mails_of_one_kind_differ_in_their_own_values() -> None:
    other = [0, "<2@shop.example>", "never", ["ana+shop@example.org"], "", 1]
    first, second = parse(mails=[MAIL, other]).mails
    assert (first.is_junk, second.is_junk) == (False, True)
    assert (second.message_id, second.sent_at) == ("<2@shop.example>", None)
    assert second.recipients == ("ana+shop@example.org",)


def test_mail_is_described_as_from_its_whole_headers() -> None:
    headers = {
        **KIND,
        "message-id": [MAIL[1]],
        "date": [DATE],
        "to": ["Ana <ana+shop@example.org>"],
    }
    headers["delivered-to"] = ["ana@example.org"]
    mail = [*MAIL[:4], "ana+shop@example.org", 0]
    assert parse(mails=[mail]).mails == [describe_mail(headers, PROVIDERS, now=NOW)]


def test_mail_without_a_sender_is_left_out() -> None:
    assert parse(kinds=[{"from": ["nobody"]}]).mails == []


def test_list_id_with_characters_that_cannot_be_stored_is_cleaned() -> None:
    kind = {**KIND, "list-id": ["News\0\x1b[1m <news\0.shop.example>"]}
    (mail,) = parse(kinds=[kind]).mails
    assert mail.list_id == "news.shop.example"


REFUSED: dict[str, Callable[[], Any]] = {
    "no JSON": lambda: b"{",
    "not UTF-8": lambda: b'{"number": "\xff"}',
    "half a character": lambda: json.dumps(build(mails=[[0, "\ud800", "", [], "", 0]])).encode(),
    "no object": lambda: b"[]",
    "nested too deeply": lambda: b"[" * 5_000 + b"]" * 5_000,
    "a field twice": lambda: b'{"number":1,"number":2,"read":1,"kinds":[],"mails":[],"signed":[]}',
    "a field less": lambda: {k: v for k, v in build().items() if k != "read"},
    "a field more": lambda: build(subject="x"),
    "number 0": lambda: build(number=0),
    "number is true": lambda: build(number=True),
    "read is negative": lambda: build(read=-1),
    "read is a fraction": lambda: build(read=1.5),
    "read is too large": lambda: build(read=wire.MOST_READ + 1),
    "unknown header": lambda: build(kinds=[{"subject": ["x"]}]),
    "kind is a list": lambda: build(kinds=[[]]),
    "value is no list": lambda: build(kinds=[{"from": "x"}]),
    "value is no text": lambda: build(kinds=[{"from": [1]}]),
    "value is too long": lambda: build(kinds=[{"from": ["x" * 4_001]}]),
    "too many values": lambda: build(kinds=[{"from": ["x"] * 21}]),
    "too many kinds": lambda: build(kinds=[{}] * 5_001),
    "too many mails": lambda: build(mails=[MAIL] * 5_001),
    "mail has seven items": lambda: build(mails=[[*MAIL, 1]]),
    "mail is no list": lambda: build(mails=["x"]),
    "no such kind": lambda: build(mails=[[1, *MAIL[1:]]]),
    "kind before the first": lambda: build(mails=[[-1, *MAIL[1:]]]),
    "mail id is too long": lambda: build(mails=[[0, "x" * 999, "", [], "", 0]]),
    "date is too long": lambda: build(mails=[[0, "", "x" * 201, [], "", 0]]),
    "too many recipients": lambda: build(mails=[[0, "", "", ["a@b.example"] * 22, "", 0]]),
    "recipient is too long": lambda: build(mails=[[0, "", "", ["x" * 321], "", 0]]),
    "address in To is too long": lambda: build(mails=[[0, "", "", [], "x" * 321, 0]]),
    "junk is 2": lambda: build(mails=[[0, "", "", [], "", 2]]),
    "block is no base64": lambda: build(signed=["?"]),
    "block is not ASCII": lambda: build(signed=["é"]),
    "block is empty": lambda: build(signed=[""]),
    "block is too large": lambda: build(signed=[base64.b64encode(b"x" * 65_537).decode()]),
    "too many blocks": lambda: build(signed=["eA=="] * 21),
}


@pytest.mark.parametrize("what", REFUSED)
def test_parse_batch_refuses(what: str) -> None:
    body = REFUSED[what]()
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    with pytest.raises(mailbox.InvalidBatch):
        mailbox.parse_batch(raw, PROVIDERS, now=NOW)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(sorted(wire.KIND_HEADERS)), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(name=st.sampled_from(sorted(wire.FIELDS)), value=VALUES)
def test_parse_batch_any_value_is_parsed_or_refused(name: str, value: Any) -> None:
    try:
        batch = parse(**{name: value})
    except (mailbox.InvalidBatch, UnicodeEncodeError):
        return
    assert all(mail.organisation for mail in batch.mails)


@given(values=st.fixed_dictionaries({name: st.lists(st.text(), max_size=3) for name in KIND}))
def test_parse_batch_any_headers_are_described(values: dict[str, list[str]]) -> None:
    """No value of a header breaks the reading of it, and all that is kept can be stored."""
    try:
        batch = parse(kinds=[values])
    except (mailbox.InvalidBatch, UnicodeEncodeError):
        return
    for mail in batch.mails:
        kept = mail.organisation + mail.list_id + mail.name
        assert "\0" not in kept and kept.encode()


def test_limits_of_the_script_are_within_those_of_the_server() -> None:
    from cmr.portal.find_companies import BATCH_MAILS

    assert BATCH_MAILS <= wire.MOST_MAILS
    assert 49_152 <= wire.LARGEST_BLOCK < settings.MAX_BODY_BYTES / 4
