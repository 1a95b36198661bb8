"""What one mail says about its sender: the organisation, the list, and how to unsubscribe."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urlsplit

import listunsub

from mailbox_reader.headers import (
    Headers,
    get_first,
    parse_addresses,
    parse_mailbox,
    parse_time,
)
from mailbox_reader.lists import (
    build_list_id,
    drop_campaign,
    find_list_by_sender,
    find_list_by_unsubscribe,
    find_mailto,
    parse_list_id,
)
from mailbox_reader.organisations import (
    MailProviders,
    ProviderKind,
    find_organisational_domain,
)

MOST_LIST_ID, MOST_NAME = 200, 120
#: Headers that only programs write. One of them is enough to call a mail bulk mail.
BULK_HEADERS = ("list-id", "list-unsubscribe", "list-post", "feedback-id")
BULK_PRECEDENCE = {"bulk", "list", "junk"}
#: Senders of delivery failures, which are no bulk mail.
POSTMASTERS = re.compile(r"(?:mailer-daemon|postmaster|double-bounce)@", re.IGNORECASE)
TAG = re.compile(r"(?:^|;)\s*([a-z]{1,3})\s*=\s*([^;]*)")
#: Tags whose values differ from mail to mail. Without them the same sender's header is cached.
CHANGING_TAGS = re.compile(r"(?:^|(?<=;))\s*(?:bh?|t|x)\s*=[^;]*;?")
#: A `List-Unsubscribe` of links in brackets, without comments and spaces.
SIMPLE_LINKS = re.compile(r"<[^<>()\s]+>(?:\s*,\s*<[^<>()\s]+>)*")
LINK = re.compile(r"<([^<>]+)>")
WORD = re.compile(r"[a-zà-ÿ]+")
#: Words of an address, a list or a name that mark receipts and notices …
TRANSACTIONAL_WORDS = frozenset(
    "receipt receipts order orders invoice invoices billing payment payments shipping shipment "
    "shipments delivery tracking booking bookings reservation reservations confirm confirmation "
    "confirmations security alert alerts notification notifications notify statement statements "
    "ticket tickets account accounts password verify verification transactional transaction "
    "transactions tx rechnung rechnungen bestellung bestellungen versand lieferung buchung "
    "zahlung zahlungen konto sicherheit bestaetigung bestätigung facture factures commande "
    "pedido pedidos factura facturas ordine fattura factuur bestelling".split()
)
#: … and those that mark marketing, which count more.
MARKETING_WORDS = frozenset(
    "newsletter newsletters news marketing offer offers promo promos promotion promotions deal "
    "deals digest weekly daily campaign campaigns sale sales club magazine angebote aktion "
    "aktionen werbung nouvelles ofertas offerte".split()
)


class Route(StrEnum):
    """How the mail says that one unsubscribes."""

    ONE_CLICK = "one_click"  # RFC 8058, and a signature covers its headers
    MAILTO = "mailto"  # a mail from the subscribed address
    WEB = "web"  # a page
    NONE = "none"


class SenderKey(NamedTuple):
    """What makes two mails those of one sender."""

    organisation: str
    list_id: str
    #: Receipts and notices are a sender of their own, because nobody unsubscribes from them.
    is_transactional: bool


@dataclass(frozen=True, slots=True)
class BulkMail:
    """What is kept of one mail. It has no subject, no text and no address of other people."""

    #: Empty if the mail has none.
    message_id: str
    #: None if the mail says no time that can be.
    sent_at: datetime | None
    #: The organisational domain of the sender, such as `example.co.uk`.
    organisation: str
    #: The List-Id without its angle brackets, in lower case; empty without one.
    list_id: str
    name: str
    route: Route
    #: A mailing list of a group, or a forwarder: unsubscribing there may remove everybody.
    is_group: bool
    is_transactional: bool
    is_junk: bool
    #: The addresses at which the mail arrived, in lower case, as far as its headers say. Some may
    #: be a list's, or of a person who passed the mail on.
    recipients: tuple[str, ...]
    #: The one of them that the last server wrote, in whose mailbox the mail is; empty without it.
    mailbox: str = ""

    @property
    def sender_key(self) -> SenderKey:
        return SenderKey(self.organisation, self.list_id, self.is_transactional)


@dataclass(frozen=True, slots=True)
class Signature:
    """A DKIM signature: its domain, and the names of the headers that it covers."""

    domain: str
    covers: frozenset[str]


def is_bulk(headers: Headers) -> bool:
    """Return whether a program sent the mail to many people, or as a notice."""
    labels = get_first(headers, "x-gmail-labels").lower()
    if "sent" in {label.strip(' "') for label in labels.split(",")}:
        return False
    if POSTMASTERS.search(get_first(headers, "from")):
        return False
    if any(headers.get(name) for name in BULK_HEADERS):
        return True
    if get_first(headers, "precedence").lower() in BULK_PRECEDENCE:
        return True
    return get_first(headers, "auto-submitted").lower().startswith("auto-generated")


def describe_mail(headers: Headers, providers: MailProviders, *, now: datetime) -> BulkMail | None:
    """Return what a bulk mail says about its sender; None if it names no sender."""
    name, address = _find_author(headers)
    list_id, list_name = parse_list_id(get_first(headers, "list-id"))
    signatures = [read_signature(each) for each in headers.get("dkim-signature", ())]
    recipients = _find_recipients(headers, address, providers)
    is_group = _is_group(headers, address, list_id, recipients, providers)
    organisation = (
        _find_list_host(headers, list_id, address)
        if is_group
        else _find_organisation(address, signatures, providers)
    )
    if not organisation:
        return None
    list_id = drop_campaign(list_id, organisation) or _guess_list_id(headers)
    if not list_id and not is_group and not providers.is_own(organisation):
        list_id = address.lower()  # many companies send from this domain
    # Mails of one list have many names, of which one may contain "security" or "news".
    words = {*_split_words(address), *_split_words(list_id or name)}
    return BulkMail(
        message_id=get_first(headers, "message-id")[:998],
        sent_at=parse_time(get_first(headers, "date"), now=now),
        organisation=organisation,
        list_id=list_id[:MOST_LIST_ID],
        # The author of a mail to a group is another person, whose name is not kept.
        name=(((list_name or list_id) if is_group else name) or organisation)[:MOST_NAME],
        route=_find_route(headers, signatures, organisation, providers, is_group=is_group),
        is_group=is_group,
        is_transactional=not is_group and _is_transactional(headers, words),
        is_junk=_is_junk(headers),
        recipients=recipients,
        mailbox=_find_mailbox(headers),
    )


def _find_author(headers: Headers) -> tuple[str, str]:
    """Return name and address of the first header that names one. A name is no address."""
    for header in ("from", "sender", "reply-to"):
        for value in headers.get(header, ()):
            name, address = parse_mailbox(value)
            if address:
                return ("" if "@" in name else name), address
    return "", ""


@lru_cache(8_192)
def _read_tags(value: str) -> tuple[str, str]:
    tags: dict[str, str] = dict(TAG.findall(value))
    return tags.get("d", "").strip().lower(), tags.get("h", "")


def read_signature(value: str) -> Signature:
    """Return domain and covered headers of a `DKIM-Signature` header, without verifying it."""
    domain, names = _read_tags(CHANGING_TAGS.sub("", value))
    return Signature(domain, _split_names(names))


@lru_cache(4_096)
def _split_names(names: str) -> frozenset[str]:
    return frozenset(name.strip().lower() for name in names.split(":"))


def _domain_of(address: str) -> str:
    return address.rpartition("@")[2]


def _find_organisation(
    address: str, signatures: Sequence[Signature], providers: MailProviders
) -> str:
    """Return the organisation that signed the mail, or else the one in `From`.

    A provider's signature says nothing. Of several signatures, the author's own counts first.
    """
    author = find_organisational_domain(_domain_of(address))
    signers = [each.domain for each in signatures if providers.is_own(each.domain)]
    signed_by = [find_organisational_domain(each) for each in signers]
    if author in signed_by:
        return author
    return next((each for each in signed_by if each), author)


def _is_group(
    headers: Headers,
    address: str,
    list_id: str,
    recipients: Sequence[str],
    providers: MailProviders,
) -> bool:
    """Return whether people write to this list, or a forwarder changed the mail."""
    if find_mailto(get_first(headers, "list-post")) or headers.get("x-original-from"):
        return True
    hosts = _list_hosts(headers, address, list_id)
    if any(providers.find_kind(host) is ProviderKind.GROUP for host in hosts):
        return True
    author = find_organisational_domain(_domain_of(address))
    own = {find_organisational_domain(_domain_of(each)) for each in recipients}
    if author in own and providers.is_own(author):
        return True
    if headers.get("dkim-signature"):
        return False
    # An unsigned mail of a list at another organisation than its author's: somebody wrote to it.
    host = find_organisational_domain(list_id or _domain_of(find_list_by_sender(headers)))
    return host not in {"", author} and providers.is_own(host)


def _list_hosts(headers: Headers, address: str, list_id: str) -> list[str]:
    """Return the domains by which a provider of groups is recognised."""
    mailto = find_mailto(get_first(headers, "list-unsubscribe"))
    sender = get_first(headers, "sender").strip(" <>")
    return [list_id, *(_domain_of(each) for each in (address, sender, mailto) if each)]


def _list_addresses(headers: Headers) -> tuple[str, str, str]:
    """Return the addresses of the list as far as headers show them, the best one first."""
    return (
        find_mailto(get_first(headers, "list-post")),
        find_list_by_sender(headers),
        find_list_by_unsubscribe(headers),
    )


def _guess_list_id(headers: Headers) -> str:
    """Return the id of a list that has no `List-Id`; empty if its addresses show none."""
    return next(filter(None, map(build_list_id, _list_addresses(headers))), "")


def _find_list_host(headers: Headers, list_id: str, address: str) -> str:
    """Return the organisation that runs a group's list: its members' own domains differ."""
    for host in (list_id, *map(_domain_of, _list_addresses(headers))):
        if found := find_organisational_domain(host):
            return found
    return find_organisational_domain(_domain_of(address))


def _find_recipients(headers: Headers, address: str, providers: MailProviders) -> tuple[str, ...]:
    """Return the person's own addresses: `Delivered-To`, and `To` if it names nobody else.

    Many newsletters are addressed to an address of their sender, which is not the person's. The
    first `Delivered-To` is the mailbox itself, so mail inside an organisation is recognised by it.
    """
    author = find_organisational_domain(_domain_of(address))
    author = author if providers.is_own(author) else ""

    def is_foreign(each: str) -> bool:
        return not author or find_organisational_domain(_domain_of(each)) != author

    # What list programs write there has more words.
    delivered = [each.strip(" <>").lower() for each in headers.get("delivered-to", ())]
    delivered = [each for each in delivered if "@" in each and " " not in each]
    found = [*delivered[:1], *filter(is_foreign, delivered[1:])]
    named = parse_addresses(get_first(headers, "to"))
    if len(named) == 1 and (is_foreign(named[0]) or not (found or named[0] == address.lower())):
        found += named
    return tuple(dict.fromkeys(found))


def _find_mailbox(headers: Headers) -> str:
    """Return the address of the first `Delivered-To`: each server writes its own above the others.

    Some list servers write `mailing list x@example.org`, which is no address.
    """
    address = get_first(headers, "delivered-to").strip(" <>").lower()
    return address if "@" in address and not any(map(str.isspace, address)) else ""


def _find_route(
    headers: Headers,
    signatures: Sequence[Signature],
    organisation: str,
    providers: MailProviders,
    *,
    is_group: bool,
) -> Route:
    if not is_group and is_one_click(headers, signatures, organisation, providers):
        return Route.ONE_CLICK
    return find_manual_route(get_first(headers, "list-unsubscribe"))


def find_manual_route(value: str) -> Route:
    """Return how one unsubscribes by hand, by the value of a `List-Unsubscribe` header."""
    links = read_unsubscribe_links(value) if value else []
    if any(link.lower().startswith("mailto:") for link in links):
        return Route.MAILTO
    return Route.WEB if links else Route.NONE


def read_unsubscribe_links(value: str) -> list[str]:
    """Return the links of a `List-Unsubscribe` header that can be followed, in its order.

    A header that does not follow RFC 2369 may still contain them without brackets.
    """
    if SIMPLE_LINKS.fullmatch(value):  # nearly all are, and the parser takes ten times as long
        links = LINK.findall(value)
    else:
        links = listunsub.parse(value) or [part.strip() for part in value.split(",")]
    return [link for link in links if link.lower().startswith(("https://", "http://", "mailto:"))]


def is_one_click(
    headers: Headers,
    signatures: Sequence[Signature],
    organisation: str,
    providers: MailProviders,
) -> bool:
    """Return whether one POST unsubscribes (RFC 8058), as far as headers show without a key.

    The mail must say so. A signature must cover both headers. The link must be of the sender or of
    a provider, because anybody can sign a mail with somebody else's link.
    """
    if not listunsub.is_one_click(get_first(headers, "list-unsubscribe-post")):
        return False
    wanted = {"list-unsubscribe", "list-unsubscribe-post"}
    if not any(wanted <= each.covers for each in signatures):
        return False
    links = read_unsubscribe_links(get_first(headers, "list-unsubscribe"))
    own = {organisation, *(find_organisational_domain(each.domain) for each in signatures)}
    return any(
        is_link_of(link, own, providers) for link in links if link.lower().startswith("https://")
    )


def is_link_of(link: str, organisations: set[str], providers: MailProviders) -> bool:
    """Return whether a link leads to one of *organisations*, or to a provider that sends mail."""
    try:
        host = urlsplit(link).hostname or ""
    except ValueError:
        return False
    is_provider = providers.find_kind(host) is ProviderKind.SENDING
    return is_provider or find_organisational_domain(host) in organisations - {""}


@lru_cache(4_096)
def _split_words(text: str) -> frozenset[str]:
    return frozenset(WORD.findall(text.lower()))


def _is_transactional(headers: Headers, words: set[str]) -> bool:
    """Return whether the mail looks like a receipt or a notice."""
    if words & MARKETING_WORDS:
        return False
    words = words | _split_words(get_first(headers, "feedback-id"))
    if words & TRANSACTIONAL_WORDS:
        return True
    if get_first(headers, "auto-submitted").lower().startswith("auto-generated"):
        return True
    has_list = any(
        get_first(headers, name) for name in ("list-id", "list-unsubscribe", "precedence")
    )
    return not has_list


def _is_junk(headers: Headers) -> bool:
    labels = get_first(headers, "x-gmail-labels").lower().split(",")
    return not {label.strip(' "') for label in labels}.isdisjoint({"spam", "junk"})
