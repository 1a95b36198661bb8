"""Privacy notices, which people see when they choose."""

from __future__ import annotations

from django.db import models
from django.db.models import OuterRef, Q, Subquery

from brands.models.brand import Brand
from core.db import refuse_changes


class NoticeQuerySet(models.QuerySet["Notice"]):
    def newest(self) -> NoticeQuerySet:
        """Return the newest version of each notice, in all its languages."""
        same = Notice.objects.filter(brand=OuterRef("brand"), code=OuterRef("code"))
        return self.filter(version=Subquery(same.order_by("-version").values("version")[:1]))


class Notice(models.Model):
    """One version of a brand's notice in one language. A new text makes a new version."""

    brand = models.ForeignKey(
        Brand, on_delete=models.PROTECT, related_name="notices", db_index=False
    )
    code = models.SlugField(max_length=60, db_index=False)
    #: 1, 2, 3, … for each code.
    version = models.PositiveIntegerField()
    language = models.CharField(max_length=20)
    text = models.TextField()
    created_at = models.DateTimeField()

    objects = NoticeQuerySet.as_manager()

    class Meta:
        constraints = [
            # Also the index of all look-ups: brand = ? AND code = ? AND version = ?.
            models.UniqueConstraint(
                fields=["brand", "code", "version", "language"], name="notice_version_once"
            ),
            models.CheckConstraint(condition=Q(version__gte=1), name="notice_version_from_one"),
            models.CheckConstraint(condition=~Q(text=""), name="notice_has_a_text"),
        ]
        triggers = refuse_changes("notice")

    def __str__(self) -> str:
        return f"{self.code}@{self.version}"
