"""The keys that a brand's links were sealed with before."""

from __future__ import annotations

from django.db import models

from brands.models.brand import Brand


class RetiredLinkKey(models.Model):
    """A key that was rotated: links in mails already sent go on working until then."""

    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="retired_link_keys")
    #: What `Brand.link_key` was.
    number = models.PositiveIntegerField()
    accepted_until = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["brand", "number"], name="link_key_retired_once"),
        ]

    def __str__(self) -> str:
        return f"link key {self.number}"
