"""A made-up mailbox: newsletters, receipts, groups and personal mail of two years.

The same seed and day give the same mails. Beside the mails is the truth: who sent each one, and
which company passed an address on.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from devstack.demo.mailbox.companies import Company, MailingList, invent_companies
from devstack.demo.mailbox.shapes import (
    USUAL,
    Draft,
    Fields,
    Signer,
    Variant,
    build_newsletter,
    build_receipt,
    encode,
)

OWNER = "ana@example.org"
#: A domain of the owner, where every name arrives in the same mailbox.
CATCH_ALL = "ana-home.example"
DAYS = 730
#: Of all mails: personal ones, and those of groups.
PERSONAL, GROUPS = 0.12, 0.05
#: Companies that got an address of their own, and those of them that passed it on.
WITH_ALIAS, PASSED_ON = 24, 8
#: Companies that got an address which others have, too, from its owner.
WITH_SHARED_ALIAS = 5
SHARED_ALIAS = f"shopping@{CATCH_ALL}"
#: Days between the first mail to an alias and the first one of whoever it was passed on to.
PASSED_ON_AFTER = 120
FRIENDS = (
    *("Ben Okafor <ben@example.net>", "Chloé Martin <chloe@example.net>"),
    *("Jürgen Weiß <juergen@gmail.com>", "Mum <mum@web.de>", "Dr. Saito <saito@clinic.example>"),
)
SUBJECTS = ("Sunday?", "Re: keys", "Photos", "Fwd: tickets", "Re: Re: invoice of the plumber")
OFFERS = ("New this week", "Only until Sunday", "We picked these for you", "Your points", "Hello")


@dataclass(frozen=True, slots=True)
class Truth:
    """Who sent a mail. Mails that no company sent have no company."""

    company: str
    list: str
    is_transactional: bool = False
    is_group: bool = False
    is_junk: bool = False


NOBODY = Truth("", "")


@dataclass(frozen=True, slots=True)
class MadeMail:
    """A mail of the mailbox, not signed yet."""

    at: datetime
    fields: tuple[tuple[str, str], ...]
    body: str
    signers: tuple[Signer, ...]
    truth: Truth

    @property
    def message_id(self) -> str:
        """Return the Message-ID with its brackets."""
        return dict(self.fields)["Message-ID"]


@dataclass(frozen=True, slots=True)
class PassedOn:
    """An address that one company got, and another one wrote to later."""

    alias: str
    by: str
    to: str


@dataclass(frozen=True, slots=True)
class MadeMailbox:
    """All mails in the order of their times, and the truth about addresses."""

    mails: tuple[MadeMail, ...]
    companies: tuple[Company, ...]
    passed_on: tuple[PassedOn, ...]


@dataclass(slots=True)
class Plan:
    """Which of the owner's addresses each company writes to, and from when on."""

    addresses: dict[str, str]
    passed_on: list[PassedOn]
    #: Companies whose first mail comes late.
    starts: Mapping[str, int] = field(default_factory=dict)


def make_mailbox(
    *,
    seed: int = 25,
    now: datetime,
    mails: int = 4_000,
    companies: list[Company] | None = None,
    variant: Variant = USUAL,
) -> MadeMailbox:
    """Return a made-up mailbox of the two years before *now*, by default of 60 companies."""
    chance = random.Random(seed)
    invented = companies or invent_companies(chance)
    plan = _plan_addresses(invented, chance)
    personal, groups = int(mails * PERSONAL), int(mails * GROUPS)
    made = [
        *_make_company_mails(
            invented, plan, mails - personal - groups, now=now, chance=chance, variant=variant
        ),
        *(_make_personal_mail(_any_time(now, chance), chance) for _ in range(personal)),
        *(_make_group_mail(_any_time(now, chance), chance) for _ in range(groups)),
    ]
    made.sort(key=lambda mail: (mail.at, mail.message_id))
    return MadeMailbox(tuple(made), tuple(invented), tuple(plan.passed_on))


# -- Addresses -----------------------------------------------------------------------------------


def _plan_addresses(companies: list[Company], chance: random.Random) -> Plan:
    """Give some companies an address of their own, and let some of them pass it on."""
    shuffled = chance.sample(companies, len(companies))
    with_alias = shuffled[: min(WITH_ALIAS, len(shuffled) // 3)]
    others = shuffled[len(with_alias) :]
    sharing, buyers = others[:WITH_SHARED_ALIAS], others[WITH_SHARED_ALIAS:]
    addresses = {each.slug: SHARED_ALIAS for each in sharing}
    addresses |= {each.slug: _build_alias(each, chance) for each in with_alias}
    trails = [
        PassedOn(addresses[seller.slug], seller.domain, buyer.domain)
        for seller, buyer in zip(with_alias[:PASSED_ON], buyers, strict=False)
    ]
    addresses |= {trail.to.partition(".")[0]: trail.alias for trail in trails}
    starts = {trail.to: PASSED_ON_AFTER + chance.randint(60, 300) for trail in trails}
    return Plan(addresses, trails, starts)


def _build_alias(company: Company, chance: random.Random) -> str:
    local, _, host = OWNER.partition("@")
    if chance.random() < 0.5:
        return f"{local}+{company.slug}@{host}"
    return f"{company.slug}@{CATCH_ALL}"


# -- Mails of companies --------------------------------------------------------------------------


def _make_company_mails(
    companies: list[Company],
    plan: Plan,
    count: int,
    *,
    now: datetime,
    chance: random.Random,
    variant: Variant,
) -> Iterator[MadeMail]:
    """Yield *count* mails. Some companies write much more than others, and each one early."""
    sources = [(each, source) for each in companies for source in _list_sources(each)]
    weights = [_choose_weight(source, chance) for _, source in sources]
    chosen = [*sources, *sources, *chance.choices(sources, weights, k=count)][:count]
    for number, (company, source) in enumerate(chosen):
        is_first = number < len(sources)
        at = _pick_time(company, plan, is_first=is_first, now=now, chance=chance)
        to = plan.addresses.get(company.slug, OWNER)
        yield _make_company_mail(company, source, to=to, at=at, chance=chance, variant=variant)


def _choose_weight(source: MailingList | None, chance: random.Random) -> float:
    """Return how much is sent: few lists send very much, and receipts are few."""
    return min(chance.paretovariate(1.2), 15) if source else chance.uniform(0.2, 1)


def _list_sources(company: Company) -> list[MailingList | None]:
    """Return the lists of a company, and None for its receipts."""
    return [*company.lists, *([None] if company.receipts else [])]


def _pick_time(
    company: Company, plan: Plan, *, is_first: bool, now: datetime, chance: random.Random
) -> datetime:
    """Return a time within two years. Whoever passes addresses on has them from the beginning."""
    begin = plan.starts.get(company.domain, 0)
    days = chance.uniform(begin, begin + 30) if is_first else chance.uniform(begin, DAYS - 1)
    return _at(now - timedelta(days=DAYS - days), chance)


def _make_company_mail(
    company: Company,
    source: MailingList | None,
    *,
    to: str,
    at: datetime,
    chance: random.Random,
    variant: Variant,
) -> MadeMail:
    if source is None:
        draft = build_receipt(company, to=to, at=at, chance=chance)
        return _finish(draft, at, f"Order {chance.randint(10_000, 99_999)}", Truth(
            company.domain, "", is_transactional=True
        ))  # fmt: skip
    draft = build_newsletter(company, source, to=to, at=at, chance=chance, variant=variant)
    is_junk = chance.random() < _junk_share(company)
    draft.fields.append(("X-Gmail-Labels", "Spam" if is_junk else "Inbox,Category Promotions"))
    truth = Truth(company.domain, source.code, is_junk=is_junk)
    return _finish(draft, at, f"{chance.choice(OFFERS)}, {company.name}", truth)


def _junk_share(company: Company) -> float:
    """Return the share of a company's newsletters that end as junk: with some, half of them."""
    return 0.5 if company.number % 7 == 0 else 0.02


def _finish(draft: Draft, at: datetime, subject: str, truth: Truth) -> MadeMail:
    fields = (*draft.fields, ("Subject", encode(subject)))
    body = f"{subject}\r\n\r\nFrom the makers of good things, 10:00 in 2026.\r\n"
    return MadeMail(at, fields, body, draft.signers, truth)


# -- Mails of people -----------------------------------------------------------------------------


def _make_personal_mail(at: datetime, chance: random.Random) -> MadeMail:
    """Return a mail that no program sent, or that answers by itself. None of them counts."""
    friend = chance.choice(FRIENDS)
    domain = friend.rstrip(">").rpartition("@")[2]
    fields: Fields = [
        ("From", _encode_author(friend)),
        ("To", OWNER),
        ("Delivered-To", OWNER),
        ("Date", format_datetime(at)),
        ("Message-ID", f"<{chance.getrandbits(64):016x}@{domain}>"),
    ]
    if chance.random() < 0.2:
        fields[0], fields[1] = ("From", OWNER), ("To", fields[0][1])
        fields.append(("X-Gmail-Labels", "Sent"))
    elif chance.random() < 0.1:
        fields.append(("Auto-Submitted", "auto-replied"))
    return _finish(Draft(fields, ()), at, chance.choice(SUBJECTS), NOBODY)


def _make_group_mail(at: datetime, chance: random.Random) -> MadeMail:
    """Return a mail to a group that the owner is in, by one of its members."""
    friend = chance.choice(FRIENDS)
    code, host = chance.choice([("climbing", "googlegroups.com"), ("board", "allotments.example")])
    fields: Fields = [
        ("From", _encode_author(friend)),
        ("Sender", f"{code}-bounces@{host}"),
        ("To", f"{code}@{host}"),
        ("Delivered-To", OWNER),
        ("Date", format_datetime(at)),
        ("Message-ID", f"<{chance.getrandbits(64):016x}@{host}>"),
        ("List-Id", f"<{code}.{host}>"),
        ("List-Post", f"<mailto:{code}@{host}>"),
        ("List-Unsubscribe", f"<mailto:{code}-unsubscribe@{host}>"),
        ("Precedence", "list"),
    ]
    if chance.random() < 0.3:
        fields += [("X-Original-From", fields[0][1])]
    truth = Truth(host, code, is_group=True)
    return _finish(Draft(fields, ()), at, chance.choice(SUBJECTS), truth)


def _encode_author(friend: str) -> str:
    name, _, address = friend.partition(" <")
    return f"{encode(name)} <{address}"


def _any_time(now: datetime, chance: random.Random) -> datetime:
    return _at(now - timedelta(days=chance.uniform(0.1, DAYS)), chance)


def _at(moment: datetime, chance: random.Random) -> datetime:
    """Return the day of *moment* at a time when mail is sent."""
    return moment.astimezone(UTC).replace(
        hour=chance.randint(5, 20), minute=chance.randint(0, 59), second=chance.randint(0, 59),
        microsecond=0,
    )  # fmt: skip
