"""The export's tables of what was read in the person's mailbox, with addresses in clear."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cmr.models import AddressUse, Consumer, ForwardingAddress, SenderWeek
from core import crypto

Rows = Sequence[Mapping[str, Any]]


def build_mailbox_tables(consumer: Consumer) -> dict[str, Rows]:
    """Return the tables by name. Encrypted values are decrypted, because they are the person's."""
    return {
        "senders": _list_senders(consumer),
        "sender_weeks": _list_weeks(consumer),
        "mail_addresses": _list_address_uses(consumer),
        "mailbox_scans": _list_scans(consumer),
        "forwarding_addresses": _list_forwarding_addresses(consumer),
    }


def _list_senders(consumer: Consumer) -> Rows:
    senders = consumer.senders.select_related("brand")
    return [
        {
            "organisation": each.organisation,
            "list_id": each.list_id or None,
            "name": each.name,
            "transactional": each.is_transactional,
            "group": each.is_group,
            "route": each.route,
            "mails": each.mails,
            "junk": each.junk,
            "first_at": each.first_at,
            "last_at": each.last_at,
            "signature": each.signature or None,
            "unsubscribe": _decrypt(each.unsubscribe),
            "brand": each.brand.slug if each.brand else None,
            "match": each.match or None,
            "created_at": each.created_at,
        }
        for each in senders.order_by("organisation", "list_id", "is_transactional")
    ]


def _list_weeks(consumer: Consumer) -> Rows:
    weeks = SenderWeek.objects.filter(sender__consumer=consumer).select_related("sender")
    return [
        {
            "organisation": each.sender.organisation,
            "list_id": each.sender.list_id or None,
            "transactional": each.sender.is_transactional,
            "week": each.week,
            "mails": each.mails,
        }
        for each in weeks.order_by("week", "sender").iterator()
    ]


def _list_address_uses(consumer: Consumer) -> Rows:
    return [
        {
            "address": _decrypt(each.address),
            "organisation": each.organisation,
            "mails": each.mails,
            "first_at": each.first_at,
            "last_at": each.last_at,
        }
        for each in AddressUse.objects.filter(consumer=consumer).order_by("first_at", "pk")
    ]


def _list_scans(consumer: Consumer) -> Rows:
    return [
        {
            "source": each.source,
            "mails": each.mails,
            "bulk": each.bulk,
            "new": each.new,
            "started_at": each.started_at,
            "ended_at": each.ended_at,
        }
        for each in consumer.scans.order_by("started_at", "pk")
    ]


def _list_forwarding_addresses(consumer: Consumer) -> Rows:
    """Return the token, which is the part of the address between `in+` and the `@`."""
    return [
        {"token": _decrypt(each.token), "created_at": each.created_at}
        for each in ForwardingAddress.objects.filter(consumer=consumer)
    ]


def _decrypt(encrypted: bytes | memoryview | None) -> str | None:
    return crypto.decrypt_text(bytes(encrypted)) if encrypted else None
