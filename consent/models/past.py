"""Former states, kept before a change.

See Note [Past states] in `consent.preferences.past_states`.
"""

from __future__ import annotations

import pgtrigger
from django.db import models

from consent.models.relationship import Relationship
from consent.models.subject import Subject
from core import jurisdictions
from core.db import refuse_changes, refuse_truncation


class PastRelationship(models.Model):
    """A relationship's state before a restart, or before a change of its jurisdiction."""

    relationship = models.ForeignKey(
        Relationship, on_delete=models.PROTECT, related_name="past", db_index=False
    )
    #: The relationship's subject, by which the table can be distributed.
    subject = models.ForeignKey(
        Subject,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    jurisdiction = models.CharField(max_length=jurisdictions.LONGEST, null=True)
    until = models.DateTimeField()

    class Meta:
        indexes = [
            # The point-in-time query: relationship = ? AND until > ? ORDER BY until, id.
            models.Index(fields=["relationship", "until"], name="past_relationship"),
        ]
        triggers = refuse_changes("past_relationship")


class PastProfile(models.Model):
    """A person's former jurisdiction, time zone and quiet hours.

    Erasure deletes the rows; nothing else changes them.
    """

    subject = models.ForeignKey(
        Subject, on_delete=models.PROTECT, related_name="past_profiles", db_index=False
    )
    jurisdiction = models.CharField(max_length=jurisdictions.LONGEST, null=True)
    time_zone = models.CharField(max_length=40, blank=True)
    quiet_start = models.TimeField(null=True)
    quiet_end = models.TimeField(null=True)
    until = models.DateTimeField()

    class Meta:
        indexes = [
            # The point-in-time query: subject = ? AND until > ? ORDER BY until, id.
            models.Index(fields=["subject", "until"], name="past_profile"),
        ]
        triggers = [
            pgtrigger.Protect(name="past_profile_is_never_altered", operation=pgtrigger.Update),
            refuse_truncation("past_profile"),
        ]


class PastMerge(models.Model):
    """The subject into which this one was merged, before that one was merged into another."""

    subject = models.ForeignKey(
        Subject, on_delete=models.PROTECT, related_name="past_merges", db_index=False
    )
    merged_into = models.ForeignKey(
        Subject, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    until = models.DateTimeField()

    class Meta:
        indexes = [
            # The point-in-time query: subject = ? AND until > ? ORDER BY until, id.
            models.Index(fields=["subject", "until"], name="past_merge"),
        ]
        triggers = refuse_changes("past_merge")
