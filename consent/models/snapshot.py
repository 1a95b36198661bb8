"""Snapshots that a worker recomputes from time to time, because no running count can hold them.

`as_of` is the time of the last computation.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from brands.models import Brand


class HonourSnapshot(models.Model):
    """The last computation of one brand's honour times, and what was overdue then."""

    brand = models.OneToOneField(Brand, on_delete=models.PROTECT, primary_key=True)
    as_of = models.DateTimeField()
    overdue = models.BigIntegerField()


class HonourTime(models.Model):
    """The number of a day's refusals with the same stage, duration and timeliness."""

    class Stage(models.TextChoices):
        DELIVERED = "delivered"
        APPLIED = "applied"
        #: Not applied yet; `seconds` is null.
        OPEN = "open"

    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="+", db_index=False)
    #: The day of the event, in UTC.
    day = models.DateField()
    stage = models.CharField(max_length=9, choices=Stage.choices)
    #: The seconds since the choice, rounded to three significant digits.
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
    """The last computation of one brand's consent lifetimes."""

    brand = models.OneToOneField(Brand, on_delete=models.PROTECT, primary_key=True)
    as_of = models.DateTimeField()
    #: The sequence up to which the brand's stream was read.
    sequence = models.BigIntegerField()


class YesLife(models.Model):
    """The number of consents of one month that lasted as many days and ended the same way."""

    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="+", db_index=False)
    #: The first day of the month in which the consents were given.
    cohort = models.DateField()
    channel = models.CharField(max_length=10, blank=True)
    source = models.CharField(max_length=20)
    days = models.IntegerField()
    #: Whether a refusal ended them. False if they still counted, or ended in another way.
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
    """A day on which unusually many people opted out of a brand, and the campaign behind it."""

    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="+", db_index=False)
    day = models.DateField()
    opt_outs = models.BigIntegerField()
    #: The number of active relationships.
    people = models.BigIntegerField()
    #: The median of the days before, as a rate.
    usual = models.FloatField()
    #: Iglewicz and Hoaglin's modified z-score.
    score = models.FloatField()
    #: The campaign that most of them answer, and their number; empty if most answer none.
    campaign = models.CharField(max_length=100, blank=True)
    of_campaign = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["day", "brand"], name="anomaly_once"),
        ]
