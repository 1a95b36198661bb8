"""Webhook subscriptions of brands with their quarantined events, alerts and attempts."""

from __future__ import annotations

import uuid

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from brands.models.brand import Brand
from core.db import refuse_truncation
from core.request_outcome import Outcome


class Signature(models.TextChoices):
    """How messages are signed (Standard Webhooks 1.0.0)."""

    HMAC = "v1", "HMAC-SHA256, by a secret that both sides know"
    ED25519 = "v1a", "Ed25519, by a key that only we know"


class Subscription(models.Model):
    """A webhook of a brand: a cursor into its stream, which delivery to `url` moves forward."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="subscriptions")
    url = models.CharField(max_length=2000)
    #: When the endpoint last answered our challenge, which shows that it wants to receive events.
    proven_at = models.DateTimeField(null=True)
    # Filter of events. Null purposes or channels mean all of them.
    event_types = ArrayField(models.CharField(max_length=60))
    purposes = ArrayField(models.CharField(max_length=40), null=True)
    channels = ArrayField(models.CharField(max_length=10), null=True)
    #: How many events one request may carry.
    batch = models.PositiveSmallIntegerField(default=1)
    #: The maximum of requests per second; null means no limit.
    rate_limit = models.PositiveSmallIntegerField(null=True)
    signature = models.CharField(max_length=3, choices=Signature.choices, default="v1")
    #: Encrypted `whsec_…` or `whsk_…`. The previous one also signs until `previous_secret_until`.
    secret = models.BinaryField()
    previous_secret = models.BinaryField(null=True)
    previous_secret_until = models.DateTimeField(null=True)
    #: All events up to this sequence need no more work.
    cursor = models.BigIntegerField(default=0)
    #: Sequences beyond the cursor that need no more work.
    ahead = ArrayField(models.BigIntegerField(), default=list)
    #: How many simultaneous requests the endpoint accepts without errors.
    concurrency = models.PositiveSmallIntegerField(default=16)
    # Only the worker with this token may move the cursor. Later, others may take the lease.
    lease_token = models.UUIDField(null=True)
    leased_until = models.DateTimeField(null=True)
    #: Until then nobody may take the lease, because the brand is changing the subscription.
    recalled_until = models.DateTimeField(null=True)
    next_try_at = models.DateTimeField()
    failures = models.PositiveIntegerField(default=0)
    failing_since = models.DateTimeField(null=True)
    disabled_at = models.DateTimeField(null=True)
    disabled_reason = models.CharField(max_length=20, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [
            # The periodic sweep: enabled subscriptions that are due.
            models.Index(
                fields=["next_try_at"], name="subscription_due", condition=Q(disabled_at=None)
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(cursor__gte=0), name="subscription_cursor_counts"),
            models.CheckConstraint(
                condition=Q(batch__range=(1, 100)), name="subscription_batch_of_1_to_100"
            ),
            models.CheckConstraint(
                condition=Q(signature__in=Signature.values), name="subscription_signature_is_known"
            ),
            models.CheckConstraint(
                condition=Q(concurrency__gte=1), name="subscription_concurrency_from_one"
            ),
            models.CheckConstraint(
                condition=Q(rate_limit=None) | Q(rate_limit__gte=1),
                name="subscription_rate_lets_some_through",
            ),
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


class QuarantinedEvent(models.Model):
    """An event that the cursor has passed but that must still be sent, or sent again.

    It was refused, or follows a refused event of the same person, or is part of a replay. Without
    `retry_at` it is parked: it waits for a replay.
    """

    pk = models.CompositePrimaryKey("subscription_id", "sequence")
    subscription = models.ForeignKey(
        Subscription, on_delete=models.PROTECT, related_name="quarantined_events", db_index=False
    )
    #: The brand of the subscription, repeated here as the column to distribute the table by.
    brand = models.ForeignKey(
        Brand,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    sequence = models.BigIntegerField()
    subject = models.UUIDField()
    quarantined_at = models.DateTimeField()
    retry_at = models.DateTimeField(null=True)
    refusals = models.PositiveSmallIntegerField(default=0)
    #: The HTTP status of the newest refusal.
    status = models.PositiveSmallIntegerField(null=True)
    #: It was refused while no other event was accepted, so the endpoint may be at fault instead.
    suspect = models.BooleanField(default=False)

    class Meta:
        indexes = [
            # People with quarantined events: subscription = ? AND subject = ANY(…).
            models.Index(fields=["subscription", "subject"], name="quarantine_of_person"),
            # Events that are due: subscription = ? AND retry_at <= ?.
            models.Index(
                fields=["subscription", "retry_at"],
                name="quarantine_due",
                condition=Q(retry_at__isnull=False),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(suspect=False) | Q(retry_at__isnull=False, refusals__gte=1),
                name="quarantine_suspects_are_retried",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subscription_id}: {self.sequence}"


#: Refusals by which an endpoint asks for fewer requests are counted separately.
THROTTLED = "throttled"
COUNTED = [*Outcome.values, THROTTLED]


class AttemptCount(models.Model):
    """The number of attempts of a subscription with one outcome, since its creation.

    It is updated together with the attempts.
    """

    pk = models.CompositePrimaryKey("subscription_id", "outcome")
    subscription = models.ForeignKey(
        Subscription, on_delete=models.PROTECT, related_name="attempt_counts", db_index=False
    )
    #: The brand of the subscription, repeated here as the column to distribute the table by.
    brand = models.ForeignKey(
        Brand,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    outcome = models.CharField(max_length=12)
    tries = models.BigIntegerField()
    #: The total latency of these attempts, in milliseconds.
    latency_ms = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome__in=COUNTED), name="attempt_count_outcome_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subscription_id}: {self.tries} {self.outcome}"


class WebhookAlert(models.Model):
    """A problem with a subscription that its brand should know about.

    It is open from `opened_at` to `closed_at`.
    """

    class Kind(models.TextChoices):
        FAILING = "failing", "its endpoint fails"
        DISABLED = "disabled", "it was disabled, since its endpoint failed for too long or is gone"
        PARKED = "parked", "events were refused, and wait for a replay"

    subscription = models.ForeignKey(
        Subscription, on_delete=models.PROTECT, related_name="alerts", db_index=False
    )
    #: The brand of the subscription, repeated here as the column to distribute the table by.
    brand = models.ForeignKey(
        Brand,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    kind = models.CharField(max_length=10, choices=Kind.choices)
    opened_at = models.DateTimeField()
    mailed_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            # One open alert of each kind; also the index of open alerts.
            models.UniqueConstraint(
                fields=["subscription", "kind"],
                condition=Q(closed_at=None),
                name="alert_open_once",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["failing", "disabled", "parked"]),
                name="alert_kind_is_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subscription_id}: {self.kind}"


#: An attempt is kept for at least this number of days; after that it may be pruned.
KEPT_DAYS = 30


class Attempt(models.Model):
    """One attempt to deliver one event. Rows are insert-only.

    All events of one request have the same `message`.
    """

    subscription = models.ForeignKey(
        Subscription, on_delete=models.PROTECT, related_name="attempts", db_index=False
    )
    #: The brand of the subscription, repeated here as the column to distribute the table by.
    brand = models.ForeignKey(
        Brand,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    sequence = models.BigIntegerField()
    #: The `webhook-id` without its prefix: the event's own, or that of a batch.
    message = models.UUIDField()
    started_at = models.DateTimeField()
    latency_ms = models.PositiveIntegerField()
    outcome = models.CharField(max_length=12, choices=Outcome.choices)
    status = models.PositiveSmallIntegerField(null=True)
    #: The beginning of the response as text, to investigate failures.
    answer = models.CharField(max_length=500, blank=True)

    class Meta:
        indexes = [
            # The attempts of an event, and its delivery: subscription = ? AND sequence = ?.
            models.Index(F("subscription"), F("sequence"), name="attempt_of_event"),
            # The log of attempts, newest first: subscription = ? ORDER BY id DESC.
            models.Index(F("subscription"), F("id").desc(), name="attempt_log"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome__in=Outcome.values), name="attempt_outcome_is_known"
            ),
            models.CheckConstraint(
                condition=Q(outcome__in=["delivered", "refused"], status__isnull=False)
                | (~Q(outcome__in=["delivered", "refused"]) & Q(status=None)),
                name="attempt_status_iff_answered",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="attempt_is_never_altered", operation=pgtrigger.Update),
            pgtrigger.Trigger(
                name="attempt_is_kept_for_a_while",
                when=pgtrigger.Before,
                operation=pgtrigger.Delete,
                func=f"""
                    IF OLD.started_at > now() - interval '{KEPT_DAYS} days' THEN
                        RAISE EXCEPTION 'an attempt is kept for {KEPT_DAYS} days';
                    END IF;
                    RETURN OLD;
                """,
            ),
            refuse_truncation("attempt"),
        ]
