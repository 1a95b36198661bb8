"""Subscriptions: making, changing and ending them, and their secrets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from cryptography.fernet import Fernet
from django.conf import settings

from brands import outbound, signing, stream
from brands.event_types import EVENT_TYPES
from brands.models import Brand, Subscription
from brands.models.webhook import SubscriptionQuerySet

#: How long the old secret signs beside the new one.
ROTATION = timedelta(hours=24)
#: More endpoints than this is a mistake or an abuse.
MAX_SUBSCRIPTIONS = 50


class UnknownEventType(ValueError):
    """A pattern that matches no event type that exists."""


class StartsBeyondStream(ValueError):
    """A subscription cannot start after a sequence that the stream has not reached."""


class TooManySubscriptions(Exception):
    """The brand has `MAX_SUBSCRIPTIONS` already."""


def subscribe(
    brand: Brand, *, url: str, event_types: Sequence[str], now: datetime, after: int | None = None
) -> tuple[Subscription, str]:
    """Start telling *url*, from the end of the stream or after a given sequence.

    Returns the subscription and its secret, which is not to be had again.

    Raises:
        outbound.ForbiddenUrl, UnknownEventType, StartsBeyondStream, TooManySubscriptions
    """
    outbound.check_url(url)
    check_event_types(event_types)
    end = stream.last_sequence(brand.pk)
    if after is not None and after > end:
        raise StartsBeyondStream(f"the stream ends at {end}")
    if of_brand(brand).count() >= MAX_SUBSCRIPTIONS:
        raise TooManySubscriptions(f"a brand may have {MAX_SUBSCRIPTIONS} subscriptions")
    secret = signing.new_secret()
    subscription = Subscription.objects.create(
        brand=brand,
        url=url,
        event_types=list(event_types),
        secret=seal(secret),
        cursor=end if after is None else after,
        next_try_at=now,
    )
    return subscription, secret


def change(subscription: Subscription, *, url: str, event_types: Sequence[str]) -> None:
    """Send elsewhere, or other types, from the next event on.

    Raises:
        outbound.ForbiddenUrl, UnknownEventType
    """
    outbound.check_url(url)
    check_event_types(event_types)
    subscription.url, subscription.event_types = url, list(event_types)
    subscription.save(update_fields=["url", "event_types"])


def of_brand(brand: Brand) -> SubscriptionQuerySet:
    """The brand's subscriptions, those it removed left out."""
    return Subscription.objects.filter(brand=brand).exclude(disabled_reason="removed")


def check_event_types(patterns: Iterable[str]) -> None:
    """Raise `UnknownEventType` for the first of *patterns* that would never match."""
    for pattern in patterns:
        if not any(matches(pattern, known) for known in EVENT_TYPES):
            raise UnknownEventType(f"{pattern!r} matches no event type")


def matches(pattern: str, event_type: str) -> bool:
    """Whether *pattern* ("*", "preference.*" or a whole type) takes *event_type*."""
    if pattern == "*":
        return True
    if pattern.endswith(".*"):
        return event_type.startswith(pattern[:-1])
    return pattern == event_type


def rotate(subscription: Subscription, *, now: datetime) -> str:
    """Give it a new secret; the old one goes on signing for `ROTATION`."""
    secret = signing.new_secret()
    subscription.previous_secret = subscription.secret
    subscription.previous_secret_until = now + ROTATION
    subscription.secret = seal(secret)
    subscription.save(update_fields=["secret", "previous_secret", "previous_secret_until"])
    return secret


def disable(subscription: Subscription, *, reason: str, now: datetime) -> None:
    """Stop telling it. The cursor stays, so enabling it again loses nothing."""
    rows = Subscription.objects.filter(pk=subscription.pk)
    rows.update(disabled_at=now, disabled_reason=reason)


def enable(subscription: Subscription, *, now: datetime) -> None:
    """Go on where the cursor stands, at once, with a clean slate of failures."""
    Subscription.objects.filter(pk=subscription.pk).update(
        disabled_at=None, disabled_reason="", failures=0, failing_since=None, next_try_at=now
    )


def secrets_of(subscription: Subscription, *, now: datetime) -> list[str]:
    """The secrets that sign now, newest first."""
    until = subscription.previous_secret_until
    sealed = [subscription.secret]
    if until and now < until and subscription.previous_secret:
        sealed.append(subscription.previous_secret)
    return [unseal(bytes(each)) for each in sealed]


def seal(secret: str) -> bytes:
    return Fernet(settings.WEBHOOK_FERNET_KEY).encrypt(secret.encode())


def unseal(sealed: bytes) -> str:
    return Fernet(settings.WEBHOOK_FERNET_KEY).decrypt(sealed).decode()
