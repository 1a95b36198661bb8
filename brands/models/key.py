"""API keys by which a brand's programs authenticate."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from brands.models.brand import Brand


class BrandKey(models.Model):
    """An API key of a brand. Only its digest is stored; the key is shown once, when issued."""

    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="keys")
    name = models.CharField(max_length=100)
    #: The public part of the key, by which the row is looked up.
    prefix = models.CharField(max_length=16, unique=True)
    #: SHA-256 of the whole key, 32 bytes. The key has 256 random bits, so no slow hash is needed.
    digest = models.BinaryField(max_length=32)
    scopes = ArrayField(models.CharField(max_length=30))
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    #: A date in UTC. A day's precision is enough to find keys that are no longer used.
    last_used_on = models.DateField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix})"
