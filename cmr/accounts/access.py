"""Changes to who can access an account. Each one is reported to all addresses of the owner."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.db import transaction
from django.db.models import F

from cmr import sign_in
from cmr.accounts import notices, ownership
from cmr.accounts.notices import AccountChange
from cmr.accounts.recovery_links import BadRecoveryLink, Recovery
from cmr.models import Consumer, ContactKind, ContactPoint, RemovedAddress, User
from core.text import has_address


def create_token(consumer: Consumer, *, name: str, scope: str, days: int, now: datetime) -> str:
    """Create an access token for a program and notify the owner. Return the token's text.

    *days* is its lifetime.
    """
    ends = now + timedelta(days=days)
    # Mail programs turn such names into links, and an attacker may have chosen this one.
    shown = re.sub("[./:]", " ", name) if has_address(name) else name
    with transaction.atomic():
        text = sign_in.issue_token(consumer, name=name, scope=scope, expires_at=ends)
        notices.notify_owner(consumer.user, AccountChange.TOKEN_MADE, now=now, name=shown)
    return text


def end_all_access(user: User, *, now: datetime) -> None:
    """End all sessions and revoke all tokens of *user*."""
    sign_in.revoke_all_tokens(user, now=now)
    sign_in.end_all_sessions(user)


def add_address(consumer: Consumer, *, kind: str, value: str, now: datetime) -> ContactPoint:
    """Add a proved address and notify the other addresses.

    Raises:
        AddressTaken
    """
    change = AccountChange.ADDRESS_ADDED
    with transaction.atomic():
        point = ownership.add_contact(consumer, kind=kind, value=value, now=now)
        notices.notify_owner(consumer.user, change, now=now, but_not=[value], address=value)
    return point


def remove_address(point: ContactPoint, *, now: datetime) -> RemovedAddress:
    """Remove an address, and notify the other addresses and the removed one.

    Raises:
        LastAddress
    """
    user, value, change = point.consumer.user, point.value, AccountChange.ADDRESS_REMOVED
    with transaction.atomic():
        removed = ownership.remove_contact(point, now=now)
        notices.notify_owner(user, change, now=now, but_not=[value], address=value)
        if removed.kind == ContactKind.EMAIL:
            notices.notify_removed_address(user, value, now=now)
    return removed


def restore_address(removed: RemovedAddress, *, now: datetime) -> ContactPoint:
    """Restore a removed address and notify all addresses.

    Raises:
        NotHeld
    """
    change = AccountChange.ADDRESS_RESTORED
    with transaction.atomic():
        point = ownership.restore_contact(removed, now=now)
        notices.notify_owner(point.consumer.user, change, now=now, address=point.value)
    return point


# -- Recovery -------------------------------------------------------------------------------------


def recover_account(recovery: Recovery, *, now: datetime) -> User:
    """Return the account to its owner, who reads the mails to that address. Return the user.

    This removes the password, and all factors that were added after the change or up to a week
    before it. Otherwise a thief could keep using them, or could keep the owner out.

    Raises:
        BadRecoveryLink: the link was used in the meantime, or its address is gone.
    """
    user = recovery.consumer.user
    with transaction.atomic():
        _use_up_links(recovery.consumer)
        point = _own_address(recovery, now)
        ownership.distrust_newer(recovery.consumer, than=point.verified_at)
        user.set_unusable_password()
        user.save(update_fields=["password"])
        ownership.sign_in_by(user, point.value)
        _forget_new_ways_in(user, since=recovery.since)
        end_all_access(user, now=now)
        notices.notify_owner(user, AccountChange.ACCOUNT_RECOVERED, now=now, address=point.value)
    return user


def _use_up_links(consumer: Consumer) -> None:
    """Invalidate every recovery link sent until now, including a thief's.

    Raises:
        BadRecoveryLink
    """
    unused = Consumer.objects.filter(pk=consumer.pk, recoveries=consumer.recoveries)
    if not unused.update(recoveries=F("recoveries") + 1):
        raise BadRecoveryLink("this link was used already")


def _own_address(recovery: Recovery, now: datetime) -> ContactPoint:
    """Return the address's contact point, which is restored if it was removed.

    Raises:
        BadRecoveryLink
    """
    if recovery.removed:
        try:
            return ownership.restore_contact(recovery.removed, now=now)
        except ownership.NotHeld as error:
            raise BadRecoveryLink("this link has expired") from error
    points = recovery.consumer.contact_points.filter(value=recovery.address)
    if (point := points.first()) is None:
        raise BadRecoveryLink("this address was just removed; the link still works")
    return point


def _forget_new_ways_in(user: User, *, since: datetime) -> None:
    Authenticator.objects.filter(user=user, created_at__gt=since).delete()
    EmailAddress.objects.filter(user=user, verified=False).delete()
    user.consumer.pending.all().delete()
