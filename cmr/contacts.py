"""Proving that an address or a number is theirs: a code is sent there and typed here."""

from __future__ import annotations

import hmac
import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import send_mail
from django.db.models import F
from django.utils.translation import gettext as _

from cmr import accounts, texting
from cmr.models import Consumer, ContactKind, ContactPoint, PendingContact
from consent import identifiers

#: How long a code is good, and how often it may be typed.
GOOD_FOR = timedelta(minutes=15)
TRIES = 5
#: An address that is sent a code rests for so long before the next; and so many wait at once.
REST = timedelta(seconds=30)
AT_ONCE = 5


class NoNumbers(Exception):
    """This installation sends no text messages, so it cannot prove a number."""


class TooSoon(Exception):
    """A code was sent a moment ago, or too many addresses wait for theirs. `wait` is in seconds."""

    wait = REST.total_seconds()


class WrongCode(Exception):
    """Not the code, or it is too old, or was tried too often."""


def normalise(kind: str, text: str) -> str:
    """Raises identifiers.InvalidAddress."""
    if kind == ContactKind.PHONE:
        return identifiers.normalise_phone(text)
    return identifiers.normalise_email(text)


def begin(consumer: Consumer, *, kind: str, text: str, now: datetime) -> PendingContact:
    """Send a code to what the consumer says is theirs.

    Somebody else's proved address gets the same answer, and a code that proves nothing: whoever
    types it learns only then that it is taken.

    Raises:
        identifiers.InvalidAddress, NoNumbers, TooSoon
    """
    if kind == ContactKind.PHONE and not texting.is_possible():
        raise NoNumbers("this installation sends no text messages")
    value = normalise(kind, text)
    mine = consumer.pending.filter(sent_at__gt=now - GOOD_FOR)
    if mine.filter(kind=kind, value=value, sent_at__gt=now - REST) or mine.count() >= AT_ONCE:
        raise TooSoon("a code was sent a moment ago")
    code = f"{secrets.randbelow(10**6):06}"
    sent = {"code": _digest(consumer, code), "tries": 0, "sent_at": now}
    pending, _is_new = PendingContact.objects.update_or_create(
        consumer=consumer, kind=kind, value=value, defaults=sent
    )
    _send(pending, code)
    return pending


def prove(pending: PendingContact, code: str, *, now: datetime) -> ContactPoint:
    """Make it the consumer's own contact point, if *code* is the one that was sent.

    Raises:
        WrongCode, accounts.AddressTaken
    """
    fresh = PendingContact.objects.filter(
        pk=pending.pk, tries__lt=TRIES, sent_at__gt=now - GOOD_FOR
    )
    if not fresh.update(tries=F("tries") + 1):
        raise WrongCode("this code is too old, or was tried too often")
    given = _digest(pending.consumer, code.strip().replace(" ", ""))
    if not hmac.compare_digest(given, bytes(pending.code)):
        raise WrongCode("this is not the code that was sent")
    point = accounts.add_contact(pending.consumer, kind=pending.kind, value=pending.value, now=now)
    pending.delete()
    return point


def _digest(consumer: Consumer, code: str) -> bytes:
    """Six digits are guessed at once by whoever has their plain hash, so it is keyed."""
    return hmac.digest(settings.SECRET_KEY.encode(), f"{consumer.pk}:{code}".encode(), "sha256")


def _send(pending: PendingContact, code: str) -> None:
    text = _("%(code)s is your code for CMR. It is good for 15 minutes.") % {"code": code}
    if pending.kind == ContactKind.PHONE:
        texting.send(pending.value, text)
        return
    why = _("If you did not ask for it, somebody typed your address by mistake: do nothing.")
    send_mail(_("Your code for CMR"), f"{text}\n\n{why}\n", None, [pending.value])
