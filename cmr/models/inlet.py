"""Where a brand's mail provider tells us who unsubscribed, or complained."""

from __future__ import annotations

import uuid

from django.db import models

from brands.models import Brand


class Inlet(models.Model):
    """An address of ours for one provider of one brand; whoever knows it is believed.

    Only the digest of its secret is kept; the address is shown once, when it is opened.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="inlets")
    #: A key of `cmr.inbound.providers.PROVIDERS`.
    provider = models.CharField(max_length=20)
    #: The public part of the secret, by which its row is found.
    prefix = models.CharField(max_length=16, unique=True)
    #: SHA-256 of the whole secret, 32 bytes.
    digest = models.BinaryField(max_length=32)
    #: Encrypted: what the provider's signatures are verified with; null while the brand gave none.
    signing_key = models.BinaryField(null=True)
    #: What the provider wants opened before it begins to tell; empty where it wants nothing.
    confirm_url = models.CharField(max_length=2_000, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.provider} ({self.prefix})"
