"""Schedule of recurring jobs."""

from __future__ import annotations

from django.db import models


class RecurringJob(models.Model):
    """Schedule and last runs of one recurring job. The job and its period are in the code."""

    name = models.CharField(max_length=50, primary_key=True)
    due_at = models.DateTimeField()
    #: The start of the last run; null before the first.
    began_at = models.DateTimeField(null=True)
    #: The end of the last successful run.
    ended_at = models.DateTimeField(null=True)
    #: The number of consecutive runs that failed or whose worker died.
    failures = models.PositiveIntegerField(default=0)
