"""Texts about a mailbox that are stored encrypted, such as addresses."""

from __future__ import annotations

from cmr.models import AddressUse, ForwardingAddress, Sender
from core.crypto import reencrypt_field


def reencrypt_texts() -> int:
    """Encrypt the texts of all mailboxes with the current key. Return how many."""
    return sum(
        (
            reencrypt_field(Sender.objects.all(), "unsubscribe"),
            reencrypt_field(AddressUse.objects.all(), "address"),
            reencrypt_field(ForwardingAddress.objects.all(), "token"),
            reencrypt_field(ForwardingAddress.objects.all(), "confirmation"),
        )
    )
