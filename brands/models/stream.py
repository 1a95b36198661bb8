"""One log a brand, with a dense sequence: every reader is a cursor on it."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from brands.models.brand import Brand
from core.db import refuse_changes


class StreamHeadQuerySet(models.QuerySet["StreamHead"]):
    def live(self) -> StreamHeadQuerySet:
        """Those with something in them that reports count: none of a test."""
        return self.filter(last_sequence__gt=0, brand__test=False)


class StreamHead(models.Model):
    """The row that `stream.append` locks, so that sequences have no hole and follow commits."""

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
    """Numbers that the stream skipped at a restore: see `brands.events.restore_gaps`.

    Only the owner, who restores, writes here.
    """

    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="stream_gaps")
    first = models.BigIntegerField()
    last = models.BigIntegerField()
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            # "Which gap is this sequence in?", by this index.
            models.UniqueConstraint(fields=["brand", "first"], name="stream_gap_once"),
            models.CheckConstraint(
                condition=Q(first__gte=1) & Q(last__gte=F("first")), name="stream_gap_forwards"
            ),
        ]
        triggers = refuse_changes("stream_gap")


class SubjectHead(models.Model):
    """What one brand's stream has about one subject: the newest `subject_seq`, and the `ref`.

    `stream.append` counts the number up under the lock of the brand's head, so it has no holes.
    """

    pk = models.CompositePrimaryKey("brand_id", "subject")
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="+", db_index=False)
    subject = models.UUIDField()
    last_seq = models.BigIntegerField()
    #: The brand's own reference, which goes into each body when it is read: Note [References].
    ref = models.CharField(max_length=200, null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(last_seq__gte=1), name="subject_head_from_one"),
        ]


class Event(models.Model):
    """What one brand is told. The body is frozen here, all but the brand's reference."""

    pk = models.CompositePrimaryKey("brand_id", "sequence")
    brand = models.ForeignKey(
        Brand, on_delete=models.PROTECT, related_name="events", db_index=False
    )
    sequence = models.BigIntegerField()
    #: Goes out as `webhook-id`, the same on every try.
    uid = models.UUIDField()
    type = models.CharField(max_length=60)
    timestamp = models.DateTimeField()
    #: Whose event it is, as an opaque id: events of one person go out strictly in order.
    subject = models.UUIDField()
    #: What made it (a ledger entry, a relationship); a worker that repeats itself is refused.
    cause = models.UUIDField()
    # The facts that readers fold without opening the body; empty means "any" or "none".
    decision = models.CharField(max_length=10, blank=True)
    purpose = models.CharField(max_length=40, blank=True)
    channel = models.CharField(max_length=10, blank=True)
    topic = models.CharField(max_length=60, blank=True)
    reason = models.CharField(max_length=40, blank=True)
    source = models.CharField(max_length=20, blank=True)
    campaign = models.CharField(max_length=100, blank=True)
    before = models.CharField(max_length=10, blank=True)
    #: By when the brand has to have applied it; None for what takes nothing away.
    honour_by = models.DateTimeField(null=True)
    #: In the feed alone: no webhook is sent of it.
    quiet = models.BooleanField(default=False)
    body = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["brand", "cause"], name="event_once_per_cause"),
            models.CheckConstraint(condition=Q(sequence__gte=1), name="event_sequence_from_one"),
        ]
        triggers = refuse_changes("event")


class Acknowledgement(models.Model):
    """The brand's word that it has applied everything up to `through`, cumulatively."""

    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="acknowledgements")
    through = models.BigIntegerField()
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            # "When was N applied?" = the lowest `through` at or above N, by this index.
            models.UniqueConstraint(
                fields=["brand", "through"], name="acknowledgement_once_per_sequence"
            ),
        ]
        triggers = refuse_changes("acknowledgement")
