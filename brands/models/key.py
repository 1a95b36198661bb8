"""How a brand's programs prove who they are."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from brands.models.brand import Brand


class BrandKey(models.Model):
    """Only the digest of the key is kept; the key itself is shown once, when it is issued."""

    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="keys")
    name = models.CharField(max_length=100)
    #: The public part of the key, by which its row is found.
    prefix = models.CharField(max_length=16, unique=True)
    #: SHA-256 of the whole key, 32 bytes. The key has 256 random bits, so no slow hash is needed.
    digest = models.BinaryField(max_length=32)
    scopes = ArrayField(models.CharField(max_length=30))
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    #: UTC's; a day is enough to see which keys nobody uses any more.
    last_used_on = models.DateField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix})"
