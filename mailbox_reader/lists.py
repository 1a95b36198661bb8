"""The mailing list of a mail: its `List-Id`, or what the addresses of list programs show."""

from __future__ import annotations

import re
from functools import lru_cache

from mailbox_reader.headers import Headers, decode_words, get_first, parse_addresses
from mailbox_reader.organisations import find_organisational_domain

LIST_ID = re.compile(r"<([^<>]*)>\s*$")
MAILTO = re.compile(r"mailto:([^>?,\s]{1,200})", re.IGNORECASE)
#: Addresses that list programs make of a list's name. A name with a long number is one of a mail.
NAME = r"(?P<name>(?:(?!\d{5})[^@\s])+?)"
HOST = r"@(?P<host>[^@\s]+)"
#: Some programs add the reader's own address: `news-bounces+ana=example.org@…`.
READER = r"(?:[-+][^@\s]*=[^@\s]*)?"
#: `leave-news-1234567X@…` of Lyris, `news-unsubscribe@…` of ezmlm, `news-off@…` of others.
LEAVE = re.compile(rf"leave-{NAME}-\d+\w?{HOST}", re.IGNORECASE)
UNSUBSCRIBE = re.compile(
    rf"{NAME}-(?:unsubscribe|unsub|leave|off|signoff){READER}{HOST}", re.IGNORECASE
)
#: `owner-news@…` of Majordomo, `news-bounces@…` of Mailman.
OWNER = re.compile(rf"owner-{NAME}{HOST}", re.IGNORECASE)
BOUNCES = re.compile(rf"{NAME}-(?:owner|admin|bounces?|request){READER}{HOST}", re.IGNORECASE)
#: A number before the name of a list, such as `20260301.` of `20260301.news.shop.example`.
CAMPAIGN = re.compile(r"\d{5,}\.")
#: What ezmlm writes into `Delivered-To`.
DELIVERED = re.compile(rf"mailing list {NAME}{HOST}", re.IGNORECASE)


@lru_cache(4_096)
def parse_list_id(value: str) -> tuple[str, str]:
    """Return id and name of a `List-Id` header (RFC 2919). Some senders leave the brackets out."""
    found = LIST_ID.search(value)
    list_id = (found[1] if found else value).strip().strip("<>").lower()
    name = decode_words(value[: found.start()]) if found else ""
    return "".join(list_id.split()), ("" if "@" in name else name)


def find_mailto(header: str) -> str:
    """Return the address of the first `mailto:` link of a header; empty without one."""
    found = MAILTO.search(header)
    return found[1].lower() if found else ""


def find_list_by_unsubscribe(headers: Headers) -> str:
    """Return the list's address as `List-Unsubscribe` shows it: `news@example.com`, or nothing."""
    address = find_mailto(get_first(headers, "list-unsubscribe"))
    return _match_list(address, LEAVE, UNSUBSCRIBE) if address else ""


def find_list_by_sender(headers: Headers) -> str:
    """Return the address of the list that sent a mail for its author, or nothing.

    It shows in `Sender` (Majordomo, Mailman), in `Delivered-To` (ezmlm), or in both `Sender` and
    `To`.
    """
    for value in headers.get("delivered-to", ()):
        if found := _match_list(value, DELIVERED):
            return found
    sender = next(iter(parse_addresses(get_first(headers, "sender"))), "")
    if not sender:
        return ""
    is_addressed = sender in parse_addresses(get_first(headers, "to"))
    return sender if is_addressed else _match_list(sender, OWNER, BOUNCES)


def _match_list(address: str, *patterns: re.Pattern[str]) -> str:
    for pattern in patterns:
        found = pattern.fullmatch(address)
        if found and found["name"]:
            return f"{found['name']}@{found['host']}".lower()
    return ""


def build_list_id(address: str) -> str:
    """Return the id of a list without a `List-Id`: `news.example.com` of `news@mx1.example.com`.

    List programs send from several machines, so only the organisation is part of it.
    """
    name, _, host = address.rpartition("@")
    organisation = find_organisational_domain(host)
    return f"{name}.{organisation}" if name and organisation else ""


def drop_campaign(list_id: str, organisation: str) -> str:
    """Return a List-Id without the number of a campaign that some companies put before it.

    That is known only if a name is left. The number in `<7952914.xt.local>` of a provider is the
    list's, and so may be the one in `<1000123.shop.example>`.
    """
    found = CAMPAIGN.match(list_id)
    rest = list_id[found.end() :] if found else ""
    return rest if rest.endswith(f".{organisation}") else list_id
