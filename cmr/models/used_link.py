"""Which links have said yes."""

from django.db import models


class UsedLink(models.Model):
    """A proven link that has said yes, as each does once; kept until the link ends."""

    #: SHA-256 of the token, 32 bytes.
    digest = models.BinaryField(max_length=32, unique=True)
    ends_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"used link {self.pk}"
