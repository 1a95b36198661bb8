"""Where a brand's providers tell us who unsubscribed or complained, and what people wrote."""

from __future__ import annotations

import uuid

from django.db import models

from brands.models import Brand


class Inlet(models.Model):
    """An address of ours for one provider of one brand; whoever knows it is believed.

    Only the digest of its secret is kept; the address is shown once, when it is opened.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="inlets")
    #: A key of `cmr.inbound.providers.PROVIDERS`.
    provider = models.CharField(max_length=20)
    #: The public part of the secret, by which its row is found.
    prefix = models.CharField(max_length=16, unique=True)
    #: SHA-256 of the whole secret, 32 bytes.
    digest = models.BinaryField(max_length=32)
    #: Encrypted: what the provider's signatures are verified with; null while the brand gave none.
    signing_key = models.BinaryField(null=True)
    #: What the provider wants opened before it begins to tell; empty where it wants nothing.
    confirm_url = models.CharField(max_length=2_000, blank=True)
    #: Of Amazon's: the topic whose messages are taken, by its ARN; empty until the first has come.
    topic_arn = models.CharField(max_length=300, blank=True)
    #: Where numbers without `+` are from (ISO 3166-1); empty where they have their country code.
    country = models.CharField(max_length=2, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.provider} ({self.prefix})"


class Outcome(models.TextChoices):
    """What became of an event or message that a provider told."""

    TAKEN = "taken"
    UNKNOWN_ADDRESS = "unknown_address"
    NO_CHOICE = "no_choice"
    BAD_ADDRESS = "bad_address"
    UNREADABLE = "unreadable"
    NOT_SIGNED = "not_signed"


class InletCount(models.Model):
    """How many events of an inlet had one outcome. It holds no address."""

    inlet = models.ForeignKey(Inlet, on_delete=models.CASCADE, related_name="counts")
    outcome = models.CharField(max_length=20, choices=Outcome)
    count = models.BigIntegerField(default=0)
    last_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["inlet", "outcome"], name="one_count_an_outcome")
        ]

    def __str__(self) -> str:
        return f"{self.outcome}: {self.count}"


class UsedToken(models.Model):
    """A token that Mailgun signed, and the digest of what came with it, for as long as it is good.

    Its signature covers the token alone: with another content it is somebody else's.
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
