"""Workspaces, in which the members of a company manage its brands."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from brands.models.brand import Brand
from core.text import UNSEEN_CHARACTERS, check_name


class Workspace(models.Model):
    """A company's workspace. Its live brand is null until the company has proven its domain.

    The test brand exists from the beginning.
    """

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=100, validators=[check_name])
    #: The company's host name, such as `acme.example`.
    domain = models.CharField(max_length=253)
    #: The text that must be published at the domain to prove it.
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
        """Return the brand of *mode*, "test" or "live"; None if there is no live brand yet."""
        return self.live if mode == "live" else self.test
