"""A message that a brand reserved, which counts against the frequency caps."""

from django.db import models
from django.db.models import Q

from brands.models import Brand, Channel, Purpose
from consent.models.subject import Identifier, Subject
from core.db import new_id


class Send(models.Model):
    """A reserved message. It counts from `at` until it is given back or its window has passed."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    #: The index below, by subject and time, covers it.
    subject = models.ForeignKey(
        Subject, on_delete=models.PROTECT, related_name="sends", db_index=False
    )
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="+")
    purpose = models.ForeignKey(Purpose, on_delete=models.PROTECT, related_name="+")
    #: Null for a purpose without channels.
    channel = models.CharField(max_length=10, null=True, choices=Channel.choices)
    topic = models.CharField(max_length=60, null=True)
    #: Null if the brand named the person by its own reference; any contact point is possible.
    contact_point = models.ForeignKey(
        Identifier, null=True, on_delete=models.PROTECT, related_name="+"
    )
    campaign = models.CharField(max_length=100, blank=True)
    at = models.DateTimeField()
    returned_at = models.DateTimeField(null=True)
    #: Keyed digests of the brand's idempotency key and of the request sent with it.
    idempotency_key = models.CharField(max_length=64, null=True)
    question = models.BinaryField(max_length=32, null=True)

    class Meta:
        indexes = [
            # The sends that count against a cap: subject = ? AND at > ? AND returned_at IS NULL.
            models.Index(
                fields=["subject", "at"], name="send_of_budget", condition=Q(returned_at=None)
            ),
            # The sends that counted until they were given back: subject = ? AND at > ? AND
            # returned_at > ?.
            models.Index(
                fields=["subject", "at"],
                name="send_given_back",
                condition=Q(returned_at__isnull=False),
            ),
        ]
        constraints = [
            # Only one of two concurrent requests with the same key can reserve.
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
