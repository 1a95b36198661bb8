"""The personal address to which a person forwards mail, and what arrives there.

Whoever has the address may write to it: a forwarder may use another address than the person's, and
a rule of the mail provider keeps the original `From`. A stranger who learnt the address could only
add senders to the list of its person, who can replace it at any time.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from base64 import b32encode
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from cmr import rate_limits
from cmr.mailbox.collecting import MailCollector
from cmr.mailbox.forwarded_mails import ForwardedContent, read_forwarded_mail
from cmr.mailbox.providers import load_providers
from cmr.mailbox.scans import begin_scan
from cmr.models import Consumer, ForwardingAddress, ScanSource
from core import crypto
from mailbox_reader import BulkMail, ProviderKind, describe_mail

#: The beginning of each address, before its token.
PREFIX = "in+"
#: Bytes of a token. In base 32 they are 26 letters and digits, in which case means nothing.
TOKEN_BYTES = 16
TOKEN = re.compile(r"[a-z2-7]{26}")
#: How long Gmail's link is shown. Gmail forgets it after some days.
CONFIRMATION_SHOWN = timedelta(days=7)
#: The link by which Gmail lets somebody confirm that they own a forwarding address. Only such a
#: link is kept of a mail that asks for it.
GMAIL_SENDER = re.compile(r"^From:.{0,200}\bforwarding-noreply@google\.com\s*>?\s*$", re.I | re.M)
GMAIL_LINK = re.compile(rb"https://mail(?:-settings)?\.google\.com/mail/vf-[\w%.~\[\]-]{10,500}")


@dataclass(frozen=True, slots=True)
class Forwarding:
    """What the page shows: the person's address, and Gmail's link if it waits for a click."""

    address: str
    confirm_url: str


@dataclass(frozen=True, slots=True)
class ForwardedMail:
    """A mail as the mail provider posts it: its bytes, and the addresses it was sent to."""

    raw: bytes
    recipients: Iterable[str]


def find_forwarding(consumer: Consumer, *, now: datetime) -> Forwarding | None:
    """Return the person's address; None without one, or if nobody can forward here."""
    row = ForwardingAddress.objects.filter(consumer=consumer).first()
    if row is None or not settings.MAILBOX_FORWARDING_DOMAIN:
        return None
    is_fresh = row.confirmation_at and now - row.confirmation_at < CONFIRMATION_SHOWN
    link = crypto.decrypt_text(bytes(row.confirmation)) if is_fresh and row.confirmation else ""
    token = crypto.decrypt_text(bytes(row.token))
    return Forwarding(f"{PREFIX}{token}@{settings.MAILBOX_FORWARDING_DOMAIN}", link)


def replace_forwarding_address(consumer: Consumer) -> None:
    """Give the person a new address. What is sent to an earlier one is ignored from now on."""
    token = b32encode(secrets.token_bytes(TOKEN_BYTES)).decode().rstrip("=").lower()
    values = {
        "digest": _compute_digest(token),
        "token": crypto.encrypt_text(token),
        "confirmation": None,
        "confirmation_at": None,
    }
    ForwardingAddress.objects.update_or_create(consumer=consumer, defaults=values)


def record_forwarded_mail(mail: ForwardedMail, *, now: datetime) -> None:
    """Record the mails inside a forwarded mail. One to an unknown address is ignored.

    Raises:
        rate_limits.LimitsUnavailable
    """
    address = _find_address(mail.recipients)
    if address is None:
        return
    try:
        rate_limits.count_attempt("forwarded mail", account=address.consumer_id)
    except rate_limits.TooManyAttempts:
        return
    if not _keep_confirmation(address, mail.raw, now=now):
        _record(address.consumer, mail.raw, now=now)


def _find_address(recipients: Iterable[str]) -> ForwardingAddress | None:
    end = f"@{settings.MAILBOX_FORWARDING_DOMAIN}"
    for recipient in recipients:
        local = recipient.strip(" <>").lower()
        if settings.MAILBOX_FORWARDING_DOMAIN and local.endswith(end):
            token = local.removesuffix(end).removeprefix(PREFIX)
            if TOKEN.fullmatch(token):
                known = ForwardingAddress.objects.select_related("consumer__subject")
                return known.filter(digest=_compute_digest(token)).first()
    return None


def _compute_digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _keep_confirmation(address: ForwardingAddress, raw: bytes, *, now: datetime) -> bool:
    """Keep the link of Gmail's confirmation mail. Return whether the mail is one."""
    if not GMAIL_SENDER.search(raw[:20_000].decode("latin-1")):
        return False
    text = raw.replace(b"=\r\n", b"").replace(b"=\n", b"").replace(b"=3D", b"=")
    if (link := GMAIL_LINK.search(text)) is None:
        return False
    address.confirmation = crypto.encrypt_text(link[0].decode("ascii"))
    address.confirmation_at = now
    address.save(update_fields=["confirmation", "confirmation_at"])
    return True


def _record(consumer: Consumer, raw: bytes, *, now: datetime) -> None:
    content = read_forwarded_mail(raw, own_domain=settings.MAILBOX_FORWARDING_DOMAIN)
    quoted = _describe_quoted(content, now=now)
    if not content.blocks and quoted is None:
        return
    collector = MailCollector(begin_scan(consumer, ScanSource.FORWARD, now=now), now=now)
    for block in content.blocks:
        collector.add_block(block)
    if quoted:
        collector.add_mail(quoted)
    collector.finish()


def _describe_quoted(content: ForwardedContent, *, now: datetime) -> BulkMail | None:
    """Return a mail that was forwarded inline, of which only the sender is known.

    Private addresses, such as a friend's at a mail provider, name no organisation: they are not
    kept. Nor is the time of the mail known, which is quoted in the language of the program.
    """
    sender, providers = content.quoted, load_providers()
    if sender is None:
        return None
    domain = sender.address.rpartition("@")[2]
    if providers.find_kind(domain) in {ProviderKind.MAILBOX, ProviderKind.GROUP}:
        return None
    headers = {
        "from": [f'"{sender.name.replace(chr(34), "")}" <{sender.address}>'],
        "message-id": [f"inline {content.message_id}"] if content.message_id else [],
        # Without it, the mail would look like a receipt.
        "precedence": ["bulk"],
    }
    return describe_mail(headers, providers, now=now)
