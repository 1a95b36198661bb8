"""Messages that wait to be sent by `cmr.messages.outbox`."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Exists, OuterRef, Q

from cmr.models.consumer import ContactKind


class OutgoingQuerySet(models.QuerySet["OutgoingMessage"]):
    def due(self, now: datetime) -> OutgoingQuerySet:
        """Return the messages that may be sent now, oldest first, but only the first per address.

        A refused message does not block later ones, so that its author cannot hold back the rest.
        """
        earlier = OutgoingMessage.objects.filter(
            address_digest=OuterRef("address_digest"), pk__lt=OuterRef("pk"), is_refused=False
        )
        return self.filter(~Exists(earlier), next_try_at__lte=now).order_by("pk")


class OutgoingMessage(models.Model):
    """A mail or a text message that waits to be sent. Its row is deleted once it is sent."""

    kind = models.CharField(max_length=5, choices=ContactKind.choices)
    #: The keyed digest of the address, by which erasure finds the message.
    address_digest = models.BinaryField(max_length=32)
    #: Encrypted: the address, the subject, the text, and the source of the Message-ID.
    sealed = models.BinaryField()
    made_at = models.DateTimeField()
    #: When to try next. While a worker sends the message, when another worker may try.
    next_try_at = models.DateTimeField()
    #: Whether the server accepted the connection but not the message.
    is_refused = models.BooleanField(default=False)

    objects = OutgoingQuerySet.as_manager()

    class Meta:
        indexes = [
            # For `due`, and for its subquery, which looks for the first message of each address.
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
