"""Access tokens of a consumer, for their programs or an authorised agent."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cmr.models.consumer import Consumer


class TokenScope(models.TextChoices):
    """What a token may do. Each scope includes the ones before it."""

    READ = "read", _("Read only")
    LESS = "less", _("Read, and say no, pause and limit")
    FULL = "full", _("Read, and make every choice about brands")

    def includes(self, other: TokenScope) -> bool:
        order = list(TokenScope)
        return order.index(self) >= order.index(other)


class AccessTokens(models.QuerySet["AccessToken"]):
    def usable(self, now: datetime) -> AccessTokens:
        return self.filter(revoked_at=None, expires_at__gt=now)


class AccessToken(models.Model):
    """An access token. Only its digest is kept; the token itself is shown once."""

    consumer = models.ForeignKey(Consumer, on_delete=models.PROTECT, related_name="tokens")
    name = models.CharField(max_length=100)
    scope = models.CharField(max_length=4, choices=TokenScope.choices)
    #: The public part of the token, by which the row is found.
    prefix = models.CharField(max_length=16, unique=True)
    #: SHA-256 of the whole token, 32 bytes.
    digest = models.BinaryField(max_length=32)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    #: A day is precise enough for the owner, and costs only one write a day.
    last_used_on = models.DateField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[models.Manager[AccessToken]] = AccessTokens.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(scope__in=TokenScope.values), name="access_token_scope_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix})"

    def get_scope_name(self) -> str:
        return str(TokenScope(self.scope).label)
