"""Subscriptions: making, changing and ending them, and their secrets."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from brands import leases, outbound, signing, stream
from brands.event_types import EVENT_TYPES
from brands.models import AttemptCount, Brand, Channel, Outcome, Purpose, Subscription

#: How long the old secret signs beside the new one.
ROTATION = timedelta(hours=24)
#: More endpoints than this is a mistake or an abuse.
MAX_SUBSCRIPTIONS = 50
#: Why a subscription is disabled whose endpoint has not answered the challenge.
UNPROVEN = "unproven"


class UnknownEventType(ValueError):
    """A pattern that matches no event type that exists."""


class UnknownPurpose(ValueError):
    """No such purpose, so nothing would ever match."""


class UnknownChannel(ValueError):
    """No such channel, so nothing would ever match."""


class StartsBeyondStream(ValueError):
    """A subscription cannot start after a sequence that the stream has not reached, or that a
    restore took back."""


class TooManySubscriptions(Exception):
    """The brand has `MAX_SUBSCRIPTIONS` already."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a brand asks of a subscription."""

    url: str
    event_types: Sequence[str] = field(default_factory=lambda: ["*"])
    #: None is every purpose, and every channel.
    purposes: Sequence[str] | None = None
    channels: Sequence[str] | None = None
    batch: int = 1
    #: Requests a second, at most.
    rate_limit: int | None = None


def terms_of(subscription: Subscription) -> Terms:
    return Terms(**{each.name: getattr(subscription, each.name) for each in fields(Terms)})


def subscribe(
    brand: Brand,
    terms: Terms,
    *,
    now: datetime,
    after: int | None = None,
    signature: str = "v1",
    proven: bool = True,
) -> tuple[Subscription, str]:
    """Start telling an endpoint, from the end of the stream or after a given sequence.

    One that is not *proven* is not told anything until it is. The *signature* is "v1" (a shared
    secret) or "v1a" (a key pair, of which the brand gets the public half).

    Returns the subscription and its secret, which is not to be had again.

    Raises:
        outbound.ForbiddenUrl, UnknownEventType, UnknownPurpose, UnknownChannel,
        StartsBeyondStream, TooManySubscriptions
    """
    _check(terms)
    end = stream.last_sequence(brand.pk)
    _check_place(brand.pk, after or 0)
    secret = signing.new_secret(signature)
    with transaction.atomic():
        Brand.objects.select_for_update(no_key=True).get(pk=brand.pk)  # so that they are counted
        if of_brand(brand).count() >= MAX_SUBSCRIPTIONS:
            raise TooManySubscriptions(f"a brand may have {MAX_SUBSCRIPTIONS} subscriptions")
        subscription = Subscription.objects.create(
            brand=brand,
            signature=signature,
            secret=seal(secret),
            cursor=end if after is None else after,
            next_try_at=now,
            disabled_at=None if proven else now,
            disabled_reason="" if proven else UNPROVEN,
            **asdict(terms),
        )
    return subscription, secret


#: Looks at a subscription as it is while it is locked, and raises where that will not do.
Proviso = Callable[[Subscription], None]


def change(
    subscription: Subscription,
    terms: Terms,
    *,
    now: datetime,
    provided: Proviso = lambda held: None,
) -> None:
    """Send elsewhere, or something else, from the next event on; the place in the stream stays.

    Another address has to be proven anew, where that is asked for.

    Raises:
        outbound.ForbiddenUrl, UnknownEventType, UnknownPurpose, UnknownChannel
        leases.StillSending: nothing is changed.
    """
    _check(terms)
    moves = terms.url != subscription.url
    with leases.recalled(subscription):
        provided(Subscription.objects.get(pk=subscription.pk))  # recalling it has locked it
        for name, value in asdict(terms).items():
            setattr(subscription, name, value)
        subscription.save(update_fields=list(asdict(terms)))
        if moves and settings.WEBHOOK_PROOF:
            Subscription.objects.filter(pk=subscription.pk).update(proven_at=None)
            _disable(subscription, reason=UNPROVEN, now=now)


def seek(subscription: Subscription, *, after: int) -> None:
    """Put its place in the stream after *after*: what follows is sent (again).

    Raises:
        StartsBeyondStream, leases.StillSending
    """
    _check_place(subscription.brand_id, after)
    with leases.recalled(subscription):
        subscription.set_aside.filter(sequence__gt=after).delete()
        Subscription.objects.filter(pk=subscription.pk).update(cursor=after, ahead=[])


def of_brand(brand: Brand) -> QuerySet[Subscription]:
    """The brand's subscriptions, those it removed left out."""
    return Subscription.objects.filter(brand=brand).exclude(disabled_reason="removed")


def have_delivered(*subscriptions: Subscription) -> bool:
    """Return whether the endpoint of any of them ever answered a message with a 2xx."""
    tries = AttemptCount.objects.filter(subscription__in=subscriptions)
    return tries.filter(outcome=Outcome.DELIVERED, tries__gt=0).exists()


def wanted_by(subscription: Subscription) -> stream.Wanted:
    """Which events go to it; patterns become the types that they match."""
    patterns = subscription.event_types
    every = "*" in patterns
    types = [known for known in EVENT_TYPES if any(matches(each, known) for each in patterns)]
    return stream.Wanted(
        None if every else types, subscription.purposes or None, subscription.channels or None
    )


def shown_key(secret: str) -> dict[str, str]:
    """What the brand verifies with, under its name: the shared secret, or the public key."""
    if secret.startswith(signing.PREFIX["v1a"]):
        return {"public_key": signing.public_key_of(secret)}
    return {"secret": secret}


def jwks_of(subscription: Subscription, *, now: datetime) -> list[dict[str, str]]:
    """The public keys whose signatures are good now, newest first; none where secrets sign."""
    if subscription.signature != "v1a":
        return []
    return [signing.jwk_of(secret) for secret in secrets_of(subscription, now=now)]


def _check(terms: Terms) -> None:
    outbound.check_url(terms.url)
    check_event_types(terms.event_types)
    purposes = set(terms.purposes or ())
    known = set(Purpose.objects.filter(pk__in=purposes).values_list("pk", flat=True))
    for unknown in sorted(purposes - known):
        raise UnknownPurpose(f"there is no purpose {unknown!r}")
    for unknown in sorted(set(terms.channels or ()) - set(Channel.values)):
        raise UnknownChannel(f"there is no channel {unknown!r}")


def _check_place(brand_id: int, after: int) -> None:
    if not stream.has_reached(brand_id, after):
        raise StartsBeyondStream(f"the stream ends at {stream.last_sequence(brand_id)}")


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
    """Give it a new secret; the old one goes on signing for `ROTATION`.

    When this returns nothing is sent any more that the new one does not sign: a sender makes its
    signatures by what it read when it took the lease.

    Raises:
        leases.StillSending: nothing is changed.
    """
    secret = signing.new_secret(subscription.signature)
    with leases.recalled(subscription):
        held = Subscription.objects.select_for_update().get(pk=subscription.pk)
        held.previous_secret, held.secret = held.secret, seal(secret)
        held.previous_secret_until = now + ROTATION
        held.save(update_fields=["secret", "previous_secret", "previous_secret_until"])
    return secret


def disable(
    subscription: Subscription,
    *,
    reason: str,
    now: datetime,
    provided: Proviso = lambda held: None,
) -> None:
    """Stop telling it; when this returns, nothing is on its way to it any more.

    The cursor stays, so enabling it again loses nothing. An older reason stands, except that what
    is disabled can still be removed.

    Raises:
        leases.StillSending: it is disabled, but what was on its way has not ended.
    """
    with transaction.atomic():
        provided(Subscription.objects.select_for_update(no_key=True).get(pk=subscription.pk))
        _disable(subscription, reason=reason, now=now)
    leases.wait_until_let_go(subscription)


def _disable(subscription: Subscription, *, reason: str, now: datetime) -> None:
    rows = Subscription.objects.filter(pk=subscription.pk)
    if reason != "removed":
        rows = rows.filter(disabled_at=None)
    rows.update(disabled_at=now, disabled_reason=reason)


def enable(subscription: Subscription, *, now: datetime) -> None:
    """Go on where the cursor stands, at once, with a clean slate of failures."""
    Subscription.objects.filter(pk=subscription.pk).exclude(disabled_reason="removed").update(
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
    return _cipher().encrypt(secret.encode())


def unseal(sealed: bytes) -> str:
    return _cipher().decrypt(sealed).decode()


def reencrypt(rows: QuerySet[Any], name: str) -> int:
    """Encrypt the field *name* of *rows* with the key of today; return how many it has.

    Accepted race: a row that gets another secret meanwhile has that one, under the key of today.
    """
    sealed = list(rows.exclude(**{name: None}).values_list("pk", name))
    for pk, old in sealed:
        new = _cipher().rotate(bytes(old))
        rows.model.objects.filter(pk=pk, **{name: bytes(old)}).update(**{name: new})
    return len(sealed)


def reencrypt_secrets() -> int:
    """Encrypt the secrets of all webhooks with the key of today; return how many."""
    everything = Subscription.objects.all()
    return sum(reencrypt(everything, name) for name in ("secret", "previous_secret"))


def _cipher() -> MultiFernet:
    return _cipher_of((settings.WEBHOOK_SECRETS_KEY, *settings.WEBHOOK_SECRETS_OLD_KEYS))


@cache
def _cipher_of(keys: tuple[str, ...]) -> MultiFernet:
    """Return what encrypts with the first of *keys*, and decrypts with any."""
    digests = (hashlib.sha256(key.encode()).digest() for key in keys)
    return MultiFernet([Fernet(urlsafe_b64encode(digest)) for digest in digests])
