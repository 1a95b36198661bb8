"""Deadlines for honouring a refusal, as rows, so that a change of law needs no change of code."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from brands.models import Channel


class HonourClock(models.Model):
    """A rule and its time limit. Without a purpose or channel it applies to all of them."""

    rule = models.CharField(max_length=60)
    days = models.PositiveSmallIntegerField()
    business_days = models.BooleanField(help_text="Monday to Friday count, holidays too.")
    #: No foreign key, because these rows are created before the purposes.
    purpose = models.CharField(max_length=40, null=True, blank=True, help_text="Its code.")
    channel = models.CharField(max_length=10, null=True, blank=True, choices=Channel.choices)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["rule", "purpose", "channel"], nulls_distinct=False, name="clock_once"
            ),
            models.CheckConstraint(
                condition=Q(channel=None) | Q(channel__in=Channel.values),
                name="clock_channel_is_known",
            ),
            models.CheckConstraint(condition=Q(days__lte=1_000), name="clock_ends_in_our_time"),
        ]

    def __str__(self) -> str:
        return f"{self.rule}: {self.days} {'business ' if self.business_days else ''}days"
