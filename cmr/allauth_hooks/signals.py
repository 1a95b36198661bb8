"""Revoking tokens and notifying the owner when allauth changes a password or a second factor."""

from __future__ import annotations

from typing import Any

from allauth.account import signals
from allauth.mfa import signals as factors
from allauth.mfa.models import Authenticator
from django.db import transaction
from django.dispatch import receiver
from django.utils import timezone

from cmr import accounts, sign_in
from cmr.accounts import AccountChange
from cmr.models import User


@receiver(signals.password_set)
def end_tokens_of_set_password(sender: object, user: User, **_: Any) -> None:
    _end_tokens(user, AccountChange.PASSWORD_SET)


@receiver(signals.password_changed)
def end_tokens_of_changed_password(sender: object, user: User, **_: Any) -> None:
    _end_tokens(user, AccountChange.PASSWORD_CHANGED)


@receiver(signals.password_reset)
def end_tokens_of_reset_password(sender: object, user: User, **_: Any) -> None:
    _end_tokens(user, AccountChange.PASSWORD_RESET)


def _end_tokens(user: User, change: AccountChange) -> None:
    """Revoke all tokens, because somebody who changes a password wants everybody else out."""
    now = timezone.now()
    with transaction.atomic():
        sign_in.revoke_all_tokens(user, now=now)
        accounts.notify_owner(user, change, now=now)


@receiver(factors.authenticator_added)
def tell_of_added_factor(
    sender: object, user: User, authenticator: Authenticator, **_: Any
) -> None:
    _tell_of_factor(user, authenticator, AccountChange.FACTOR_ADDED)


@receiver(factors.authenticator_removed)
def tell_of_removed_factor(
    sender: object, user: User, authenticator: Authenticator, **_: Any
) -> None:
    _tell_of_factor(user, authenticator, AccountChange.FACTOR_REMOVED)


def _tell_of_factor(user: User, authenticator: Authenticator, change: AccountChange) -> None:
    """Notify the owner, except about recovery codes, which come and go with another factor."""
    if authenticator.type != Authenticator.Type.RECOVERY_CODES:
        accounts.notify_owner(user, change, now=timezone.now())


@receiver(factors.authenticator_reset)
def tell_of_new_recovery_codes(sender: object, user: User, **_: Any) -> None:
    accounts.notify_owner(user, AccountChange.RECOVERY_CODES_MADE, now=timezone.now())
