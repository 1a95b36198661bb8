"""Turning an account into a consumer's when its address is verified at sign-up or sign-in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account.signals import email_confirmed
from django.dispatch import receiver
from django.utils import timezone

from cmr import accounts
from cmr.models import User

if TYPE_CHECKING:
    from allauth.account.models import EmailAddress


@receiver(email_confirmed)
def begin(sender: object, email_address: EmailAddress, **_: Any) -> None:
    """Claim the subject of a verified address, or add the address to the consumer.

    allauth sends this signal in one place, however the address was verified.
    """
    user = email_address.user
    assert isinstance(user, User)
    if user.is_staff:
        return
    if not hasattr(user, "consumer"):
        consumer = accounts.claim_subject(user, now=timezone.now())
        accounts.begin_first_day(consumer)
        return
    now, address = timezone.now(), email_address.email
    accounts.add_address(user.consumer, kind="email", value=address, now=now)
