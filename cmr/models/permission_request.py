"""A brand's permission request to a person, and the person's answer."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from brands.models import Channel, Purpose
from consent.models import Relationship, Subject
from core.db import new_id


class Answer(models.TextChoices):
    YES = "yes"
    NO = "no"
    NEVER = "never"  # a refusal, and the brand may not ask for this again


class PermissionRequest(models.Model):
    """A brand's request for consent to one scope. The answer is a choice in the ledger."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    relationship = models.ForeignKey(Relationship, on_delete=models.PROTECT, related_name="asked")
    #: The relationship's subject: the column by which the table would be distributed.
    subject = models.ForeignKey(
        Subject,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    purpose = models.ForeignKey(Purpose, on_delete=models.PROTECT, related_name="+")
    channel = models.CharField(max_length=10, null=True, choices=Channel.choices)
    topic = models.CharField(max_length=60, null=True)
    #: The brand's reason for asking, in its own words.
    text = models.CharField(max_length=500)
    #: The brand's name of the notice that the person is shown with the request.
    notice = models.CharField(max_length=100, blank=True)
    #: The act of the person that allows a request by mail, as the brand states it.
    evidence = models.CharField(max_length=300, blank=True)
    asked_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    answer = models.CharField(max_length=5, blank=True, choices=Answer.choices)

    class Meta:
        constraints = [
            # Also prevents a brand from asking the same again while the first request is open.
            models.UniqueConstraint(
                fields=["relationship", "purpose", "channel", "topic"],
                condition=Q(answered_at=None),
                nulls_distinct=False,
                name="permission_request_open_once",
            ),
            models.CheckConstraint(
                condition=Q(answered_at=None, answer="")
                | Q(answered_at__isnull=False, answer__in=Answer.values),
                name="permission_request_answered_with_an_answer",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)
