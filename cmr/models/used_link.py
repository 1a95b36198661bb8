"""Proven links that have been used for a consent."""

from django.db import models


class UsedLink(models.Model):
    """A proven link that has given its one consent; kept until the link expires."""

    #: SHA-256 of the token, 32 bytes.
    digest = models.BinaryField(max_length=32, unique=True)
    ends_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"used link {self.pk}"
