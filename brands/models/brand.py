"""A company that has, or wants, a relationship."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from core.text import UNSEEN_CHARACTERS, check_name


class BrandQuerySet(models.QuerySet["Brand"]):
    def matching(self, words: str) -> BrandQuerySet:
        """Brands whose name or slug contains *words*, whatever the case."""
        if not words:
            return self
        return self.filter(models.Q(name__icontains=words) | models.Q(slug__icontains=words))

    def live(self) -> BrandQuerySet:
        """Those that real people deal with."""
        return self.filter(test=False)


class Brand(models.Model):
    """One company. Rows come from a directory import or are made for a brand that integrates."""

    slug = models.SlugField(max_length=100, unique=True)
    name = models.CharField(max_length=300, validators=[check_name])
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
    #: A company's brand to try things with. It knows only people that it made up: Note [Test mode].
    test = models.BooleanField(default=False)
    #: Which of its keys seals the links in its mails: it counts how often that was rotated.
    link_key = models.PositiveIntegerField(default=1, db_default=1, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = BrandQuerySet.as_manager()

    class Meta:
        indexes = [
            # The directory page: ORDER BY name, id with a cursor.
            models.Index(fields=["name", "id"], name="brand_by_name"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(name__regex=UNSEEN_CHARACTERS), name="brand_name_can_be_seen"
            ),
            models.CheckConstraint(condition=~models.Q(name=""), name="brand_has_a_name"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def world(self) -> bytes:
        """In which its people's addresses are known: the real one, or its own while it tests.

        Note [Test mode]. A test brand is a brand like any other, with keys, a catalogue, a stream
        and webhooks of its own; so what keeps brands apart keeps it from the live one. What brands
        share is the people: those of a test brand are made up by it. The same address stands for
        another person there, since its digest has the brand's world in it, and the database
        refuses a relationship between a test brand and anybody that it did not make up, and
        between anybody made up and another brand. People do not find it, no mail leaves it, and
        no report counts it.
        """
        return f"test {self.pk}".encode() if self.test else b""
