"""When somebody has proved an address while signing up or in, the account becomes a consumer's."""

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
    """The one place where allauth says so, whichever way the address was proved."""
    user = email_address.user
    assert isinstance(user, User)
    if user.is_staff:
        return
    if not hasattr(user, "consumer"):
        accounts.claim_subject(user, now=timezone.now())
        return
    now, address = timezone.now(), email_address.email
    accounts.add_address(user.consumer, kind="email", value=address, now=now)
