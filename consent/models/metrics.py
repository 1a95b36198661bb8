"""Counts, each a fold of the streams, and the cursors that make them exactly once."""

from __future__ import annotations

from django.db import models

from brands.models import Brand


class MetricsCursor(models.Model):
    """How far the counts of one brand have read its stream; moves with the counts."""

    brand = models.OneToOneField(Brand, on_delete=models.PROTECT, primary_key=True)
    sequence = models.BigIntegerField(default=0)
    #: Active relationships, as of there.
    people = models.BigIntegerField(default=0)


class Counts(models.Model):
    """What is counted, per UTC day. `docs/reports.md` says what each is."""

    day = models.DateField()
    opt_outs = models.IntegerField(default=0)
    opt_ins = models.IntegerField(default=0)
    pauses = models.IntegerField(default=0)
    limits = models.IntegerField(default=0)
    #: Of the opt-ins those by which a person takes back their own no or pause of the same scope.
    re_opt_ins = models.IntegerField(default=0)
    #: Of the opt-outs the first of each person that answers the campaign.
    unsubscribes = models.IntegerField(default=0)
    #: Reasons that came after their no, on the day on which they came.
    explained = models.IntegerField(default=0)
    started = models.IntegerField(default=0)
    ended = models.IntegerField(default=0)

    class Meta:
        abstract = True


class Kind(models.Model):
    """What people decided about, of all brands. Empty text is "any", or "not given"."""

    purpose = models.CharField(max_length=40, blank=True)
    channel = models.CharField(max_length=10, blank=True)
    reason = models.CharField(max_length=40, blank=True)
    source = models.CharField(max_length=20, blank=True)

    class Meta:
        abstract = True


class DailyCount(Counts, Kind):
    """The finest: every other table of counts is a sum of this one."""

    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="+", db_index=False)
    topic = models.CharField(max_length=60, blank=True)
    campaign = models.CharField(max_length=100, blank=True)

    class Meta:
        indexes = [
            # Campaigns and topics of all brands: day BETWEEN ? AND ?.
            models.Index(fields=["day"], name="daily_count_by_day"),
        ]
        constraints = [
            # Also the index of one brand's reports: brand = ? AND day BETWEEN ? AND ?.
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
    """Per brand and day, for what compares brands."""

    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="+", db_index=False)

    class Meta:
        constraints = [
            # Also the index of the league: day BETWEEN ? AND ?.
            models.UniqueConstraint(fields=["day", "brand"], name="brand_count_once"),
        ]


class CampaignCount(Counts):
    """Per campaign, brand and day, of what answers a campaign."""

    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="+", db_index=False)
    campaign = models.CharField(max_length=100)

    class Meta:
        constraints = [
            # Also the index of the campaigns of all brands: day BETWEEN ? AND ?.
            models.UniqueConstraint(
                fields=["day", "brand", "campaign"], name="campaign_count_once"
            ),
        ]


class TotalCount(Counts, Kind):
    """Of all brands together, for what asks about none."""

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["day", "purpose", "channel", "reason", "source"], name="total_count_once"
            ),
        ]


class Unsubscribed(models.Model):
    """A person who left by a campaign, so that they count once, and the event that said so."""

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
    """That a person at a brand decided something on a day, however often they did.

    `kind` is a key of `consent.reporting.counters.KINDS`, or `ended`: the relationship was.
    """

    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="+", db_index=False)
    subject = models.UUIDField()
    day = models.DateField()
    kind = models.CharField(max_length=12)
    topic = models.CharField(max_length=60, blank=True)
    campaign = models.CharField(max_length=100, blank=True)

    class Meta:
        indexes = [
            # People of several kinds at once: day BETWEEN ? AND ?.
            models.Index(fields=["day"], name="decided_by_day"),
        ]
        constraints = [
            # Also the index of what some people of a brand decided before.
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
    """How many people of a brand decided on `day` who last did so on `before`.

    Note [People] in `consent.reporting.counters` says how a count of any period comes of it.
    `before` is the first day of the year 1 for who never did.
    """

    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=12)
    #: What the days were told apart by, as `channel`, and its value; empty for nothing.
    grain = models.CharField(max_length=10, blank=True)
    value = models.CharField(max_length=40, blank=True)
    day = models.DateField()
    before = models.DateField()
    people = models.IntegerField()

    class Meta:
        indexes = [
            # People of all brands: grain = ? AND day BETWEEN ? AND ?.
            models.Index(fields=["grain", "day"], name="people_count_by_day"),
        ]
        constraints = [
            # Also the index of one brand's reports.
            models.UniqueConstraint(
                fields=["brand", "grain", "day", "kind", "value", "before"],
                name="people_count_once",
            ),
        ]


class Refusal(models.Model):
    """How often a brand was refused, per UTC day."""

    class Kind(models.TextChoices):
        LIFT = "lift"  # it said yes over the person's no
        ASK = "ask"  # it asked somebody who had to be left alone

    kind = models.CharField(max_length=4, choices=Kind.choices)
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="+", db_index=False)
    day = models.DateField()
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["day", "brand", "kind"], name="refusal_one_per_day"),
        ]
