"""What a brand sent, as it reports it: campaigns, and their numbers by channel and day."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from brands.models.brand import Brand
from brands.models.catalogue import Channel, Purpose
from core.text import UNSEEN_CHARACTERS, check_name


class Campaign(models.Model):
    """One of a brand's mailings or calls. Its `code` is what links and checks carry."""

    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="campaigns")
    code = models.CharField(max_length=100)
    name = models.CharField(max_length=200, validators=[check_name])
    purpose = models.ForeignKey(Purpose, on_delete=models.PROTECT, related_name="+")
    #: The brand's own topic; empty is none.
    topic = models.CharField(max_length=60, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(name__regex=UNSEEN_CHARACTERS), name="campaign_name_can_be_seen"
            ),
            models.UniqueConstraint(fields=["brand", "code"], name="campaign_code_unique_in_brand"),
            models.CheckConstraint(condition=~Q(code="") & ~Q(name=""), name="campaign_is_named"),
        ]

    def __str__(self) -> str:
        return self.name


class CampaignDay(models.Model):
    """A campaign's numbers of one channel and one day of sending (UTC), as last reported.

    Responses and complaints are unique people, and belong to the day of the message, not to theirs.
    """

    campaign = models.ForeignKey(
        Campaign, on_delete=models.PROTECT, related_name="days", db_index=False
    )
    #: The campaign's, again: the reports sum by it.
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="+", db_index=False)
    channel = models.CharField(max_length=10, choices=Channel.choices)
    day = models.DateField()
    sends = models.PositiveBigIntegerField()
    deliveries = models.PositiveBigIntegerField()
    responses = models.PositiveBigIntegerField()
    complaints = models.PositiveBigIntegerField()
    reported_at = models.DateTimeField()
    #: How often it was reported with other numbers than before, from 1.
    revision = models.PositiveIntegerField(default=1)

    class Meta:
        indexes = [
            # The overview: day BETWEEN ? AND ?, summed by brand and channel.
            models.Index(fields=["day", "brand"], name="campaign_day_by_day"),
            # One brand's: brand = ? AND day BETWEEN ? AND ?.
            models.Index(fields=["brand", "day"], name="campaign_day_by_brand"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "channel", "day"], name="campaign_day_once"
            ),
            models.CheckConstraint(
                condition=Q(channel__in=Channel.values), name="campaign_day_channel_is_known"
            ),
            models.CheckConstraint(
                condition=Q(deliveries__lte=F("sends"))
                & Q(responses__lte=F("deliveries"))
                & Q(complaints__lte=F("deliveries")),
                name="campaign_day_parts_are_no_more_than_the_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.campaign_id} {self.channel} {self.day}"
