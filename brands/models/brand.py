"""Brands: companies that have relationships with people, or want to."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from core.text import UNSEEN_CHARACTERS, check_name


class ClosingDifficulty(models.TextChoices):
    """How hard it is to close an account, by the words of JustDeleteMe."""

    EASY = "easy", "easy"
    MEDIUM = "medium", "some steps"
    HARD = "hard", "only by asking them"
    #: Only for people whose law gives them the right, which they have to prove.
    LIMITED = "limited", "only where the law demands it"
    IMPOSSIBLE = "impossible", "impossible"


class BrandQuerySet(models.QuerySet["Brand"]):
    def matching(self, words: str) -> BrandQuerySet:
        """Return the brands whose name or slug contains *words*, ignoring case."""
        if not words:
            return self
        return self.filter(models.Q(name__icontains=words) | models.Q(slug__icontains=words))

    def live(self) -> BrandQuerySet:
        """Return the live brands, without test brands."""
        return self.filter(test=False)


class Brand(models.Model):
    """One company. Rows are imported from a directory, or created for a company that integrates."""

    slug = models.SlugField(max_length=100, unique=True)
    name = models.CharField(max_length=300, validators=[check_name])
    also_known_as = ArrayField(models.TextField(), default=list, blank=True)
    website = models.CharField(max_length=500, blank=True)
    categories = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    countries = ArrayField(models.CharField(max_length=8), default=list, blank=True)
    # How the company itself takes privacy requests, in case it does not integrate with us.
    privacy_email = models.CharField(max_length=320, blank=True)
    privacy_webform = models.CharField(max_length=1000, blank=True)
    privacy_address = models.TextField(blank=True)
    privacy_phone = models.CharField(max_length=60, blank=True)
    privacy_transport = models.CharField(max_length=20, blank=True)
    privacy_language = models.CharField(max_length=12, blank=True)
    # How people close an account there.
    closing_url = models.CharField(max_length=1000, blank=True, default="", db_default="")
    closing_difficulty = models.CharField(
        max_length=10, blank=True, default="", db_default="", choices=ClosingDifficulty.choices
    )
    closing_email = models.CharField(max_length=320, blank=True, default="", db_default="")
    #: What to know before, by language code; null without any.
    closing_notes = models.JSONField(null=True, blank=True)
    directory_quality = models.CharField(max_length=20, blank=True)
    #: Address for alerts about its webhooks; it is not shown to anybody else.
    operations_email = models.EmailField(max_length=320, blank=True)
    #: Whether it is a test brand, which has fictitious people only: see Note [Test mode].
    test = models.BooleanField(default=False)
    #: The number of the key that seals the links in its mails: 1, plus 1 for each rotation.
    link_key = models.PositiveIntegerField(default=1, db_default=1, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = BrandQuerySet.as_manager()

    class Meta:
        indexes = [
            # The page of the directory: ORDER BY name, id with a cursor.
            models.Index(fields=["name", "id"], name="brand_by_name"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(name__regex=UNSEEN_CHARACTERS), name="brand_name_can_be_seen"
            ),
            models.CheckConstraint(condition=~models.Q(name=""), name="brand_has_a_name"),
            models.CheckConstraint(
                condition=models.Q(closing_difficulty__in=["", *ClosingDifficulty.values]),
                name="brand_closing_difficulty_is_known",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def namespace(self) -> bytes:
        """Return the namespace of its people's addresses: empty if live, its own if a test brand.

        Note [Test mode]. A test brand is a brand like any other, with its own keys, catalogue,
        stream and webhooks. So it is separated from the live brand as from any other brand. Brands
        share people, but the people of a test brand are fictitious and its own. The same address
        is another person there, because the digest of an address includes this namespace. The
        database refuses a relationship between a test brand and a person that it did not create.
        It also refuses one between a fictitious person and another brand. A test brand is hidden
        from people, sends no mail, and is in no report.
        """
        return f"test {self.pk}".encode() if self.test else b""
