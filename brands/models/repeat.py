"""What was answered to a call that may be repeated."""

from __future__ import annotations

from django.db import models

from brands.models.brand import Brand


class Repeat(models.Model):
    """A call with an `Idempotency-Key`. Its row stands for no longer than a repeat may come."""

    brand = models.ForeignKey(Brand, on_delete=models.CASCADE, related_name="+", db_index=False)
    #: A keyed digest of the key: Note [Keys].
    key = models.CharField(max_length=64)
    #: A keyed digest of what was asked: another question with the same key is a mistake.
    asked = models.BinaryField(max_length=32)
    status = models.PositiveSmallIntegerField(null=True)
    #: Encrypted under the key.
    answer = models.BinaryField(default=b"")
    made_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["brand", "key"], name="repeat_key_unique_in_brand"),
        ]
