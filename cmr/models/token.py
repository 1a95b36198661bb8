"""How a consumer's programs, or an authorised agent, act for them."""

from __future__ import annotations

from django.db import models

from cmr.models.consumer import Consumer


class AccessToken(models.Model):
    """Only the digest of the token is kept; the token itself is shown once."""

    consumer = models.ForeignKey(Consumer, on_delete=models.PROTECT, related_name="tokens")
    name = models.CharField(max_length=100)
    #: The public part of the token, by which its row is found.
    prefix = models.CharField(max_length=16, unique=True)
    #: SHA-256 of the whole token, 32 bytes.
    digest = models.BinaryField(max_length=32)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix})"
