"""Counts of the event streams, and the cursors by which each event is counted exactly once."""

from __future__ import annotations

from django.db import models

from brands.models import Brand


class MetricsCursor(models.Model):
    """How far one brand's stream was counted. It is updated together with the counts."""

    brand = models.OneToOneField(Brand, on_delete=models.PROTECT, primary_key=True)
    sequence = models.BigIntegerField(default=0)
    #: The number of active relationships at this sequence.
    people = models.BigIntegerField(default=0)


class Counts(models.Model):
    """The counters per UTC day, which `docs/reports.md` defines."""

    day = models.DateField()
    opt_outs = models.IntegerField(default=0)
    opt_ins = models.IntegerField(default=0)
    pauses = models.IntegerField(default=0)
    limits = models.IntegerField(default=0)
    #: The opt-ins by which people withdraw their own refusal or pause of the same scope.
    re_opt_ins = models.IntegerField(default=0)
    #: The first opt-out of each person that answers the campaign.
    unsubscribes = models.IntegerField(default=0)
    #: Reasons that people gave after their refusal, on the day of the reason.
    explained = models.IntegerField(default=0)
    started = models.IntegerField(default=0)
    ended = models.IntegerField(default=0)

    class Meta:
        abstract = True


class Kind(models.Model):
    """The dimensions that all brands share. Empty text means "any" or "not given"."""

    purpose = models.CharField(max_length=40, blank=True)
    channel = models.CharField(max_length=10, blank=True)
    reason = models.CharField(max_length=40, blank=True)
    source = models.CharField(max_length=20, blank=True)

    class Meta:
        abstract = True


class DailyCount(Counts, Kind):
    """The finest counts, of which every other table of counts is a sum."""

    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="+", db_index=False)
    topic = models.CharField(max_length=60, blank=True)
    campaign = models.CharField(max_length=100, blank=True)

    class Meta:
        indexes = [
            # For campaigns and topics of all brands: day BETWEEN ? AND ?.
            models.Index(fields=["day"], name="daily_count_by_day"),
        ]
        constraints = [
            # Also the index for one brand's reports: brand = ? AND day BETWEEN ? AND ?.
            models.UniqueConstraint(
                fields=[
                    "brand",
                    "day",
                    "purpose",
                    "channel",
                    "topic",
                    "campaign",
                    "reason",
                    "source",
                ],
                name="daily_count_one_per_kind",
            ),
        ]


class BrandCount(Counts):
    """Counts by brand and day, for comparisons between brands."""

    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="+", db_index=False)

    class Meta:
        constraints = [
            # Also the index for the comparison of brands: day BETWEEN ? AND ?.
            models.UniqueConstraint(fields=["day", "brand"], name="brand_count_once"),
        ]


class CampaignCount(Counts):
    """Counts by campaign, brand and day, of decisions that answer a campaign."""

    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="+", db_index=False)
    campaign = models.CharField(max_length=100)

    class Meta:
        constraints = [
            # Also the index for the campaigns of all brands: day BETWEEN ? AND ?.
            models.UniqueConstraint(
                fields=["day", "brand", "campaign"], name="campaign_count_once"
            ),
        ]


class TotalCount(Counts, Kind):
    """Counts of all brands together, for reports without a brand."""

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["day", "purpose", "channel", "reason", "source"], name="total_count_once"
            ),
        ]


class Unsubscribed(models.Model):
    """A person who left by a campaign and the event by which they did, so that they count once."""

    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="+", db_index=False)
    campaign = models.CharField(max_length=100)
    subject = models.UUIDField()
    sequence = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["brand", "campaign", "subject"], name="unsubscribed_once"
            ),
        ]


class Decided(Kind):
    """A person's kind of decision on a day, stored once however often they made it.

    `kind` is a key of `consent.reporting.counters.KINDS`, or `ended` for the end of the
    relationship.
    """

    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="+", db_index=False)
    subject = models.UUIDField()
    day = models.DateField()
    kind = models.CharField(max_length=12)
    topic = models.CharField(max_length=60, blank=True)
    campaign = models.CharField(max_length=100, blank=True)

    class Meta:
        indexes = [
            # For people by several dimensions at once: day BETWEEN ? AND ?.
            models.Index(fields=["day"], name="decided_by_day"),
        ]
        constraints = [
            # Also the index for the earlier decisions of some people of a brand.
            models.UniqueConstraint(
                fields=[
                    "brand",
                    "subject",
                    "kind",
                    "day",
                    "purpose",
                    "channel",
                    "topic",
                    "campaign",
                    "reason",
                    "source",
                ],
                name="decided_once_a_day",
            ),
        ]


class PeopleCount(models.Model):
    """The number of a brand's people who decided on `day` and had last done so on `before`.

    Note [People] in `consent.reporting.counters` shows how to count the people of a period.
    `before` is the first day of year 1 for people who had never decided.
    """

    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=12)
    #: The dimension by which the people are counted, such as `channel`, and its value; else empty.
    grain = models.CharField(max_length=10, blank=True)
    value = models.CharField(max_length=40, blank=True)
    day = models.DateField()
    before = models.DateField()
    people = models.IntegerField()

    class Meta:
        indexes = [
            # For people of all brands: grain = ? AND day BETWEEN ? AND ?.
            models.Index(fields=["grain", "day"], name="people_count_by_day"),
        ]
        constraints = [
            # Also the index for one brand's reports.
            models.UniqueConstraint(
                fields=["brand", "grain", "day", "kind", "value", "before"],
                name="people_count_once",
            ),
        ]


class Refusal(models.Model):
    """The number of a brand's requests that were refused, per UTC day."""

    class Kind(models.TextChoices):
        LIFT = "lift"  # it recorded a grant over the person's refusal
        ASK = "ask"  # it sent a permission request to a person it must not ask

    kind = models.CharField(max_length=4, choices=Kind.choices)
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="+", db_index=False)
    day = models.DateField()
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["day", "brand", "kind"], name="refusal_one_per_day"),
        ]
