"""Recording of mails that were read: each is counted once, for its sender and its week."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F

from cmr.mailbox.brand_matching import find_brands_by_domain
from cmr.mailbox.own_addresses import OwnAddresses
from cmr.models import (
    AddressUse,
    BrandMatch,
    Consumer,
    CountedMails,
    MailboxScan,
    Sender,
    SignatureResult,
)
from consent import identity
from consent.identity import Contact, InvalidAddress
from core import crypto
from mailbox_reader import BulkMail, MailProviders, Route, SenderKey

#: Bytes of a mail's digest. Two of a person's mails of one week have the same one with a chance
#: of less than one in a billion.
DIGEST_SIZE = 8
#: The week of mails without a time.
NO_WEEK = date(1970, 1, 5)
#: The most senders that one person can have. Mails of further ones are not kept.
MOST_SENDERS = 20_000

COUNT_WEEKS = """
    INSERT INTO cmr_senderweek (sender_id, week, mails)
    SELECT * FROM unnest(%s::bigint[], %s::date[], %s::integer[])
    ON CONFLICT (sender_id, week) DO UPDATE SET mails = cmr_senderweek.mails + excluded.mails
"""
COUNT_ADDRESSES = """
    INSERT INTO cmr_addressuse
        (consumer_id, digest, address, organisation, mails, first_at, last_at)
    SELECT %s, * FROM unnest(
        %s::bytea[], %s::bytea[], %s::text[], %s::integer[], %s::timestamptz[], %s::timestamptz[]
    )
    ON CONFLICT (consumer_id, digest, organisation) DO UPDATE SET
        mails = cmr_addressuse.mails + excluded.mails,
        first_at = least(cmr_addressuse.first_at, excluded.first_at),
        last_at = greatest(cmr_addressuse.last_at, excluded.last_at)
"""


def record_mails(
    scan: MailboxScan, mails: Sequence[BulkMail], providers: MailProviders, *, read: int
) -> int:
    """Count the mails that were not counted before. Return how many these are.

    *read* is the number of mails of all kinds that were read to find these. Everything is in one
    transaction, so a batch that is sent again changes nothing.
    """
    consumer = scan.consumer
    with transaction.atomic():
        lock_mailbox(consumer)
        if not MailboxScan.objects.filter(pk=scan.pk).exists():
            return 0  # the person deleted everything while it was being read
        new = _drop_counted(consumer, mails)
        senders = _save_senders(consumer, new, providers)
        _count_weeks(senders, new)
        _count_addresses(consumer, new, providers)
        MailboxScan.objects.filter(pk=scan.pk).update(
            mails=F("mails") + read, bulk=F("bulk") + len(mails), new=F("new") + len(new)
        )
    return len(new)


def lock_mailbox(consumer: Consumer) -> None:
    """Wait until no other transaction records mails of the person, and keep others out.

    Two scans of one person at a time would both count a mail.
    """
    Consumer.objects.select_for_update(no_key=True).get(pk=consumer.pk)


def delete_everything_read(consumer: Consumer) -> None:
    """Delete all that is kept of the person's mailbox. The same files can then be read anew."""
    with transaction.atomic():
        lock_mailbox(consumer)
        for model in (Sender, CountedMails, AddressUse, MailboxScan):
            model._default_manager.filter(consumer=consumer).delete()


# -- Mails that were counted before --------------------------------------------------------------


def _drop_counted(consumer: Consumer, mails: Iterable[BulkMail]) -> list[BulkMail]:
    """Return the mails that were not counted before, and note that they are counted now."""
    by_week: defaultdict[date, dict[bytes, BulkMail]] = defaultdict(dict)
    key = _build_digest_key(consumer)
    for mail in mails:
        by_week[_week_of(mail)].setdefault(_compute_digest(mail, key), mail)
    counted = _load_counted(consumer, {*by_week, NO_WEEK})
    # A mail whose time lay in the future had no week when it was counted. It has one now.
    without_week = counted.get(NO_WEEK, set())
    new: list[BulkMail] = []
    rows: list[CountedMails] = []
    for week, found in by_week.items():
        before = counted.get(week, set())
        seen = before | without_week
        added = {digest: mail for digest, mail in found.items() if digest not in seen}
        if added:
            new += added.values()
            digests = b"".join(sorted(before | set(added)))
            rows.append(CountedMails(consumer=consumer, week=week, digests=digests))
    CountedMails.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["consumer", "week"],
        update_fields=["digests"],
    )
    return new


def _load_counted(consumer: Consumer, weeks: Iterable[date]) -> dict[date, set[bytes]]:
    """Return the digests of the mails that were counted before, by week."""
    rows = CountedMails.objects.filter(consumer=consumer, week__in=list(weeks))
    return {row.week: _split_digests(bytes(row.digests)) for row in rows}


def _build_digest_key(consumer: Consumer) -> bytes:
    """Return a key of this person, so that equal mails of two people have different digests."""
    secret = f"{settings.IDENTIFIER_PEPPER} mails of {consumer.subject_id}"
    return hashlib.sha256(secret.encode()).digest()


def _compute_digest(mail: BulkMail, key: bytes) -> bytes:
    named = mail.message_id or f"{mail.sent_at} {mail.organisation} {mail.list_id} {mail.name}"
    return hashlib.blake2b(
        named.encode(errors="replace"), digest_size=DIGEST_SIZE, key=key
    ).digest()


def _split_digests(joined: bytes) -> set[bytes]:
    return {joined[at : at + DIGEST_SIZE] for at in range(0, len(joined), DIGEST_SIZE)}


def _week_of(mail: BulkMail) -> date:
    if mail.sent_at is None:
        return NO_WEEK
    day = mail.sent_at.date()
    return day - timedelta(days=day.weekday())


# -- Senders -------------------------------------------------------------------------------------


def _save_senders(
    consumer: Consumer, mails: Sequence[BulkMail], providers: MailProviders
) -> Mapping[SenderKey, Sender]:
    """Create or update the senders of *mails*. Return them by key."""
    found = Sender.objects.filter(
        consumer=consumer, organisation__in={mail.organisation for mail in mails}
    )
    senders = {row.key: row for row in found}
    room = MOST_SENDERS - Sender.objects.filter(consumer=consumer).count()
    kept: dict[SenderKey, Sender] = {}
    for mail in mails:
        key = mail.sender_key
        sender = senders.get(key)
        if sender is None:
            if room <= 0:
                continue
            room -= 1
            sender = senders[key] = Sender(consumer=consumer, **key._asdict())
        if sender.pk is not None:
            kept[key] = sender
        _add_mail(sender, mail)
    new = [sender for sender in senders.values() if sender.pk is None]
    _link_to_brands(_copy_answers(new, senders.values()), providers)
    Sender.objects.bulk_create(new)
    Sender.objects.bulk_update(
        kept.values(),
        [
            *("name", "route", "signature", "unsubscribe", "is_group"),
            *("mails", "junk", "first_at", "last_at"),
        ],
        batch_size=500,
    )
    return senders


def _add_mail(sender: Sender, mail: BulkMail) -> None:
    is_newest = sender.mails == 0 or (
        mail.sent_at is not None and (sender.last_at is None or mail.sent_at >= sender.last_at)
    )
    sender.mails += 1
    sender.junk += mail.is_junk
    sender.is_group = sender.is_group or mail.is_group
    if is_newest:
        sender.name = mail.name
        _set_route(sender, mail.route)
    if sender.is_group and sender.route == Route.ONE_CLICK:
        _set_route(sender, Route.MAILTO)
    if mail.sent_at is not None:
        sender.first_at = min(sender.first_at or mail.sent_at, mail.sent_at)
        sender.last_at = max(sender.last_at or mail.sent_at, mail.sent_at)


def _copy_answers(new: Sequence[Sender], senders: Iterable[Sender]) -> list[Sender]:
    """Give new senders the brand that the person chose for their organisation, or refused.

    Return the others, for which the person was not asked.
    """
    answered = (BrandMatch.PERSON, BrandMatch.REFUSED)
    answers = {each.organisation: each for each in senders if each.match in answered}
    for sender in new:
        if (known := answers.get(sender.organisation)) and not sender.is_group:
            sender.brand_id, sender.match = known.brand_id, known.match
    return [each for each in new if each.organisation not in answers]


def _set_route(sender: Sender, route: Route) -> None:
    """Set how one unsubscribes. Of another way than before, no signature was verified."""
    if sender.route != route:
        sender.route = route.value
        sender.signature, sender.unsubscribe = SignatureResult.NONE, None


def _link_to_brands(senders: Sequence[Sender], providers: MailProviders) -> None:
    """Link each sender to the brand of its domain. If there are several, the person is asked."""
    companies = [sender for sender in senders if not sender.is_group]
    brands = find_brands_by_domain({each.organisation for each in companies}, providers)
    for sender in companies:
        matching = brands.get(sender.organisation, ())
        if len(matching) == 1:
            sender.brand_id, sender.match = matching[0], BrandMatch.DOMAIN
        elif matching:
            sender.match = BrandMatch.ASK


def _count_weeks(senders: Mapping[SenderKey, Sender], mails: Iterable[BulkMail]) -> None:
    counts = Counter(
        (sender.pk, _week_of(mail))
        for mail in mails
        if mail.sent_at is not None and (sender := senders.get(mail.sender_key))
    )
    if not counts:
        return
    pks, weeks = zip(*counts, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(COUNT_WEEKS, [list(pks), list(weeks), list(counts.values())])


# -- Addresses -----------------------------------------------------------------------------------


def _count_addresses(
    consumer: Consumer, mails: Iterable[BulkMail], providers: MailProviders
) -> None:
    """Count who writes to which of the person's own addresses."""
    own = OwnAddresses.from_consumer(consumer, providers)
    # By digest, because two spellings of one address have the same one.
    uses: defaultdict[tuple[bytes, str], list[datetime]] = defaultdict(list)
    addresses: dict[bytes, str] = {}
    for mail in mails:
        if mail.sent_at is not None and not mail.is_group:
            for digest, address in _digest_addresses(own.select_own(mail)).items():
                addresses.setdefault(digest, address)
                uses[digest, mail.organisation].append(mail.sent_at)
    sealed = {digest: crypto.encrypt_text(address) for digest, address in addresses.items()}
    rows = [
        (digest, sealed[digest], organisation, len(times), min(times), max(times))
        for (digest, organisation), times in uses.items()
    ]
    if rows:
        with connection.cursor() as cursor:
            columns = [list(column) for column in zip(*rows, strict=True)]
            cursor.execute(COUNT_ADDRESSES, [consumer.pk, *columns])


def _digest_addresses(addresses: Iterable[str]) -> Mapping[bytes, str]:
    """Return the addresses by their digests, without those that are not valid."""
    digests = ((_compute_address_digest(address), address) for address in addresses)
    return {digest: address for digest, address in digests if digest is not None}


@lru_cache(4_096)
def _compute_address_digest(address: str) -> bytes | None:
    """Return the keyed digest of an address; None for one that is not valid."""
    try:
        return identity.compute_contact_digest(Contact(email=address))
    except (InvalidAddress, UnicodeError):
        return None
