"""Counts of attempts, for `cmr.rate_limits.limits`."""

from __future__ import annotations

from django.db import models


class RateLimitCount(models.Model):
    """The number of attempts under one key since its window began.

    The key is a keyed digest, so the table names no address and no caller.
    """

    key = models.CharField(primary_key=True, max_length=64)
    count = models.PositiveIntegerField()
    #: When the window ends; the next attempt then starts a new one. The index serves the clean-up.
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.key
