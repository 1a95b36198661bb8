"""Who passed an address on: an alias that one company used alone, and later an unrelated one too.

Note [Trails]. A false accusation is worse than a trail that is not found. So there is a trail only
if all of this holds:

1. The address is an alias of the person: it has a tag (ana+acme@example.org), or it is at a domain
   of theirs and is no address that they proved.
2. Its first user is known: the alias names the organisation (`acme`), or the organisation used it
   alone for 60 days and with three mails. An alias whose tag is a general word (`shop`) proves
   nothing by that, because people give it to many.
3. Whoever writes to it later is unrelated (`related_organisations`), and is no mail provider.
4. At most three unrelated organisations do. With more, the person gave the alias to many, unless
   the alias names the first one.

Example. acme.com writes to ana+acme@example.org from January on, and beta.net from May on: a trail.
If acme.de or acme-mail.com writes to it from May on, there is none.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cmr.mailbox.brand_matching import find_brands_by_domain
from cmr.mailbox.own_addresses import OwnAddresses, split_address
from cmr.mailbox.related_organisations import (
    LONG_ENOUGH,
    RelatedOrganisations,
    SeenSender,
    find_label,
    simplify_name,
)
from cmr.models import AddressUse, Consumer, Sender
from core import crypto
from mailbox_reader import MailProviders

ALONE_FOR = timedelta(days=60)
ALONE_MAILS = 3
MOST_LATER = 3
#: Organisations of one address that are compared.
MOST_COMPARED = 100
#: The share of a longer word that a shorter one must be, so that both name the same.
MOST_OF_IT = 0.5
#: Words that people use for many companies at once, in English and German.
GENERAL_WORDS = frozenset(
    "abo abos account accounts ads alle angebote anmeldung app apps auto bank banking bestellung "
    "bestellungen bills book books buy contact contest deals dev einkauf einkaufen extra family "
    "familie finance fitness food forum forums free fun games gaming garden garten gewinnspiel "
    "haus health hobby home hotel house info insurance internet job jobs junk kids kinder kontakt "
    "konto list lists login mail mailing mails me media misc money music musik neu news "
    "newsletter newsletters offers office online order orders other play post privat private "
    "promo public random receipts rechnung register registration reise reisen register sale sales "
    "school schule shop shopping shops sign signup social spam spiele sport sports stuff sub subs "
    "subscription subscriptions temp test tests ticket tickets tmp travel trash trial tv urlaub "
    "vereine verein versicherung video web webshop werbung work arbeit x".split()
)
WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Usage:
    """One of the person's addresses, and one organisation that writes to it."""

    address: str
    organisation: str
    mails: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class LaterUser:
    """An unrelated organisation that wrote to the address later."""

    organisation: str
    name: str
    since: datetime
    mails: int


@dataclass(frozen=True, slots=True)
class AddressTrail:
    """An address that only one organisation used from `since` on, until others did too."""

    address: str
    organisation: str
    name: str
    since: datetime
    #: When the first of the others wrote.
    until: datetime
    mails: int
    #: In the order of their first mails.
    later: Sequence[LaterUser]


@dataclass(frozen=True, slots=True)
class _Group:
    """The usages of one address by organisations that belong together."""

    usages: Sequence[Usage]

    @property
    def since(self) -> datetime:
        return min(each.first_at for each in self.usages)

    @property
    def mails(self) -> int:
        return sum(each.mails for each in self.usages)

    @property
    def first(self) -> Usage:
        return min(self.usages, key=lambda each: (each.first_at, each.organisation))


@dataclass(frozen=True, slots=True)
class Background:
    """What is known of the person's addresses and of the organisations that write to them."""

    own: OwnAddresses
    providers: MailProviders
    related: RelatedOrganisations
    #: What organisations call themselves.
    names: Mapping[str, str]

    def name_of(self, organisation: str) -> str:
        return self.names.get(organisation) or organisation


# -- The rule ------------------------------------------------------------------------------------


def find_trails(usages: Collection[Usage], known: Background) -> list[AddressTrail]:
    """Return the trails, newest first."""
    by_alias: dict[str, list[Usage]] = {}
    for usage in usages:
        if find_tag(usage.address, known) and known.providers.is_own(usage.organisation):
            by_alias.setdefault(usage.address.lower(), []).append(usage)
    found = [_find_trail(address, of_one, known) for address, of_one in by_alias.items()]
    return sorted(filter(None, found), key=lambda trail: trail.until, reverse=True)


def find_tag(address: str, known: Background) -> str:
    """Return what sets an alias apart, such as `acme`; empty for an address that is no alias.

    It is the tag after a plus sign, or the name before the @ at a domain of the person's own. There
    the name of one of their proved addresses is no alias: it is their usual name.
    """
    name, tag, domain = split_address(address)
    if tag:
        return tag
    proved = known.own.proved
    usual = {split_address(each)[0] for each in proved}
    is_own_domain = known.providers.is_own(domain)
    return name if is_own_domain and address not in proved and name not in usual else ""


def _find_trail(address: str, usages: Sequence[Usage], known: Background) -> AddressTrail | None:
    """Return the trail of one address, or None."""
    tag = find_tag(address, known)
    groups = _group_usages(usages, known.related)
    named = [each for each in groups if _is_named(tag, each, known)]
    owner, *later = groups
    if not later or len(named) > 1:
        return None
    if named and named[0] is not owner:
        return None  # the mailbox does not show who was first
    if not named and not _used_it_alone(tag, owner, later):
        return None
    return AddressTrail(
        address,
        owner.first.organisation,
        known.name_of(owner.first.organisation),
        owner.since,
        later[0].since,
        owner.mails,
        [_build_later_user(each, known) for each in later],
    )


def _group_usages(usages: Sequence[Usage], related: RelatedOrganisations) -> list[_Group]:
    """Return the usages in groups of related organisations, in the order of their first mails.

    Of a very long list only the first ones count, because each is compared with each.
    """
    first = sorted(usages, key=lambda each: (each.first_at, each.organisation))[:MOST_COMPARED]
    by_organisation = {each.organisation: each for each in first}
    groups = [
        _Group([by_organisation[name] for name in group])
        for group in related.find_groups(by_organisation)
    ]
    return sorted(groups, key=lambda group: (group.since, group.first.organisation))


def _used_it_alone(tag: str, owner: _Group, later: Sequence[_Group]) -> bool:
    """Return whether an alias that names nobody was one organisation's for long enough."""
    words = set(WORD.findall(tag.lower()))
    is_general = not words or any(
        word.strip("0123456789") in {"", *GENERAL_WORDS} for word in words
    )
    is_long = later[0].since - owner.since >= ALONE_FOR and owner.mails >= ALONE_MAILS
    return is_long and not is_general and len(later) <= MOST_LATER


def _is_named(tag: str, group: _Group, known: Background) -> bool:
    organisations = (each.organisation for each in group.usages)
    return any(names_organisation(tag, each, known.name_of(each)) for each in organisations)


def names_organisation(tag: str, organisation: str, name: str) -> bool:
    """Return whether a tag such as `acme`, `acme2024` or `acme.news` names the organisation."""
    keys = {find_label(organisation).replace("-", ""), simplify_name(name)} - {""}
    words = WORD.findall(tag.lower())
    parts = {part.strip("0123456789") for part in (*words, "".join(words))} - GENERAL_WORDS - {""}
    return any(_are_the_same_word(part, key) for part in parts for key in keys)


def _are_the_same_word(part: str, key: str) -> bool:
    """Return whether one is the other, or half of it at its beginning or end.

    `acmeshop` and `myacme` are the same as `acme`; `wine` and `winelovers` are not.
    """
    if part == key:
        return True
    short, long = sorted((part, key), key=len)
    is_most = len(short) >= LONG_ENOUGH and len(short) >= MOST_OF_IT * len(long)
    return is_most and (long.startswith(short) or long.endswith(short))


def _build_later_user(group: _Group, known: Background) -> LaterUser:
    organisation = group.first.organisation
    return LaterUser(organisation, known.name_of(organisation), group.since, group.mails)


# -- One person's trails -------------------------------------------------------------------------


def list_trails(consumer: Consumer, providers: MailProviders) -> list[AddressTrail]:
    """Return the trails in the person's mailbox, newest first."""
    uses = AddressUse.objects.filter(consumer=consumer)
    usages = [
        Usage(
            crypto.decrypt_text(bytes(each.address)),
            each.organisation,
            each.mails,
            each.first_at,
            each.last_at,
        )
        for each in uses.iterator()
    ]
    if not usages:
        return []
    senders = list(Sender.objects.filter(consumer=consumer, is_group=False).order_by("-mails"))
    brands = find_brands_by_domain({each.organisation for each in usages}, providers)
    seen = [SeenSender(s.organisation, s.list_id, s.name, s.brand_id) for s in senders]
    known = Background(
        OwnAddresses.from_consumer(consumer, providers),
        providers,
        RelatedOrganisations.from_senders(seen, providers, brands=brands),
        {each.organisation: each.name for each in reversed(senders)},
    )
    return find_trails(usages, known)
