"""When each recurring job ran."""

from __future__ import annotations

from django.db import models


class RecurringJob(models.Model):
    """The clock of one job that every worker knows. Its period stands in the code."""

    name = models.CharField(max_length=50, primary_key=True)
    due_at = models.DateTimeField()
    #: The last run's beginning; null before the first.
    began_at = models.DateTimeField(null=True)
    #: The end of the last run that did not fail.
    ended_at = models.DateTimeField(null=True)
    #: Runs in a row that failed, or whose worker died.
    failures = models.PositiveIntegerField(default=0)
