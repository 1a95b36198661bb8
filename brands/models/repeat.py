"""Calls with an idempotency key, and the responses to them."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from brands.models.brand import Brand


class Repeat(models.Model):
    """A call with an `Idempotency-Key`. The row is deleted when repeats are no longer accepted."""

    brand = models.ForeignKey(
        Brand, null=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    #: The subject id of the person who called, if it was not a brand.
    person = models.UUIDField(null=True)
    #: A keyed digest of the key: see Note [Keys].
    key = models.CharField(max_length=64)
    #: A keyed digest of the request. Another request with the same key is a mistake of the caller.
    asked = models.BinaryField(max_length=32)
    #: The HTTP status of the response; null while the call is in progress.
    status = models.PositiveSmallIntegerField(null=True)
    #: The response, encrypted under the key.
    answer = models.BinaryField(default=b"")
    made_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["brand", "key"], name="repeat_key_unique_in_brand"),
            models.UniqueConstraint(fields=["person", "key"], name="repeat_key_unique_of_person"),
            models.CheckConstraint(
                condition=Q(brand=None, person__isnull=False) | Q(brand__isnull=False, person=None),
                name="repeat_has_one_owner",
            ),
        ]

    @property
    def owner(self) -> int | uuid.UUID:
        """Return the id of the brand or person that called."""
        owner: int | uuid.UUID | None = self.brand_id or self.person
        assert owner is not None  # The constraint `repeat_has_one_owner` guarantees it.
        return owner
