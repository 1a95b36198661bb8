"""What is still to be sent, for `cmr.messages.outbox`."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Exists, OuterRef, Q

from cmr.models.consumer import ContactKind


class OutgoingQuerySet(models.QuerySet["OutgoingMessage"]):
    def due(self, now: datetime) -> OutgoingQuerySet:
        """Return what may be sent now, oldest first, and of each address only its first.

        A message that was refused holds up no other: who wrote it must not keep the rest back.
        """
        earlier = OutgoingMessage.objects.filter(
            address_digest=OuterRef("address_digest"), pk__lt=OuterRef("pk"), is_refused=False
        )
        return self.filter(~Exists(earlier), next_try_at__lte=now).order_by("pk")


class OutgoingMessage(models.Model):
    """A mail or a text message that waits to be sent; its row is deleted when it was."""

    kind = models.CharField(max_length=5, choices=ContactKind.choices)
    #: The keyed digest of the address, by which erasure finds it.
    address_digest = models.BinaryField(max_length=32)
    #: Encrypted: the address, the subject, the text, and what makes the Message-ID.
    sealed = models.BinaryField()
    made_at = models.DateTimeField()
    #: While a worker sends it, when another may.
    next_try_at = models.DateTimeField()
    #: Whether the server took the connection but not the message.
    is_refused = models.BooleanField(default=False)

    objects = OutgoingQuerySet.as_manager()

    class Meta:
        indexes = [
            # For `due`, and within it for the first of each address.
            models.Index(fields=["next_try_at"], name="outgoing_is_due"),
            models.Index(fields=["address_digest", "id"], name="outgoing_of_address"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=ContactKind.values), name="outgoing_kind_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"outgoing {self.kind} {self.pk}"
