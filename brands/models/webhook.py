"""A brand's endpoint with its cursor, and every try to reach it."""

from __future__ import annotations

import uuid
from datetime import datetime

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, OuterRef, Q, Subquery
from django.db.models.functions import Now

from brands.models.brand import Brand
from brands.models.stream import StreamHead


class SubscriptionQuerySet(models.QuerySet["Subscription"]):
    def enabled(self) -> SubscriptionQuerySet:
        return self.filter(disabled_at=None)

    def behind(self) -> SubscriptionQuerySet:
        """Those whose cursor has not reached the end of their brand's stream."""
        head = StreamHead.objects.filter(brand=OuterRef("brand")).values("last_sequence")
        return self.filter(cursor__lt=Subquery(head))

    def due(self, now: datetime | Now) -> SubscriptionQuerySet:
        """Those somebody should deliver to now: behind, not waiting, not in another's hands."""
        unleased = Q(leased_until=None) | Q(leased_until__lt=now)
        return self.enabled().behind().filter(unleased, next_try_at__lte=now)


class Subscription(models.Model):
    """A cursor into the brand's stream that is moved by delivering to `url`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="subscriptions")
    url = models.CharField(max_length=2000)
    event_types = ArrayField(models.CharField(max_length=60))
    #: Encrypted `whsec_…` secrets; the older one signs too until `previous_secret_until`.
    secret = models.BinaryField()
    previous_secret = models.BinaryField(null=True)
    previous_secret_until = models.DateTimeField(null=True)
    #: The last sequence that needs no more work.
    cursor = models.BigIntegerField(default=0)
    # Whoever holds the token may move the cursor. The time only says when others may take over.
    lease_token = models.UUIDField(null=True)
    leased_until = models.DateTimeField(null=True)
    next_try_at = models.DateTimeField()
    failures = models.PositiveIntegerField(default=0)
    failing_since = models.DateTimeField(null=True)
    disabled_at = models.DateTimeField(null=True)
    disabled_reason = models.CharField(max_length=20, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = SubscriptionQuerySet.as_manager()

    class Meta:
        indexes = [
            # The sweep: enabled subscriptions whose time has come.
            models.Index(
                fields=["next_try_at"], name="subscription_due", condition=Q(disabled_at=None)
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(cursor__gte=0), name="subscription_cursor_counts"),
            models.CheckConstraint(
                condition=Q(lease_token=None, leased_until=None)
                | Q(lease_token__isnull=False, leased_until__isnull=False),
                name="subscription_lease_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(failures=0, failing_since=None)
                | Q(failures__gt=0, failing_since__isnull=False),
                name="subscription_failures_have_a_start",
            ),
            models.CheckConstraint(
                condition=Q(disabled_at=None, disabled_reason="")
                | (Q(disabled_at__isnull=False) & ~Q(disabled_reason="")),
                name="subscription_disabled_for_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(previous_secret=None, previous_secret_until=None)
                | Q(previous_secret__isnull=False, previous_secret_until__isnull=False),
                name="subscription_old_secret_ends",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.brand_id} → {self.url}"

    @property
    def enabled(self) -> bool:
        return self.disabled_at is None


class Outcome(models.TextChoices):
    """How one try ended."""

    DELIVERED = "delivered"  # any 2xx
    REFUSED = "refused"  # an answer that is not 2xx
    TIMED_OUT = "timed_out"  # no whole answer within the deadline
    UNREACHABLE = "unreachable"  # no connection, or it broke
    FORBIDDEN = "forbidden"  # our own guard would not connect


class Attempt(models.Model):
    """One HTTP try; insert-only."""

    subscription = models.ForeignKey(
        Subscription, on_delete=models.PROTECT, related_name="attempts", db_index=False
    )
    sequence = models.BigIntegerField()
    started_at = models.DateTimeField()
    latency_ms = models.PositiveIntegerField()
    outcome = models.CharField(max_length=12, choices=Outcome.choices)
    status = models.PositiveSmallIntegerField(null=True)
    #: The beginning of the answer, as text, for whoever looks into a failure.
    answer = models.CharField(max_length=500, blank=True)

    class Meta:
        indexes = [
            # What was delivered beyond the cursor: subscription = ? AND sequence > ?.
            models.Index(F("subscription"), F("sequence"), name="attempt_of_event"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome__in=Outcome.values), name="attempt_outcome_is_known"
            ),
            models.CheckConstraint(
                condition=Q(outcome__in=["delivered", "refused"], status__isnull=False)
                | Q(outcome__in=["timed_out", "unreachable", "forbidden"], status=None),
                name="attempt_status_iff_answered",
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="attempt_is_never_altered", operation=pgtrigger.Update | pgtrigger.Delete
            ),
        ]
