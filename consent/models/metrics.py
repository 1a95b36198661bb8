"""Counts, each a fold of the streams, and the cursors that make them exactly once."""

from django.db import models

from brands.models import Brand


class MetricsCursor(models.Model):
    """How far the counts of one brand have read its stream; moves with the counts."""

    brand = models.OneToOneField(Brand, on_delete=models.PROTECT, primary_key=True)
    sequence = models.BigIntegerField(default=0)


class DailyCount(models.Model):
    """What people decided, per UTC day and kind. Empty text is "any", or "not given"."""

    day = models.DateField()
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="+")
    purpose = models.CharField(max_length=40, blank=True)
    channel = models.CharField(max_length=10, blank=True)
    topic = models.CharField(max_length=60, blank=True)
    campaign = models.CharField(max_length=60, blank=True)
    reason = models.CharField(max_length=40, blank=True)
    source = models.CharField(max_length=20, blank=True)
    opt_outs = models.PositiveBigIntegerField(default=0)
    opt_ins = models.PositiveBigIntegerField(default=0)
    pauses = models.PositiveBigIntegerField(default=0)
    limits = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [
            # Also the index of the report: day BETWEEN ? AND ?.
            models.UniqueConstraint(
                fields=[
                    "day",
                    "brand",
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


class RefusedLift(models.Model):
    """How often a brand tried to say yes over a person's no, per UTC day."""

    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="+")
    day = models.DateField()
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["brand", "day"], name="refused_lift_one_per_day"),
        ]
