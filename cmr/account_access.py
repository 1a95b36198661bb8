"""What decides who gets into an account; each change is told to all addresses of its owner."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core import signing
from django.db import transaction
from django.urls import reverse

from brands import names
from cmr import account_notices, accounts, sessions, tokens
from cmr.account_notices import Change
from cmr.models import Consumer, ContactKind, ContactPoint, RemovedAddress, User

SALT = "cmr.recover-account"


class BadRecoveryLink(Exception):
    """Not one of ours, used already, or too old."""


def make_token(consumer: Consumer, *, name: str, scope: str, days: int, now: datetime) -> str:
    """Make a token for a program, and tell the owner; return its text."""
    ends = now + timedelta(days=days)
    text = tokens.issue(consumer, name=name, scope=scope, expires_at=ends)
    # Mail programs make links of such names, and a thief chooses this one.
    shown = re.sub("[./:]", " ", name) if names.has_address(name) else name
    account_notices.tell(consumer.user, Change.TOKEN_MADE, now=now, name=shown)
    return text


def end_all(user: User, *, now: datetime) -> None:
    """End every session and every token of *user*."""
    tokens.revoke_all(user, now=now)
    sessions.end_all(user)


def add_address(consumer: Consumer, *, kind: str, value: str, now: datetime) -> ContactPoint:
    """Add a proved address, and tell the others. Raises accounts.AddressTaken."""
    point = accounts.add_contact(consumer, kind=kind, value=value, now=now)
    change = Change.ADDRESS_ADDED
    account_notices.tell(consumer.user, change, now=now, but_not=[value], address=value)
    return point


def remove_address(point: ContactPoint, *, now: datetime) -> RemovedAddress:
    """Remove an address, and tell the others and the removed one. Raises accounts.LastAddress."""
    user, value = point.consumer.user, point.value
    removed = accounts.remove_contact(point, now=now)
    change = Change.ADDRESS_REMOVED
    account_notices.tell(user, change, now=now, but_not=[value], address=value)
    if removed.kind == ContactKind.EMAIL:
        link = build_recovery_link(removed) if removed.recovers_account else ""
        account_notices.tell_removed(user, value, link=link, now=now)
    return removed


def restore_address(removed: RemovedAddress, *, now: datetime) -> ContactPoint:
    """Restore a removed address, and tell all. Raises accounts.NotHeld."""
    point = accounts.restore_contact(removed, now=now)
    change = Change.ADDRESS_RESTORED
    account_notices.tell(point.consumer.user, change, now=now, address=point.value)
    return point


# -- Taking an account back -----------------------------------------------------------------------


def build_recovery_link(removed: RemovedAddress) -> str:
    """Return the link that takes the account back for whoever reads the mails to *removed*."""
    path = reverse("recover", args=[signing.dumps(removed.pk, salt=SALT)])
    return f"{settings.PUBLIC_URL}{path}"


def read_recovery_link(token: str, *, now: datetime) -> RemovedAddress:
    """Return the removed address that a link is about.

    Raises:
        BadRecoveryLink
    """
    try:
        pk = signing.loads(token, salt=SALT, max_age=accounts.HELD)
    except signing.BadSignature as error:
        raise BadRecoveryLink("this link is none of ours, or too old") from error
    held = RemovedAddress.objects.held(now).filter(pk=pk, recovers_account=True)
    if (removed := held.select_related("consumer__user").first()) is None:
        raise BadRecoveryLink("this link was used, or its time is over")
    return removed


def recover(removed: RemovedAddress, *, now: datetime) -> User:
    """Give the account back to whoever reads the mails to *removed*; return its user.

    The password goes, and factors that were added shortly before or after the removal: a thief
    would go on coming in by them, or keep the owner out.

    Raises:
        BadRecoveryLink: somebody was faster.
    """
    with transaction.atomic():
        try:
            point = accounts.restore_contact(removed, now=now)
        except accounts.NotHeld as error:
            raise BadRecoveryLink("this link was used, or its time is over") from error
        user = point.consumer.user
        user.set_unusable_password()
        user.save(update_fields=["password"])
        accounts.sign_in_by(user, point.value)
        _forget_new_ways_in(user, since=removed.removed_at - accounts.HELD)
        end_all(user, now=now)
    account_notices.tell(user, Change.ACCOUNT_RECOVERED, now=now, address=point.value)
    return user


def _forget_new_ways_in(user: User, *, since: datetime) -> None:
    Authenticator.objects.filter(user=user, created_at__gt=since).delete()
    EmailAddress.objects.filter(user=user, verified=False).delete()
    user.consumer.pending.all().delete()
