"""Outbox: messages that are written in the transaction of a change and sent by a worker (ADR 42).

Note [Outbox]. A change and its messages are committed together, so neither exists without the
other. The commit wakes a worker, and workers also poll. A worker claims a message by moving its
next try past a lease. It sends the message outside of any transaction and then deletes it. If a
worker dies in between, another sends the message again when the lease is over. Delivery is
therefore at least once, with the same Message-ID.

If the server accepts no connection, all due messages wait, and the messages to one address keep
their order. A message that the server refuses temporarily waits alone. Each waits a quarter of its
age, and is dropped after `KEPT`.
"""

from __future__ import annotations

import logging
from base64 import urlsafe_b64encode
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from functools import partial
from urllib.parse import urlsplit
from uuid import uuid4

import orjson
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import Count, Min, Q
from django.utils.crypto import salted_hmac

from brands.events import publish_task
from cmr.messages import mail, sms, smtp
from cmr.models import ContactKind, OutgoingMessage
from consent import identity

log = logging.getLogger(__name__)

SEND_TASK = "cmr.send_messages"
#: The time after which a message is dropped. A text message or a link is of little use by then.
KEPT = timedelta(days=3)
#: The time that a worker may take for one message before another worker sends it.
LEASE = timedelta(minutes=2)
#: The shortest and the longest wait for the next try.
SHORTEST, LONGEST = timedelta(seconds=5), timedelta(minutes=10)
#: The number of due messages that a worker tries to claim, in case others claim them first.
AT_ONCE = 10


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A mail or text message that is ready to be sent."""

    kind: str
    to: str
    subject: str
    text: str
    #: Part of the Message-ID, by which mail programs recognise duplicates.
    uid: str = field(default_factory=lambda: str(uuid4()))


def add_messages(messages: Iterable[NewMessage], *, now: datetime) -> None:
    """Store *messages* until they are sent. Call it in the transaction of the change."""
    OutgoingMessage.objects.bulk_create(
        OutgoingMessage(
            kind=each.kind,
            address_digest=identity.compute_identifier_digest(each.to),
            sealed=_cipher().encrypt(orjson.dumps(asdict(each))),
            made_at=now,
            next_try_at=now,
        )
        for each in messages
    )
    transaction.on_commit(partial(publish_task, SEND_TASK), robust=True)


def delete_messages_to(addresses: Collection[str]) -> None:
    """Delete unsent messages to *addresses*, and those whose text names one, as invitations do."""
    digests = [identity.compute_identifier_digest(each) for each in addresses]
    OutgoingMessage.objects.filter(address_digest__in=digests).delete()
    naming = [row.pk for row in OutgoingMessage.objects.iterator() if _names(row, addresses)]
    OutgoingMessage.objects.filter(pk__in=naming).delete()


def _names(row: OutgoingMessage, addresses: Collection[str]) -> bool:
    try:
        message = _open(row)
    except InvalidToken:  # its key is gone, so nobody can read it
        return False
    words = f"{message.subject}\n{message.text}".lower()
    return any(each.lower() in words for each in addresses)


def send_next_message(*, now: datetime) -> bool:
    """Try to send the oldest due message. Return whether there was one."""
    if (row := _claim(now)) is None:
        return False
    try:
        _deliver(_open(row))
    except (InvalidToken, smtp.CannotReach) as error:  # no later try can succeed
        log.error("an outgoing %s was dropped: %s", row.kind, type(error).__name__)
        row.delete()
    except smtp.CannotSendNow as error:
        log.warning("no server for outgoing %s: %s", row.kind, error)
        _put_off(Q(pk=row.pk) | Q(kind=row.kind, next_try_at__lte=now), row, now=now)
    except Exception as error:  # backends raise their own, whose texts may contain the address
        log.warning("an outgoing %s was refused: %s", row.kind, type(error).__name__)
        OutgoingMessage.objects.filter(pk=row.pk).update(is_refused=True)
        _put_off(Q(pk=row.pk), row, now=now)
    else:
        row.delete()
    return True


def measure_waiting_messages(*, now: datetime) -> dict[str, tuple[int, float]]:
    """Return the number of waiting messages of each kind, and the oldest one's age in seconds."""
    waiting = OutgoingMessage.objects.values_list("kind").annotate(Count("pk"), Min("made_at"))
    found = {kind: (count, (now - oldest).total_seconds()) for kind, count, oldest in waiting}
    return {kind: found.get(kind, (0, 0.0)) for kind in ContactKind.values}


def _claim(now: datetime) -> OutgoingMessage | None:
    """Claim the first due message that no other worker claims at the same time."""
    for row in OutgoingMessage.objects.due(now)[:AT_ONCE]:
        same = OutgoingMessage.objects.filter(pk=row.pk, next_try_at=row.next_try_at)
        if same.update(next_try_at=now + LEASE):
            return row
    return None


def _deliver(message: NewMessage) -> None:
    """Send the message.

    Raises:
        smtp.CannotReach, smtp.CannotSendNow, or another exception if it is refused temporarily
    """
    if message.kind == ContactKind.PHONE:
        sms.send_sms(message.to, message.text)
        return
    headers = {"Message-ID": f"<{message.uid}@{urlsplit(settings.PUBLIC_URL).hostname}>"}
    mail.deliver_mail(
        EmailMessage(message.subject, message.text, None, [message.to], headers=headers)
    )


def _put_off(which: Q, tried: OutgoingMessage, *, now: datetime) -> None:
    """Delay messages by a quarter of the age of the one that was tried.

    Messages that are too old are dropped.
    """
    rows = OutgoingMessage.objects.filter(which)
    if dropped := rows.filter(made_at__lte=now - KEPT).delete()[0]:
        log.error("%d outgoing messages were dropped after %s", dropped, KEPT)
    wait = min(max((now - tried.made_at) / 4, SHORTEST), LONGEST)
    rows.update(next_try_at=now + wait)


def _open(row: OutgoingMessage) -> NewMessage:
    """Decrypt the message.

    Raises:
        InvalidToken: the key that encrypted it is gone.
    """
    return NewMessage(**orjson.loads(_cipher().decrypt(bytes(row.sealed))))


def _cipher() -> MultiFernet:
    """Return a cipher with a key derived from SECRET_KEY.

    It can also decrypt with keys derived from older values.
    """
    secrets = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    macs = [salted_hmac("cmr.outbox", "", secret=each, algorithm="sha256") for each in secrets]
    return MultiFernet([Fernet(urlsafe_b64encode(each.digest())) for each in macs])
