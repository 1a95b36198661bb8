"""One message that a brand reserved, and so one less in the budgets it counts against."""

from django.db import models
from django.db.models import Q

from brands.models import Brand, Channel, Purpose
from consent.models.subject import Identifier, Subject
from core.db import new_id


class Send(models.Model):
    """Counts from `at` until it is given back, or its window has passed."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    #: Its index is the budgets' below.
    subject = models.ForeignKey(
        Subject, on_delete=models.PROTECT, related_name="sends", db_index=False
    )
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="+")
    purpose = models.ForeignKey(Purpose, on_delete=models.PROTECT, related_name="+")
    #: Null for a purpose that has no channels.
    channel = models.CharField(max_length=10, null=True, choices=Channel.choices)
    topic = models.CharField(max_length=60, null=True)
    #: Null when the brand named the person by its own reference: it may be any.
    contact_point = models.ForeignKey(
        Identifier, null=True, on_delete=models.PROTECT, related_name="+"
    )
    campaign = models.CharField(max_length=100, blank=True)
    at = models.DateTimeField()
    returned_at = models.DateTimeField(null=True)
    #: A keyed digest of the key that the brand chose, and one of the question that came with it.
    idempotency_key = models.CharField(max_length=64, null=True)
    question = models.BinaryField(max_length=32, null=True)

    class Meta:
        indexes = [
            # What counts against a budget: subject = ? AND at > ? AND returned_at IS NULL.
            models.Index(
                fields=["subject", "at"], name="send_of_budget", condition=Q(returned_at=None)
            ),
            # What counted before it was given back: subject = ? AND at > ? AND returned_at > ?.
            models.Index(
                fields=["subject", "at"],
                name="send_given_back",
                condition=Q(returned_at__isnull=False),
            ),
        ]
        constraints = [
            # Of two tries with one key that arrive at once, this lets only one reserve.
            models.UniqueConstraint(
                fields=["brand", "idempotency_key"],
                name="send_once_per_key",
                condition=Q(idempotency_key__isnull=False),
            ),
            models.CheckConstraint(
                condition=Q(idempotency_key=None, question=None)
                | Q(idempotency_key__isnull=False, question__isnull=False),
                name="send_key_with_its_question",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)
