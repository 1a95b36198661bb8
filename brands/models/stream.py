"""Event streams: one log per brand with a dense sequence, so that a reader needs only a cursor."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from brands.models.brand import Brand
from core.db import refuse_changes


class StreamHeadQuerySet(models.QuerySet["StreamHead"]):
    def live(self) -> StreamHeadQuerySet:
        """Return the streams that reports count: those with events, without test brands."""
        return self.filter(last_sequence__gt=0, brand__test=False)


class StreamHead(models.Model):
    """The row that `append_event` locks, so that sequences have no holes and follow commit order.

    See Note [Dense sequence].
    """

    brand = models.OneToOneField(Brand, on_delete=models.PROTECT, primary_key=True)
    last_sequence = models.BigIntegerField(default=0)

    objects = StreamHeadQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(last_sequence__gte=0), name="stream_head_not_negative"
            ),
        ]


class StreamGap(models.Model):
    """Numbers that a stream skipped after a restore: see `brands.events.restore_gaps`.

    Only the owner of the database, who restores it, inserts rows.
    """

    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="stream_gaps")
    first = models.BigIntegerField()
    last = models.BigIntegerField()
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            # Also the index for "Which gap is this sequence in?"
            models.UniqueConstraint(fields=["brand", "first"], name="stream_gap_once"),
            models.CheckConstraint(
                condition=Q(first__gte=1) & Q(last__gte=F("first")), name="stream_gap_forwards"
            ),
        ]
        triggers = refuse_changes("stream_gap")


class SubjectHead(models.Model):
    """The newest `subject_seq` and the `ref` of one subject in one brand's stream.

    `append_event` increases the number under the lock of the brand's head, so it has no holes.
    """

    pk = models.CompositePrimaryKey("brand_id", "subject")
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="+", db_index=False)
    subject = models.UUIDField()
    last_seq = models.BigIntegerField()
    #: The brand's own reference, inserted into each body when it is read: see Note [References].
    ref = models.CharField(max_length=200, null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(last_seq__gte=1), name="subject_head_from_one"),
        ]


class Event(models.Model):
    """An event in a brand's stream. The body never changes, except for the brand's reference."""

    pk = models.CompositePrimaryKey("brand_id", "sequence")
    brand = models.ForeignKey(
        Brand, on_delete=models.PROTECT, related_name="events", db_index=False
    )
    sequence = models.BigIntegerField()
    #: Sent as `webhook-id`, the same on every attempt.
    uid = models.UUIDField()
    type = models.CharField(max_length=60)
    timestamp = models.DateTimeField()
    #: The person as an opaque id. Events of one person are delivered strictly in order.
    subject = models.UUIDField()
    #: The id of what caused it (a ledger entry, a relationship). It is unique per brand, so a
    #: worker that repeats its work cannot append the event twice.
    cause = models.UUIDField()
    # Facts that readers aggregate without parsing the body; empty means "any" or "none".
    decision = models.CharField(max_length=10, blank=True)
    purpose = models.CharField(max_length=40, blank=True)
    channel = models.CharField(max_length=10, blank=True)
    topic = models.CharField(max_length=60, blank=True)
    reason = models.CharField(max_length=40, blank=True)
    source = models.CharField(max_length=20, blank=True)
    campaign = models.CharField(max_length=100, blank=True)
    before = models.CharField(max_length=10, blank=True)
    #: The brand must apply the event by this time; null for events that restrict nothing.
    honour_by = models.DateTimeField(null=True)
    #: The event is in the feed only: no webhook is sent for it.
    quiet = models.BooleanField(default=False)
    body = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["brand", "cause"], name="event_once_per_cause"),
            models.CheckConstraint(condition=Q(sequence__gte=1), name="event_sequence_from_one"),
        ]
        triggers = refuse_changes("event")


class Acknowledgement(models.Model):
    """A brand's confirmation that it has applied all events up to `through`."""

    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="acknowledgements")
    through = models.BigIntegerField()
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            # Also the index for "When was N applied?", the lowest `through` at or above N.
            models.UniqueConstraint(
                fields=["brand", "through"], name="acknowledgement_once_per_sequence"
            ),
        ]
        triggers = refuse_changes("acknowledgement")
