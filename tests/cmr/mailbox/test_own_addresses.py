"""Only the person's own addresses are kept; never a list's or somebody else's."""

from __future__ import annotations

from datetime import datetime

import pytest

from cmr.accounts import ownership
from cmr.mailbox.own_addresses import OwnAddresses, find_base, split_address
from cmr.models import AddressUse, Consumer
from core import crypto
from mailbox_reader import (
    DEFAULT_PROVIDERS,
    BulkMail,
    MailProviders,
    describe_mail,
    read_headers,
)
from tests.mailboxes import build_mail, read_mails

PROVIDERS = MailProviders.from_lists(DEFAULT_PROVIDERS)
OWN = OwnAddresses.from_proved(["ana@example.org", "ana@gmail.com", "me@anas-home.org"], PROVIDERS)


def select(*recipients: str, mailbox: str = "", organisation: str = "shop.example") -> list[str]:
    mail = build_mail(
        "<1>", None, recipients=recipients, mailbox=mailbox, organisation=organisation
    )
    return OWN.select_own(mail)


@pytest.mark.parametrize(
    "address",
    [
        "ana@example.org",
        "ana+shop@example.org",
        "ana+shop@gmail.com",
        "a.n.a+shop@googlemail.com",
        "shop@anas-home.org",
        "anything+tag@anas-home.org",
    ],
)
def test_proved_addresses_their_tags_and_their_domains_are_own(address: str) -> None:
    assert select(address) == [address]


@pytest.mark.parametrize(
    "address",
    [
        "bob@gmail.com",
        "bob+ana@gmail.com",
        "anabel@gmail.com",
        "bob@elsewhere.example",
        "news@lists.example",
        "undisclosed-recipients:;",
        "ana@sub.anas-home.org.evil.example",
        "",
    ],
)
def test_addresses_of_others_are_not_own(address: str) -> None:
    assert select(address) == []


def test_mailbox_as_its_server_wrote_it_is_own_and_so_are_its_tags() -> None:
    other = "ana@second.example"
    assert select(other, mailbox=other) == [other]
    assert select("ana+acme@second.example", mailbox=other) == ["ana+acme@second.example"]
    assert select("bob@second.example", mailbox=other) == []


def test_address_at_the_senders_domain_is_the_senders() -> None:
    list_address = "news@shop.example"
    assert select(list_address, mailbox=list_address) == []
    assert select("ana+x@mail.shop.example", mailbox="ana@mail.shop.example") == []
    proved = "me@anas-home.org"
    assert select(proved, "team@anas-home.org", organisation="anas-home.org") == [proved]


def test_at_most_two_addresses_of_a_mail_are_kept() -> None:
    assert len(select("ana+a@gmail.com", "ana+b@gmail.com", "ana+c@gmail.com")) == 2


def test_addresses_are_split_at_their_tag() -> None:
    assert split_address("Ana+Shop+2@Example.org") == ("ana", "shop+2", "example.org")
    assert find_base("a.na+x@googlemail.com") == "ana@gmail.com"
    assert find_base("a.na+x@example.org") == "a.na@example.org"


# -- From headers to rows ------------------------------------------------------------------------

NEWSLETTER = b"""From: Acme <news@acme.example>
List-Unsubscribe: <https://acme.example/u>
Date: Mon, 12 Jan 2026 09:00:00 +0000
Message-ID: <%b@acme.example>
"""


def read(headers: bytes, now: datetime) -> BulkMail:
    block = NEWSLETTER % str(abs(hash(headers))).encode() + headers
    mail = describe_mail(read_headers(block), PROVIDERS, now=now)
    assert mail
    return mail


def list_stored(consumer: Consumer) -> set[str]:
    rows = AddressUse.objects.filter(consumer=consumer)
    return {crypto.decrypt_text(bytes(each.address)) for each in rows}


@pytest.mark.parametrize(
    ("headers", "stored"),
    [
        (b"To: ana+acme@example.org\n", {"ana+acme@example.org"}),
        (b"Delivered-To: ana@example.org\nTo: fans@lists.example\n", {"ana@example.org"}),
        (
            b"Delivered-To: ana@second.example\nDelivered-To: bob@third.example\n"
            b"To: bob@third.example\n",
            {"ana@second.example"},
        ),
        (b"Delivered-To: mailing list fans@lists.example\nTo: fans@lists.example\n", set()),
        (b"To: bob@third.example\n", set()),
        (b"To: bob@third.example, ana+acme@example.org\n", set()),
        (b"Delivered-To: news@acme.example\nTo: news@acme.example\n", set()),
        (b"", set()),
    ],
)
def test_recording_stores_only_own_addresses(
    headers: bytes, stored: set[str], ana: Consumer, now: datetime
) -> None:
    read_mails(ana, [read(headers, now)], now=now)
    assert list_stored(ana) == stored


def test_recording_takes_addresses_that_were_proved_since(ana: Consumer, now: datetime) -> None:
    read_mails(ana, [read(b"To: one@anas-home.org\n", now)], now=now)
    assert list_stored(ana) == set()
    ownership.add_contact(ana, kind="email", value="me@anas-home.org", now=now)
    read_mails(ana, [read(b"To: two@anas-home.org\n", now)], now=now)
    assert list_stored(ana) == {"two@anas-home.org"}
