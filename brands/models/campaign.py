"""Campaigns of a brand, and their reported numbers by channel and day."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from brands.models.brand import Brand
from brands.models.catalogue import Channel, Purpose
from core.text import UNSEEN_CHARACTERS, check_name


class Campaign(models.Model):
    """A campaign of a brand, such as a mailing. Links and checks refer to it by its `code`."""

    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="campaigns")
    code = models.CharField(max_length=100)
    name = models.CharField(max_length=200, validators=[check_name])
    purpose = models.ForeignKey(Purpose, on_delete=models.PROTECT, related_name="+")
    #: The code of one of the brand's topics, or empty.
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
    """A campaign's numbers for one channel and one day of sending (UTC), as last reported.

    Responses and complaints count unique people. They belong to the day when the message was sent,
    not to the day of the response.
    """

    campaign = models.ForeignKey(
        Campaign, on_delete=models.PROTECT, related_name="days", db_index=False
    )
    #: The brand of the campaign, repeated here because reports group by it.
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="+", db_index=False)
    channel = models.CharField(max_length=10, choices=Channel.choices)
    day = models.DateField()
    sends = models.PositiveBigIntegerField()
    deliveries = models.PositiveBigIntegerField()
    responses = models.PositiveBigIntegerField()
    complaints = models.PositiveBigIntegerField()
    reported_at = models.DateTimeField()
    #: 1 for the first report, plus 1 for each report with other numbers.
    revision = models.PositiveIntegerField(default=1)

    class Meta:
        indexes = [
            # Overview of all brands: day BETWEEN ? AND ?, summed by brand and channel.
            models.Index(fields=["day", "brand"], name="campaign_day_by_day"),
            # Report of one brand: brand = ? AND day BETWEEN ? AND ?.
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
