"""Leases: the right to send for one subscription, held by one worker at a time.

Note [Lease]. A worker sends for a subscription only while it holds the lease: a token, and a time
after which another worker may take over. The time is longer than everything a worker does under
one lease, and the cursor moves only if the token is still the same. So a worker that was suspended
and wakes up late sends at most what was already in flight (receivers drop repeats by `webhook-id`)
and changes nothing. Only the database's clock counts, so the clocks of machines may differ.

Note [Recall]. To change what a worker relies on (the address, the cursor), recall the lease first:
its holder stops within `WATCH_INTERVAL` and releases it, and nobody can take it until the change is
made. So no request with the old address or secret is in flight after the change.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Now

from brands.models import Subscription
from core.db import Statement, build_instance, list_columns
from core.errors import DomainError

#: Seconds between two checks whether the leases in use are still valid.
WATCH_INTERVAL = 0.2
#: Seconds between two checks whether a recalled lease was released.
RELEASE_INTERVAL = 0.05

# A subscription is due if it has something to send, does not wait, and nobody holds its lease.
DUE = """
    s.disabled_at IS NULL AND s.next_try_at <= statement_timestamp()
    AND (s.leased_until IS NULL OR s.leased_until < statement_timestamp())
    AND (s.recalled_until IS NULL OR s.recalled_until < statement_timestamp())
    AND (s.cursor < (SELECT h.last_sequence FROM brands_streamhead h WHERE h.brand_id = s.brand_id)
         OR EXISTS (SELECT FROM brands_quarantinedevent q
                    WHERE q.brand_id = s.brand_id AND q.subscription_id = s.id
                    AND q.retry_at <= statement_timestamp()))
"""
DUE_NOW = Statement(
    f"SELECT s.id FROM brands_subscription s WHERE {DUE} ORDER BY s.next_try_at LIMIT 1000"
)
TAKE = Statement(
    "UPDATE brands_subscription s SET lease_token = %(token)s, leased_until ="
    " statement_timestamp() + make_interval(secs => %(seconds)s)"
    f" WHERE s.id = %(id)s AND {DUE} RETURNING {list_columns(Subscription, of='s')}"
)


class StillSending(DomainError):
    """The worker that holds the lease did not release it in time. Try again."""

    status = 503
    code = "still_sending"


@dataclass(slots=True)
class Lease:
    """The right to send for one subscription until another worker takes over."""

    subscription: Subscription
    token: uuid.UUID
    ends: float  # seconds, on time.monotonic()

    @property
    def has_time(self) -> bool:
        """Return whether one more request, however slow, would end within the lease."""
        deadline: float = settings.DELIVERY_DEADLINE_SECONDS
        return time.monotonic() + deadline < self.ends


def find_due_subscriptions() -> list[uuid.UUID]:
    """Return the ids of up to 1,000 subscriptions that are due, the longest waiting first."""
    return [subscription_id for (subscription_id,) in DUE_NOW.ask({})]


def take_lease(subscription_id: uuid.UUID) -> Lease | None:
    """Take the lease if the subscription is due, else return None.

    It is one statement, so of several workers one wins.
    """
    token = uuid.uuid4()
    ends = time.monotonic() + settings.DELIVERY_LEASE_SECONDS
    given = {"id": subscription_id, "token": token, "seconds": settings.DELIVERY_LEASE_SECONDS}
    for row in TAKE.ask(given):
        return Lease(build_instance(Subscription, row), token, ends)
    return None


def renew_lease(lease: Lease, **changes: object) -> bool:
    """Write *changes* to the subscription and extend the lease to its full time.

    Return False, with nothing written, if another worker has taken over.
    """
    ends = time.monotonic() + settings.DELIVERY_LEASE_SECONDS
    if _filter_held(lease).update(leased_until=_end_of_lease(), **changes) == 0:
        return False
    lease.ends = ends
    for name, value in changes.items():
        setattr(lease.subscription, name, value)
    return True


def disable_leased(lease: Lease, *, reason: str) -> None:
    """Disable the subscription. If the brand disabled it meanwhile, the brand's reason stays."""
    _filter_held(lease).filter(disabled_at=None).update(disabled_at=Now(), disabled_reason=reason)


def release_lease(lease: Lease) -> None:
    _filter_held(lease).update(lease_token=None, leased_until=None)


def find_lost_leases(tokens: Mapping[uuid.UUID, uuid.UUID]) -> list[uuid.UUID]:
    """Return the subscriptions among *tokens* (id to token) for which sending must stop."""
    usable = Subscription.objects.filter(
        Q(recalled_until=None) | Q(recalled_until__lt=Now()),
        pk__in=list(tokens),
        disabled_at=None,
        leased_until__gt=Now(),
    )
    held: dict[uuid.UUID, uuid.UUID | None] = dict(usable.values_list("pk", "lease_token"))
    return [each for each, token in tokens.items() if held.get(each) != token]


@contextmanager
def recall_lease(subscription: Subscription) -> Iterator[None]:
    """Change a subscription in a transaction while nobody sends for it: Note [Recall].

    Raises:
        StillSending: the holder did not release the lease. If the holder died, this waits until
            its lease ends.
    """
    mine = Subscription.objects.filter(brand=subscription.brand_id, pk=subscription.pk)
    mine.update(recalled_until=_end_of_lease(times=2))
    try:
        wait_until_released(subscription)
        with transaction.atomic():
            # A holder that was suspended, and wakes up after its lease has ended, must not write.
            mine.update(lease_token=None, leased_until=None)
            yield
    finally:
        mine.update(recalled_until=None)


def wait_until_released(subscription: Subscription) -> None:
    """Wait until nobody sends for a subscription that is disabled or recalled.

    Raises:
        StillSending: the lease was held for longer than any lease lasts.
    """
    leased = Subscription.objects.filter(
        brand=subscription.brand_id, pk=subscription.pk, leased_until__gt=Now()
    )
    ends = time.monotonic() + settings.DELIVERY_LEASE_SECONDS + 1
    while leased.exists():
        if time.monotonic() > ends:
            raise StillSending("deliveries to this endpoint are still in flight; try again")
        time.sleep(RELEASE_INTERVAL)


def _filter_held(lease: Lease) -> QuerySet[Subscription]:
    held = lease.subscription
    return Subscription.objects.filter(brand=held.brand_id, pk=held.pk, lease_token=lease.token)


def _end_of_lease(*, times: int = 1) -> CombinedExpression:
    return Now() + timedelta(seconds=settings.DELIVERY_LEASE_SECONDS * times)
