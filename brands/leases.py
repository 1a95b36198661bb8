"""The right to send for one subscription, which one worker holds at a time.

Note [Lease]. Whoever sends for a subscription holds its lease: a token, and a time after which
others may take over. The time is longer than everything the holder does under one lease, and the
cursor moves only where the token still stands. A worker that was stopped and wakes late therefore
sends at most what was already on its way (receivers drop repeats by `webhook-id`), and changes
nothing. The clock is the database's, so the clocks of machines may differ.
"""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Now

from brands.models import Subscription
from brands.models.webhook import SubscriptionQuerySet


@dataclass(slots=True)
class Lease:
    """The right to send for one subscription, as long as nobody took it over."""

    subscription: Subscription
    token: uuid.UUID
    ends: float  # on time.monotonic(), seconds

    @property
    def has_time(self) -> bool:
        """Whether one more try, however slow, would end within the lease."""
        deadline: float = settings.DELIVERY_DEADLINE_SECONDS
        return time.monotonic() + deadline < self.ends


def take(subscription_id: uuid.UUID) -> Lease | None:
    """Lease the subscription if it is due, or return None: one statement, so one winner."""
    token = uuid.uuid4()
    started = time.monotonic()
    rows = Subscription.objects.due(Now()).filter(pk=subscription_id)
    if rows.update(lease_token=token, leased_until=_end_of_lease()) == 0:
        return None
    subscription = Subscription.objects.get(pk=subscription_id)
    return Lease(subscription, token, started + settings.DELIVERY_LEASE_SECONDS)


def keep(lease: Lease, **changes: object) -> bool:
    """Write *changes* to the subscription and hold it for the whole time again.

    False, and nothing written, where another worker has taken over.
    """
    lease.ends = time.monotonic() + settings.DELIVERY_LEASE_SECONDS
    return _held(lease).update(leased_until=_end_of_lease(), **changes) == 1


def let_go(lease: Lease) -> None:
    _held(lease).update(lease_token=None, leased_until=None)


def _held(lease: Lease) -> SubscriptionQuerySet:
    return Subscription.objects.filter(pk=lease.subscription.pk, lease_token=lease.token)


def _end_of_lease() -> CombinedExpression:
    return Now() + timedelta(seconds=settings.DELIVERY_LEASE_SECONDS)
