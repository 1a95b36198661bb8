"""What was answered to a call that may be repeated."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from brands.models.brand import Brand


class Repeat(models.Model):
    """A call with an `Idempotency-Key`. Its row stands for no longer than a repeat may come."""

    brand = models.ForeignKey(
        Brand, null=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    #: The subject of the person who called, in place of a brand.
    person = models.UUIDField(null=True)
    #: A keyed digest of the key: Note [Keys].
    key = models.CharField(max_length=64)
    #: A keyed digest of what was asked: another question with the same key is a mistake.
    asked = models.BinaryField(max_length=32)
    #: Null while the call is being done.
    status = models.PositiveSmallIntegerField(null=True)
    #: Encrypted under the key.
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
        """Return the brand's id, or the person's."""
        owner: int | uuid.UUID | None = self.brand_id or self.person
        assert owner is not None  # by the constraint
        return owner
