"""Mails are counted by their sender, each mail once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from mailbox_reader import BulkMail, Route, SenderCounts

FIRST = BulkMail(
    message_id="<1@shop.example>",
    sent_at=datetime(2024, 1, 1, tzinfo=UTC),
    organisation="shop.example",
    list_id="news.shop.example",
    name="Shop",
    route=Route.ONE_CLICK,
    is_group=False,
    is_transactional=False,
    is_junk=False,
    recipients=(),
)
LATER = replace(
    FIRST,
    message_id="<2@shop.example>",
    sent_at=datetime(2025, 1, 1, tzinfo=UTC),
    name="The Shop",
    route=Route.WEB,
    is_junk=True,
)


def count(*mails: BulkMail) -> SenderCounts:
    counts = SenderCounts()
    for mail in mails:
        counts.add(mail)
    return counts


def test_newest_mail_names_the_sender() -> None:
    for mails in ((FIRST, LATER), (LATER, FIRST)):
        (sender,) = count(*mails)
        assert (sender.name, sender.route, sender.mails, sender.junk) == ("The Shop", "web", 2, 1)
        assert (sender.first, sender.last) == (FIRST.sent_at, LATER.sent_at)


def test_mail_twice_counts_once() -> None:
    counts = SenderCounts()
    assert [counts.add(FIRST), counts.add(replace(FIRST, name="Copy"))] == [True, False]
    assert [counts.add(replace(FIRST, message_id="")) for _ in range(2)] == [True, True]
    assert [sender.mails for sender in counts] == [3]


def test_receipts_and_lists_are_apart_and_most_mails_first() -> None:
    receipt = replace(FIRST, message_id="<3@shop.example>", is_transactional=True)
    other = [replace(FIRST, message_id=f"<{n}@x>", list_id="x.shop.example") for n in range(3)]
    counts = count(FIRST, receipt, *other)
    assert [sender.mails for sender in counts] == [3, 1, 1]
    assert len(counts) == 3


def test_to_json_of_a_mail_without_time_or_list() -> None:
    (sender,) = count(replace(FIRST, sent_at=None, list_id=""))
    assert sender.to_json() == {
        "organisation": "shop.example",
        "list_id": None,
        "name": "Shop",
        "mails": 1,
        "first": None,
        "last": None,
        "route": "one_click",
        "group": False,
        "transactional": False,
    }


def test_to_json_of_a_group_is_never_one_click() -> None:
    (sender,) = count(replace(FIRST, is_group=True), LATER)
    assert sender.is_group
    (sender,) = count(LATER, replace(FIRST, is_group=True))
    assert sender.to_json()["route"] == "web"
    (sender,) = count(replace(FIRST, is_group=True))
    assert sender.to_json()["route"] == "mailto"
