"""A person with an account, and the addresses that they have proved."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from consent.models import Identifier, Subject


class Consumer(models.Model):
    """A person with an account. It has claimed one Subject, the only one that the ledger knows."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="consumer"
    )
    subject = models.OneToOneField(Subject, on_delete=models.PROTECT, related_name="+")
    #: A code of `settings.LANGUAGES`; empty means the browser's preference.
    language = models.CharField(max_length=8, blank=True)
    #: When a Global Privacy Control signal was recorded as a refusal; null before the first.
    gpc_honoured_at = models.DateTimeField(null=True, blank=True)
    #: How often the account was recovered. Links sent before the last recovery are void (ADR 30).
    recoveries = models.PositiveIntegerField(default=0)
    #: The next step of the first day (`cmr.portal.first_day`); empty after the last one. Accounts
    #: that existed before have none.
    setup_step = models.CharField(max_length=10, blank=True, default="", db_default="")
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"consumer {self.pk}"


class ContactKind(models.TextChoices):
    EMAIL = "email"
    PHONE = "phone"


class ContactPoint(models.Model):
    """A proved address or number in clear. A removed one is in `RemovedAddress` for a week."""

    consumer = models.ForeignKey(Consumer, on_delete=models.PROTECT, related_name="contact_points")
    kind = models.CharField(max_length=5, choices=ContactKind.choices)
    value = models.CharField(max_length=320)
    #: The same address in the ledger.
    identifier = models.OneToOneField(Identifier, on_delete=models.PROTECT, related_name="+")
    verified_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "value"], name="contact_point_is_one_persons"),
            models.CheckConstraint(
                condition=Q(kind__in=ContactKind.values), name="contact_point_kind_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class PendingContact(models.Model):
    """An address that a person claims, until they enter the code that was sent to it."""

    consumer = models.ForeignKey(Consumer, on_delete=models.CASCADE, related_name="pending")
    kind = models.CharField(max_length=5, choices=ContactKind.choices)
    value = models.CharField(max_length=320)
    #: A keyed digest of the code, 32 bytes.
    code = models.BinaryField(max_length=32)
    tries = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["consumer", "kind", "value"], name="pending_contact_once"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=ContactKind.values), name="pending_contact_kind_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"pending {self.kind} {self.pk}"
