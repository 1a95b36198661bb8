"""What a brand asked a person for, and what the person said."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from brands.models import Channel, Notice, Purpose
from consent.models import Relationship, Subject
from core.db import new_id


class Answer(models.TextChoices):
    YES = "yes"
    NO = "no"
    NEVER = "never"  # a no, and the brand may not ask for this again


class PermissionRequest(models.Model):
    """Asks for a yes to one scope. The answer is a choice like any other, in the ledger."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    relationship = models.ForeignKey(Relationship, on_delete=models.PROTECT, related_name="asked")
    #: That of the relationship: the column by which the table would be distributed.
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
    #: Why the brand asks, in its own words.
    text = models.CharField(max_length=500)
    #: The notice that the person is shown with it, as the brand names it.
    notice = models.CharField(max_length=100, blank=True)
    #: What the person did to be asked by mail, as the brand says.
    evidence = models.CharField(max_length=300, blank=True)
    asked_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    answer = models.CharField(max_length=5, blank=True, choices=Answer.choices)
    #: The notice's text in the reader's language, where a page has looked it up.
    shown: Notice | None = None

    class Meta:
        constraints = [
            # Also keeps a brand from asking the same twice while the first waits for its answer.
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
