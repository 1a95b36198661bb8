"""Old keys that sealed a brand's links."""

from __future__ import annotations

from django.db import models

from brands.models.brand import Brand


class RetiredLinkKey(models.Model):
    """A rotated key. Links that it sealed in mails already sent work until `accepted_until`."""

    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="retired_link_keys")
    #: The value of `Brand.link_key` before the rotation.
    number = models.PositiveIntegerField()
    accepted_until = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["brand", "number"], name="link_key_retired_once"),
        ]

    def __str__(self) -> str:
        return f"link key {self.number}"
