"""Values of a mailbox that are stored encrypted, when their key is replaced."""

from __future__ import annotations

from cmr.models import AddressUse, ForwardingAddress, Sender
from core import crypto


def reencrypt_mailboxes() -> int:
    """Encrypt addresses, unsubscribe links and tokens with the newest key. Return how many."""
    return (
        crypto.reencrypt_field(AddressUse.objects.all(), "address")
        + crypto.reencrypt_field(Sender.objects.all(), "unsubscribe")
        + crypto.reencrypt_field(ForwardingAddress.objects.all(), "token")
    )
