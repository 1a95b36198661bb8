"""The tables: brands, persons, what persons allow, and what changed."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Purpose(models.TextChoices):
    MARKETING = "marketing"
    RESEARCH = "research"
    PROFILING = "profiling"


class Channel(models.TextChoices):
    EMAIL = "email"
    SMS = "sms"


class Brand(models.Model):
    """A company; its user has the token with which it asks."""

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=200)
    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)


class Person(models.Model):
    """A person with an address; those with an account have a user."""

    address = models.EmailField(unique=True)
    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True)


class Preference(models.Model):
    """What a person allows a brand: a purpose by a channel."""

    # The constraint begins with the person, so a second index would find nothing more.
    person = models.ForeignKey(Person, on_delete=models.CASCADE, db_index=False)
    brand = models.ForeignKey(Brand, on_delete=models.CASCADE)
    purpose = models.CharField(max_length=20, choices=Purpose)
    channel = models.CharField(max_length=20, choices=Channel)
    allowed = models.BooleanField()
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "brand", "purpose", "channel"], name="one_preference_per_scope"
            )
        ]


class PreferenceChange(models.Model):
    """One change of a preference: an audit row."""

    preference = models.ForeignKey(Preference, on_delete=models.CASCADE)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    allowed = models.BooleanField()
    at = models.DateTimeField(auto_now_add=True)


class Webhook(models.Model):
    """Where a brand is told of changes."""

    brand = models.ForeignKey(Brand, on_delete=models.CASCADE)
    url = models.URLField()
    enabled = models.BooleanField(default=True)
