"""Proof that an address or a number belongs to the person: a code sent there and typed here."""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import F
from django.utils.crypto import get_random_string, salted_hmac
from django.utils.translation import gettext as _

from cmr import messages, rate_limits
from cmr.accounts import access, ownership
from cmr.models import Consumer, ContactKind, ContactPoint, PendingContact
from cmr.rate_limits import CountedAttempt
from core.errors import DomainError

#: The lifetime of a code. `TRIES` is how often it may be typed.
CODE_LIFETIME = timedelta(seconds=settings.MAILED_CODE_SECONDS)
#: Eight of 20 letters, without vowels and look-alikes: 25,600,000,000 possible codes.
LETTERS, LENGTH = "BCDFGHJKLMNPQRSTVWXZ", 8
TRIES = 5
#: The minimum time between two codes to one address, and the maximum number of addresses that wait
#: for a code at once.
REST = timedelta(seconds=30)
AT_ONCE = 5


class CannotSendSms(DomainError):
    """Phone numbers cannot be verified, because this installation sends no text messages."""

    code = "no_numbers"
    field = "kind"


class CodeTooSoon(DomainError):
    """A code was sent a moment ago, or too many addresses wait for one. `wait` is in seconds."""

    status = 429
    code = "too_soon"
    field = "value"
    wait = REST.total_seconds()


class WrongCode(DomainError):
    """The code is wrong or expired, or was tried too often."""

    code = "wrong_code"
    field = "code"


def begin_proof(consumer: Consumer, *, kind: str, text: str, now: datetime) -> PendingContact:
    """Send a code to an address or number that the consumer claims.

    An address that belongs to another account gets the same answer and a code. Only somebody who
    types that code learns that the address is taken.

    Raises:
        identity.InvalidAddress, CannotSendSms, CodeTooSoon, messages.CannotReach,
        messages.CannotSendNow, rate_limits.TooManyAttempts
    """
    if kind == ContactKind.PHONE and not messages.is_sms_possible():
        raise CannotSendSms("this installation sends no text messages")
    value = ownership.normalise_contact(kind, text)
    mine = consumer.pending.filter(sent_at__gt=now - CODE_LIFETIME)
    if mine.filter(kind=kind, value=value, sent_at__gt=now - REST) or mine.count() >= AT_ONCE:
        raise CodeTooSoon("a code was sent a moment ago; wait before you ask for another one")
    if kind == ContactKind.EMAIL:
        messages.check_reachable(value)
    counted = _count_sent(consumer, kind, value)
    code = get_random_string(LENGTH, LETTERS)
    try:
        _send(kind, value, code)
    except messages.CannotSendNow:
        for each in counted:
            each.give_back()
        raise
    sent = {"code": _digest(consumer, code, settings.SECRET_KEY), "tries": 0, "sent_at": now}
    pending, _is_new = PendingContact.objects.update_or_create(
        consumer=consumer, kind=kind, value=value, defaults=sent
    )
    return pending


def _count_sent(consumer: Consumer, kind: str, value: str) -> list[CountedAttempt]:
    """Count the sent code against the rate limits. Return the counted attempts.

    Raises:
        rate_limits.TooManyAttempts
    """
    sent = rate_limits.count_attempt("address code sent", account=consumer.pk)
    if kind == ContactKind.PHONE:
        return [sent, rate_limits.count_attempt("text message", account=consumer.pk, number=value)]
    return [sent, rate_limits.count_attempt("address code mail", address=value)]


def prove_contact(pending: PendingContact, code: str, *, now: datetime) -> ContactPoint:
    """Add the address as the consumer's contact point, if *code* is the one that was sent.

    Their other addresses are notified.

    Raises:
        WrongCode, AddressTaken, rate_limits.TooManyAttempts
    """
    # Count by address as well, so that neither a new code nor another account resets the limit.
    rate_limits.count_attempt("address code", account=pending.consumer_id, address=pending.value)
    fresh = PendingContact.objects.filter(
        pk=pending.pk, tries__lt=TRIES, sent_at__gt=now - CODE_LIFETIME
    )
    if not fresh.update(tries=F("tries") + 1):
        raise WrongCode("this code has expired, or was tried too often")
    if not _is_code(pending, _normalise_code(code)):
        raise WrongCode("this code is wrong")
    consumer, kind, value = pending.consumer, pending.kind, pending.value
    point = access.add_address(consumer, kind=kind, value=value, now=now)
    pending.delete()
    return point


def _normalise_code(typed: str) -> str:
    return "".join(filter(str.isalnum, typed)).upper()


def _digest(consumer: Consumer, code: str, secret: str) -> bytes:
    """Return a keyed digest of the code. A plain hash of a short code could be guessed quickly.

    The key is derived from *secret* for this purpose only.
    """
    text = f"{consumer.pk}:{code}"
    return salted_hmac("cmr.contacts.code", text, secret=secret, algorithm="sha256").digest()


def _is_code(pending: PendingContact, code: str) -> bool:
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    digests = [_digest(pending.consumer, code, key) for key in keys]
    return any(hmac.compare_digest(each, bytes(pending.code)) for each in digests)


def _send(kind: str, value: str, code: str) -> None:
    """Send the code.

    Raises:
        messages.CannotReach, messages.CannotSendNow
    """
    shown = f"{code[:4]}-{code[4:]}"
    minutes = settings.MAILED_CODE_SECONDS // 60
    text = _("%(code)s is your code for CMR. It is good for %(minutes)s minutes.")
    text %= {"code": shown, "minutes": minutes}
    if kind == ContactKind.PHONE:
        messages.send_sms_now(value, text)
        return
    why = _("If you did not ask for it, somebody typed your address by mistake: do nothing.")
    messages.send_mail_now(EmailMessage(_("Your code for CMR"), f"{text}\n\n{why}\n", to=[value]))
