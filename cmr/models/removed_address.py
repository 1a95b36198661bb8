"""Addresses and numbers that were removed from an account recently."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q

from cmr.models.consumer import Consumer, ContactKind
from consent.models import Identifier


class RemovedAddresses(models.QuerySet["RemovedAddress"]):
    def held(self, now: datetime) -> RemovedAddresses:
        """Return the addresses that can still be restored."""
        return self.filter(until__gt=now)


class RemovedAddress(models.Model):
    """A removed address. Until `until`, its owner can restore it and nobody else can claim it."""

    consumer = models.ForeignKey(
        Consumer, on_delete=models.CASCADE, related_name="removed_addresses"
    )
    kind = models.CharField(max_length=5, choices=ContactKind.choices)
    value = models.CharField(max_length=320)
    #: The same address in the ledger.
    identifier = models.OneToOneField(Identifier, on_delete=models.PROTECT, related_name="+")
    #: When it was proved; restoring it keeps this time.
    verified_at = models.DateTimeField()
    #: Whether a link mailed to it recovers the whole account (ADR 30).
    recovers_account = models.BooleanField()
    removed_at = models.DateTimeField()
    until = models.DateTimeField()

    objects: ClassVar[models.Manager[RemovedAddress]] = RemovedAddresses.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=ContactKind.values), name="removed_address_kind_is_known"
            ),
        ]
        # For `cmr.forget_removed_addresses`, which selects the expired ones.
        indexes = [models.Index(fields=["until"], name="removed_address_until")]

    def __str__(self) -> str:
        return f"removed {self.kind} {self.pk}"
