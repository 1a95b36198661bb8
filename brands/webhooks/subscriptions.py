"""Subscriptions: create, change, enable, disable and seek. Workers are woken after each change."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from brands import events
from brands.events import wake_subscription
from brands.models import AttemptCount, Brand, Outcome, Subscription
from brands.webhooks import filters, leases, signing, signing_keys, verification
from core import http
from core.crypto import encrypt_text
from core.errors import DomainError

#: More endpoints than this is a mistake or an abuse.
MAX_SUBSCRIPTIONS = 50
#: The `disabled_reason` of a subscription whose endpoint has not answered the challenge.
UNPROVEN = "unproven"


class StartsBeyondStream(DomainError):
    """The stream has not reached this sequence, or a restore took it back."""

    code = "beyond_stream"
    field = "after"


class TooManySubscriptions(DomainError):
    """The brand has `MAX_SUBSCRIPTIONS` already."""

    status = 409
    code = "too_many_subscriptions"


@dataclass(frozen=True, slots=True)
class SubscriptionTerms:
    """Where and what a brand wants a subscription to send."""

    url: str
    event_types: Sequence[str] = field(default_factory=lambda: ["*"])
    #: None is every purpose, and every channel.
    purposes: Sequence[str] | None = None
    channels: Sequence[str] | None = None
    #: Events in a request, at most.
    batch: int = 1
    #: Requests a second, at most.
    rate_limit: int | None = None


#: Checks a locked subscription before it is changed, and raises if it must not be.
Precondition = Callable[[Subscription], None]


def read_terms(subscription: Subscription) -> SubscriptionTerms:
    names = [each.name for each in fields(SubscriptionTerms)]
    return SubscriptionTerms(**{name: getattr(subscription, name) for name in names})


def filter_subscriptions(brand: Brand) -> QuerySet[Subscription]:
    """Return the brand's subscriptions without the removed ones."""
    return Subscription.objects.filter(brand=brand).exclude(disabled_reason="removed")


def have_delivered(*subscriptions: Subscription) -> bool:
    """Return whether the endpoint of any of them ever answered with a 2xx."""
    brands = {each.brand_id for each in subscriptions}
    tries = AttemptCount.objects.filter(brand__in=brands, subscription__in=subscriptions)
    return tries.filter(outcome=Outcome.DELIVERED, tries__gt=0).exists()


def create_verified_subscription(
    brand: Brand,
    terms: SubscriptionTerms,
    *,
    now: datetime,
    after: int | None = None,
    signature: str = "v1",
) -> tuple[Subscription, str]:
    """Subscribe, and enable the subscription if its endpoint answers the challenge.

    Return the subscription and its secret, which cannot be read again.

    Raises:
        the exceptions of `create_subscription`
    """
    subscription, secret = create_subscription(
        brand, terms, after=after, signature=signature, proven=not settings.WEBHOOK_PROOF, now=now
    )
    with suppress(verification.EndpointNotVerified, verification.VerificationBusy):
        enable_subscription(subscription, now=now)
    return subscription, secret


def create_subscription(
    brand: Brand,
    terms: SubscriptionTerms,
    *,
    now: datetime,
    after: int | None = None,
    signature: str = "v1",
    proven: bool = True,
) -> tuple[Subscription, str]:
    """Subscribe an endpoint from the end of the stream, or from the event behind *after*.

    A subscription that is not *proven* is disabled until its endpoint is verified. *signature* is
    "v1" (a shared secret) or "v1a" (a key pair, of which the brand gets the public half).

    Return the subscription and its secret, which cannot be read again.

    Raises:
        http.ForbiddenUrl, UnknownEventType, UnknownFilterPurpose, UnknownFilterChannel,
        StartsBeyondStream, TooManySubscriptions
    """
    _check_terms(terms)
    _check_cursor(brand.pk, after or 0)
    secret = signing.generate_secret(signature)
    end = events.read_last_sequence(brand.pk)
    with transaction.atomic():
        _reserve_place(brand)
        subscription = Subscription.objects.create(
            brand=brand,
            signature=signature,
            secret=encrypt_text(secret),
            cursor=end if after is None else after,
            next_try_at=now,
            disabled_at=None if proven else now,
            disabled_reason="" if proven else UNPROVEN,
            **asdict(terms),
        )
    return subscription, secret


def _reserve_place(brand: Brand) -> None:
    """Lock the brand, so that two calls at once cannot both take its last place."""
    Brand.objects.select_for_update(no_key=True).get(pk=brand.pk)
    if filter_subscriptions(brand).count() >= MAX_SUBSCRIPTIONS:
        raise TooManySubscriptions(f"a brand can have at most {MAX_SUBSCRIPTIONS} subscriptions")


def change_subscription(
    subscription: Subscription,
    terms: SubscriptionTerms,
    *,
    now: datetime,
    precondition: Precondition = lambda held: None,
) -> None:
    """Apply new terms from the next event on. The cursor stays.

    A new address is disabled until it is verified, where verification is required.

    Raises:
        http.ForbiddenUrl, UnknownEventType, UnknownFilterPurpose, UnknownFilterChannel
        StillSending: nothing is changed.
    """
    _check_terms(terms)
    moves = terms.url != subscription.url
    with leases.recall_lease(subscription):
        precondition(Subscription.objects.get(pk=subscription.pk))  # the recall has locked it
        for name, value in asdict(terms).items():
            setattr(subscription, name, value)
        subscription.save(update_fields=list(asdict(terms)))
        if moves and settings.WEBHOOK_PROOF:
            Subscription.objects.filter(pk=subscription.pk).update(proven_at=None)
            _set_disabled(subscription, reason=UNPROVEN, now=now)


def rotate_secret(subscription: Subscription, *, now: datetime) -> str:
    """Return a new secret; the old one goes on signing for `ROTATION`.

    When this returns, nothing is sent any more without the new signature: a worker signs with the
    secrets that it read when it took the lease.

    Raises:
        StillSending: nothing is changed.
    """
    with leases.recall_lease(subscription):
        held = Subscription.objects.select_for_update().get(pk=subscription.pk)
        secret = signing_keys.replace_secret(held, now=now)
    wake_subscription(subscription.pk)
    return secret


def move_cursor(subscription: Subscription, *, after: int) -> None:
    """Move the cursor to *after*: the events behind it are sent (again).

    Raises:
        StartsBeyondStream, StillSending
    """
    _check_cursor(subscription.brand_id, after)
    with leases.recall_lease(subscription):
        mine = subscription.quarantined_events.filter(brand=subscription.brand_id)
        mine.filter(sequence__gt=after).delete()
        Subscription.objects.filter(pk=subscription.pk).update(cursor=after, ahead=[])
    wake_subscription(subscription.pk)


def enable_subscription(subscription: Subscription, *, now: datetime) -> None:
    """Continue at the cursor, at once. An endpoint that is not verified gets a challenge first.

    Raises:
        EndpointNotVerified, VerificationBusy: nothing is changed.
    """
    if verification.needs_verification(subscription):
        verification.verify_endpoint(subscription, now=now)
    Subscription.objects.filter(pk=subscription.pk).exclude(disabled_reason="removed").update(
        disabled_at=None, disabled_reason="", failures=0, failing_since=None, next_try_at=now
    )
    wake_subscription(subscription.pk)


def disable_subscription(
    subscription: Subscription,
    *,
    reason: str,
    now: datetime,
    precondition: Precondition = lambda held: None,
) -> None:
    """Stop sending. When this returns, no request is in flight any more.

    The cursor stays, so nothing is lost if it is enabled again. An older reason stays too, but a
    disabled subscription can still be removed.

    Raises:
        StillSending: it is disabled, but a request is still in flight.
    """
    with transaction.atomic():
        precondition(Subscription.objects.select_for_update(no_key=True).get(pk=subscription.pk))
        _set_disabled(subscription, reason=reason, now=now)
    leases.wait_until_released(subscription)


def _set_disabled(subscription: Subscription, *, reason: str, now: datetime) -> None:
    rows = Subscription.objects.filter(pk=subscription.pk)
    if reason != "removed":
        rows = rows.filter(disabled_at=None)
    rows.update(disabled_at=now, disabled_reason=reason)


def _check_terms(terms: SubscriptionTerms) -> None:
    http.check_url(terms.url)
    filters.check_event_types(terms.event_types)
    filters.check_purposes(terms.purposes or ())
    filters.check_channels(terms.channels or ())


def _check_cursor(brand_id: int, after: int) -> None:
    if not events.has_reached(brand_id, after):
        raise StartsBeyondStream(f"the stream ends at {events.read_last_sequence(brand_id)}")
