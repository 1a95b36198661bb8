"""Becoming a consumer."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from cmr.models import Consumer, ContactKind, ContactPoint, User
from consent import identifiers


class AddressTaken(Exception):
    """Another consumer has proved that this address is theirs."""


def open_account(*, email: str, password: str | None, verified_at: datetime) -> Consumer:
    """Make an account for whoever proved that *email* is theirs, and claim its Subject.

    Without a password nobody can sign in with one.

    What brands already recorded about this address is from now on theirs to see and to change.

    Raises:
        AddressTaken, identifiers.InvalidAddress
    """
    address = identifiers.normalise_email(email)
    if User.objects.filter(email=address).exists():
        raise AddressTaken("there is an account with this address")
    with transaction.atomic():
        identifier = identifiers.find_or_create(identifiers.digest(address))
        user = User.objects.create_user(address, password)
        consumer = Consumer.objects.create(user=user, subject=identifier.subject)
        ContactPoint.objects.create(
            consumer=consumer,
            kind=ContactKind.EMAIL,
            value=address,
            identifier=identifier,
            verified_at=verified_at,
        )
    return consumer
