"""Where a company's people work on its brand."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from brands.models.brand import Brand
from core.text import UNSEEN_CHARACTERS, check_name


class Workspace(models.Model):
    """A company's test brand from the first minute, and its live one once its domain is proven."""

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=100, validators=[check_name])
    #: The host name that stands for the company, as `acme.example`.
    domain = models.CharField(max_length=253)
    #: What has to be found at the domain.
    challenge = models.CharField(max_length=60)
    test = models.OneToOneField(Brand, on_delete=models.PROTECT, related_name="workspace_of_test")
    live = models.OneToOneField(
        Brand, null=True, on_delete=models.PROTECT, related_name="workspace_of_live"
    )
    created_at = models.DateTimeField()
    proven_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(name__regex=UNSEEN_CHARACTERS),
                name="workspace_name_can_be_seen",
            ),
            models.UniqueConstraint(
                fields=["domain"],
                condition=Q(proven_at__isnull=False),
                name="workspace_domain_proven_once",
            ),
            models.CheckConstraint(
                condition=Q(proven_at=None, live=None)
                | Q(proven_at__isnull=False, live__isnull=False),
                name="workspace_is_live_once_proven",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def brand(self, mode: str) -> Brand | None:
        """The brand of the *mode*, "test" or "live"; None while there is no live one."""
        return self.live if mode == "live" else self.test
