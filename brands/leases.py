"""The right to send for one subscription, which one worker holds at a time.

Note [Lease]. Whoever sends for a subscription holds its lease: a token, and a time after which
others may take over. The time is longer than everything the holder does under one lease, and the
cursor moves only where the token still stands. A worker that was stopped and wakes late therefore
sends at most what was already on its way (receivers drop repeats by `webhook-id`), and changes
nothing. The clock is the database's, so the clocks of machines may differ.

Note [Recall]. Who changes what the sending is about (the address, the place in the stream) recalls
the lease: the holder breaks off within `WATCH` seconds and lets go, and nobody takes it until the
change is made. So two senders are never on their way for one subscription, one with the old facts.
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
from django.db.models import QuerySet
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Now

from brands.models import Subscription
from brands.prepared import Statement, columns, made

#: Seconds between two looks at whether the leases in hand still stand.
WATCH = 0.2
#: Seconds between two looks at whether a recalled lease was let go.
LOOK = 0.05

# What somebody should deliver for now: something to send, not waiting, in nobody's hands.
DUE = """
    s.disabled_at IS NULL AND s.next_try_at <= statement_timestamp()
    AND (s.leased_until IS NULL OR s.leased_until < statement_timestamp())
    AND (s.recalled_until IS NULL OR s.recalled_until < statement_timestamp())
    AND (s.cursor < (SELECT h.last_sequence FROM brands_streamhead h WHERE h.brand_id = s.brand_id)
         OR EXISTS (SELECT FROM brands_setaside a
                    WHERE a.subscription_id = s.id AND a.try_at <= statement_timestamp()))
"""
DUE_NOW = Statement(
    f"SELECT s.id FROM brands_subscription s WHERE {DUE} ORDER BY s.next_try_at LIMIT 1000"
)
TAKE = Statement(
    "UPDATE brands_subscription s SET lease_token = %(token)s, leased_until ="
    " statement_timestamp() + make_interval(secs => %(seconds)s)"
    f" WHERE s.id = %(id)s AND {DUE} RETURNING {columns(Subscription, of='s')}"
)
STANDING = Statement(
    "SELECT id, lease_token FROM brands_subscription WHERE id = ANY(%(ids)s::uuid[])"
    " AND disabled_at IS NULL AND leased_until > statement_timestamp()"
    " AND (recalled_until IS NULL OR recalled_until < statement_timestamp())"
)


class StillSending(Exception):
    """The holder did not let go in time; try again."""


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


def due() -> list[uuid.UUID]:
    """The subscriptions that somebody should deliver to now, longest waiting first."""
    return [subscription_id for (subscription_id,) in DUE_NOW.ask({})]


def take(subscription_id: uuid.UUID) -> Lease | None:
    """Lease the subscription if it is due, or return None: one statement, so one winner."""
    token = uuid.uuid4()
    ends = time.monotonic() + settings.DELIVERY_LEASE_SECONDS
    given = {"id": subscription_id, "token": token, "seconds": settings.DELIVERY_LEASE_SECONDS}
    for row in TAKE.ask(given):
        return Lease(made(Subscription, row), token, ends)
    return None


def keep(lease: Lease, **changes: object) -> bool:
    """Write *changes* to the subscription and hold it for the whole time again.

    False, and nothing written, where another worker has taken over.
    """
    ends = time.monotonic() + settings.DELIVERY_LEASE_SECONDS
    if _held(lease).update(leased_until=_end_of_lease(), **changes) == 0:
        return False
    lease.ends = ends
    for name, value in changes.items():
        setattr(lease.subscription, name, value)
    return True


def disable(lease: Lease, *, reason: str) -> None:
    """Send nothing more. Where the brand itself ended it meanwhile, its reason stands."""
    _held(lease).filter(disabled_at=None).update(disabled_at=Now(), disabled_reason=reason)


def let_go(lease: Lease) -> None:
    _held(lease).update(lease_token=None, leased_until=None)


def lost(tokens: Mapping[uuid.UUID, uuid.UUID]) -> list[uuid.UUID]:
    """Of the subscriptions held with these *tokens*, those for which nothing more may be sent."""
    ids = "{" + ",".join(map(str, tokens)) + "}"
    standing: dict[uuid.UUID, uuid.UUID] = dict(STANDING.ask({"ids": ids}))
    return [each for each, token in tokens.items() if standing.get(each) != token]


@contextmanager
def recalled(subscription: Subscription) -> Iterator[None]:
    """While nobody sends for the subscription, and nobody may begin to, change what it is about.

    Raises:
        StillSending: the holder did not let go. A holder that died is waited for until its lease
            ends.
    """
    mine = Subscription.objects.filter(pk=subscription.pk)
    mine.update(recalled_until=_end_of_lease(times=2))
    try:
        wait_until_let_go(subscription)
        with transaction.atomic():
            # A holder that was stopped, and wakes after its lease has ended, writes nothing more.
            mine.update(lease_token=None, leased_until=None)
            yield
    finally:
        mine.update(recalled_until=None)


def wait_until_let_go(subscription: Subscription) -> None:
    """Wait until nobody sends for it any more; it is disabled, or recalled.

    Raises:
        StillSending: somebody still does, longer than any lease.
    """
    in_hand = Subscription.objects.filter(pk=subscription.pk, leased_until__gt=Now())
    ends = time.monotonic() + settings.DELIVERY_LEASE_SECONDS + 1
    while in_hand.exists():
        if time.monotonic() > ends:
            raise StillSending("deliveries to this endpoint have not come to rest; try again")
        time.sleep(LOOK)


def _held(lease: Lease) -> QuerySet[Subscription]:
    return Subscription.objects.filter(pk=lease.subscription.pk, lease_token=lease.token)


def _end_of_lease(*, times: int = 1) -> CombinedExpression:
    return Now() + timedelta(seconds=settings.DELIVERY_LEASE_SECONDS * times)
