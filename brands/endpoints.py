"""What a brand does about its webhooks, through whichever door; the workers hear of it at once."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from functools import partial

from django.conf import settings
from django.db import transaction

from brands import ownership, replays, webhooks
from brands.models import Brand, Subscription
from brands.wakeup import publish
from brands.webhooks import Terms


def add(
    brand: Brand, terms: Terms, *, now: datetime, after: int | None = None, signature: str = "v1"
) -> tuple[Subscription, str]:
    """Subscribe, and begin at once where the endpoint proves itself or does not have to.

    Returns the subscription and its secret, which is not to be had again.

    Raises:
        what `webhooks.subscribe` does
    """
    subscription, secret = webhooks.subscribe(
        brand,
        terms,
        after=after,
        signature=signature,
        proven=not settings.WEBHOOK_PROOF,
        now=now,
    )
    with suppress(ownership.NotProven, ownership.Busy):
        enable(subscription, now=now)
    return subscription, secret


def enable(subscription: Subscription, *, now: datetime) -> None:
    """Go on where it stopped; an unproven endpoint is sent its challenge first.

    Raises:
        ownership.NotProven, ownership.Busy: it stays as it was.
    """
    if ownership.is_owed(subscription):
        ownership.prove(subscription, now=now)
    webhooks.enable(subscription, now=now)
    _wake(subscription)


def rotate(subscription: Subscription, *, now: datetime) -> str:
    """Give it a new secret, beside which the old one goes on for a while.

    Raises:
        leases.StillSending
    """
    secret = webhooks.rotate(subscription, now=now)
    _wake(subscription)
    return secret


def seek(subscription: Subscription, *, after: int) -> None:
    """Put its place in the stream after *after*.

    Raises:
        webhooks.StartsBeyondStream, leases.StillSending
    """
    webhooks.seek(subscription, after=after)
    _wake(subscription)


def replay(subscription: Subscription, *, first: int, last: int | None = None) -> int:
    """Send a range again, without *last* all since; return how many events that is.

    Raises:
        replays.RangeTooLong, webhooks.StartsBeyondStream
    """
    last = max(subscription.cursor, first) if last is None else last
    number = replays.replay(subscription, first=first, last=last)
    _wake(subscription)
    return number


def replay_parked(subscription: Subscription) -> int:
    """Send what is parked again; return how many events that is."""
    number = replays.replay_parked(subscription)
    _wake(subscription)
    return number


def _wake(subscription: Subscription) -> None:
    """Wake workers after the commit: before it they would find nothing to do."""
    wake = partial(publish, "brands.deliver", str(subscription.pk))
    transaction.on_commit(wake, robust=True)
