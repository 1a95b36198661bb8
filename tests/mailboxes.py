"""Mail that was read in a person's mailbox, recorded by the product's own functions."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from cmr import mailbox
from cmr.models import Consumer, ForwardingAddress, ScanSource, Sender
from core import crypto
from mailbox_reader import BulkMail, Route

#: What a mail says unless given.
USUAL: dict[str, Any] = {
    "organisation": "shop.example",
    "list_id": "",
    "name": "Shop",
    "route": Route.WEB,
    "is_group": False,
    "is_transactional": False,
    "is_junk": False,
    "recipients": (),
    "mailbox": "",
}


def build_mail(message_id: str, sent_at: datetime | None, **parts: Any) -> BulkMail:
    return BulkMail(message_id=message_id, sent_at=sent_at, **(USUAL | parts))


def read_mails(consumer: Consumer, mails: Sequence[BulkMail], *, now: datetime) -> int:
    """Record *mails* in one scan. Return how many were not counted before."""
    scan = mailbox.begin_scan(consumer, ScanSource.BROWSER, now=now)
    new = mailbox.record_mails(scan, mails, mailbox.load_providers(), read=len(mails))
    mailbox.end_scan(scan, now=now)
    return new


def read_senders(consumer: Consumer, organisations: Sequence[str], *, now: datetime) -> None:
    """Record one mail of each organisation."""
    mails = [build_mail(f"<{each}>", now, organisation=each, name=each) for each in organisations]
    read_mails(consumer, mails, now=now)


def fill_mailbox(consumer: Consumer, *, now: datetime) -> None:
    """Give the person a row of each table: a sender with two mails, and a forwarding address."""
    name, _, domain = consumer.user.email.partition("@")
    sent = {"list_id": "news.shop.example", "recipients": (f"{name}+shop@{domain}",)}
    mails = [build_mail(f"<{n}@shop>", now - timedelta(hours=n), **sent) for n in (1, 2)]
    read_mails(consumer, mails, now=now)
    link = crypto.encrypt_text("<https://shop.example/u/7>")
    Sender.objects.filter(consumer=consumer).update(unsubscribe=link)
    token = f"token-of-{name}"
    ForwardingAddress.objects.create(
        consumer=consumer,
        digest=hashlib.sha256(token.encode()).digest(),
        token=crypto.encrypt_text(token),
    )
