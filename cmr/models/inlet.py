"""The inlets to which a brand's providers post unsubscribes, complaints and messages."""

from __future__ import annotations

import uuid

from django.db import models

from brands.models import Brand


class Inlet(models.Model):
    """A URL of ours for one provider of one brand; a caller who knows it is trusted.

    Only the digest of its secret is kept, so the URL is shown once, when the inlet is opened.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="inlets")
    #: A key of `cmr.inbound.providers.PROVIDERS`.
    provider = models.CharField(max_length=20)
    #: The public part of the secret, by which the row is found.
    prefix = models.CharField(max_length=16, unique=True)
    #: SHA-256 of the whole secret, 32 bytes.
    digest = models.BinaryField(max_length=32)
    #: The encrypted key that verifies the provider's signatures; null if the brand gave none.
    signing_key = models.BinaryField(null=True)
    #: A URL that the provider wants opened before it sends events; empty if there is none.
    confirm_url = models.CharField(max_length=2_000, blank=True)
    #: For Amazon, the ARN of the topic whose messages are accepted; empty before the first message.
    topic_arn = models.CharField(max_length=300, blank=True)
    #: The country of numbers without `+` (ISO 3166-1); empty if they have their country code.
    country = models.CharField(max_length=2, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.provider} ({self.prefix})"


class InletOutcome(models.TextChoices):
    """The result of processing one event or message from a provider."""

    TAKEN = "taken"
    UNKNOWN_ADDRESS = "unknown_address"
    NO_CHOICE = "no_choice"
    BAD_ADDRESS = "bad_address"
    UNREADABLE = "unreadable"
    NOT_SIGNED = "not_signed"


class InletCount(models.Model):
    """The number of an inlet's events with one outcome. It holds no address."""

    inlet = models.ForeignKey(Inlet, on_delete=models.CASCADE, related_name="counts")
    outcome = models.CharField(max_length=20, choices=InletOutcome)
    count = models.BigIntegerField(default=0)
    last_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["inlet", "outcome"], name="one_count_an_outcome")
        ]

    def __str__(self) -> str:
        return f"{self.outcome}: {self.count}"


class UsedToken(models.Model):
    """A token that Mailgun signed, with the digest of its content, kept while the token is valid.

    Mailgun signs the token alone, so the same token with other content is a forgery.
    """

    inlet = models.ForeignKey(Inlet, on_delete=models.CASCADE)
    #: SHA-256 of the token and of the content, 32 bytes each.
    token = models.BinaryField(max_length=32)
    content = models.BinaryField(max_length=32)
    used_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["inlet", "token"], name="one_use_a_token")]

    def __str__(self) -> str:
        return str(self.used_at)
