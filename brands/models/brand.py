"""A company that has, or wants, a relationship."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models


class BrandQuerySet(models.QuerySet["Brand"]):
    def matching(self, words: str) -> BrandQuerySet:
        """Brands whose name or slug contains *words*, whatever the case."""
        if not words:
            return self
        return self.filter(models.Q(name__icontains=words) | models.Q(slug__icontains=words))


class Brand(models.Model):
    """One company. Rows come from a directory import or are made for a brand that integrates."""

    slug = models.SlugField(max_length=100, unique=True)
    name = models.CharField(max_length=300)
    also_known_as = ArrayField(models.TextField(), default=list, blank=True)
    website = models.CharField(max_length=500, blank=True)
    categories = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    countries = ArrayField(models.CharField(max_length=8), default=list, blank=True)
    # How the company itself takes privacy requests, for people it does not integrate with us.
    privacy_email = models.CharField(max_length=320, blank=True)
    privacy_webform = models.CharField(max_length=1000, blank=True)
    privacy_address = models.TextField(blank=True)
    privacy_phone = models.CharField(max_length=60, blank=True)
    privacy_transport = models.CharField(max_length=20, blank=True)
    privacy_language = models.CharField(max_length=12, blank=True)
    directory_quality = models.CharField(max_length=20, blank=True)
    #: Whom we write to when its webhooks are in trouble; nobody else sees it.
    operations_email = models.EmailField(max_length=320, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = BrandQuerySet.as_manager()

    class Meta:
        indexes = [
            # The directory page: ORDER BY name, id with a cursor.
            models.Index(fields=["name", "id"], name="brand_by_name"),
        ]
        constraints = [
            models.CheckConstraint(condition=~models.Q(name=""), name="brand_has_a_name"),
        ]

    def __str__(self) -> str:
        return self.name
