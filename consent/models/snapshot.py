"""What a worker works out now and then, since no running count can hold it: see `as_of`."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from brands.models import Brand


class HonourSnapshot(models.Model):
    """When the times of one brand were last worked out, and what was overdue then."""

    brand = models.OneToOneField(Brand, on_delete=models.PROTECT, primary_key=True)
    as_of = models.DateTimeField()
    overdue = models.BigIntegerField()


class HonourTime(models.Model):
    """How many of a day's noes took so long to be delivered, or applied, in time or not."""

    class Stage(models.TextChoices):
        DELIVERED = "delivered"
        APPLIED = "applied"
        #: Not applied yet; `seconds` is null.
        OPEN = "open"

    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="+", db_index=False)
    #: Of the event, in UTC.
    day = models.DateField()
    stage = models.CharField(max_length=9, choices=Stage.choices)
    #: From the choice on, to three significant digits.
    seconds = models.FloatField(null=True)
    in_time = models.BooleanField()
    count = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["brand", "day", "stage", "seconds", "in_time"],
                nulls_distinct=False,
                name="honour_time_once",
            ),
            models.CheckConstraint(
                condition=Q(stage="open", seconds=None)
                | ~Q(stage="open") & Q(seconds__isnull=False),
                name="honour_time_open_iff_no_seconds",
            ),
        ]


class YesSnapshot(models.Model):
    """When the lives of one brand's yeses were last worked out."""

    brand = models.OneToOneField(Brand, on_delete=models.PROTECT, primary_key=True)
    as_of = models.DateTimeField()
    #: The brand's stream was read through this.
    sequence = models.BigIntegerField()


class YesLife(models.Model):
    """How many yeses of one month lasted so many days, and whether a no ended them."""

    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="+", db_index=False)
    #: The first day of the month in which they were given.
    cohort = models.DateField()
    channel = models.CharField(max_length=10, blank=True)
    source = models.CharField(max_length=20)
    days = models.IntegerField()
    #: False: it still stood, or ran out by itself.
    ended = models.BooleanField()
    count = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["brand", "cohort", "channel", "source", "days", "ended"],
                name="yes_life_once",
            ),
        ]


class Anomaly(models.Model):
    """A day on which far more people than usual left a brand, and the campaign behind it."""

    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="+", db_index=False)
    day = models.DateField()
    opt_outs = models.BigIntegerField()
    #: Of as many active relationships.
    people = models.BigIntegerField()
    #: The median of the days before, as a rate.
    usual = models.FloatField()
    #: Iglewicz and Hoaglin's modified z-score.
    score = models.FloatField()
    #: Which campaign most of them answer, and how many; empty where most answer none.
    campaign = models.CharField(max_length=100, blank=True)
    of_campaign = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["day", "brand"], name="anomaly_once"),
        ]
