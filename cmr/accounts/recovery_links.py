"""Recovery links in mails, by which an owner takes their account back from a thief (ADR 30)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

from django.conf import settings
from django.core import signing
from django.urls import reverse

from cmr.accounts import ownership
from cmr.models import Consumer, ContactKind, RemovedAddress, User

SALT = "cmr.recovery-link"


class BadRecoveryLink(Exception):
    """The link is not ours, was used already, or is too old."""


@dataclass(frozen=True, slots=True)
class Recovery:
    """The account that a link recovers, and the address that proves ownership."""

    consumer: Consumer
    address: str
    #: The row to restore, if the address was removed.
    removed: RemovedAddress | None
    #: Factors that were added after this moment may be a thief's.
    since: datetime


def build_recovery_links(user: User, *, now: datetime) -> dict[str, str]:
    """Return a recovery link for each address that may recover the account.

    Administrators get none, because reading their mails must not be enough to get past a second
    factor.
    """
    consumer: Consumer | None = getattr(user, "consumer", None)
    if consumer is None or user.is_staff:
        return {}
    # Reload: with a counter from before a recovery, the links would be invalid.
    consumer.refresh_from_db(fields=["recoveries"])
    trusted = ownership.find_trusted_address(consumer, now=now)
    return {value: _build_link(consumer, pk, now) for value, pk in trusted.items()}


def _build_link(consumer: Consumer, identifier_id: int, changed_at: datetime) -> str:
    """Return a link bound to the address, the time of the change and the number of recoveries.

    It is not bound to `session_version`, because a thief could invalidate it by signing out
    everywhere. It names the account by its subject, because after a database restore another
    account may get the same id.
    """
    values = [
        str(consumer.subject_id),
        identifier_id,
        consumer.recoveries,
        int(changed_at.timestamp()),
    ]
    path = reverse("recover", args=[signing.dumps(values, salt=SALT)])
    return f"{settings.PUBLIC_URL}{path}"


def read_recovery_link(token: str, *, now: datetime) -> Recovery:
    """Return the recovery that a link stands for.

    Raises:
        BadRecoveryLink
    """
    try:
        named, identifier_id, recoveries, seconds = signing.loads(token, salt=SALT)
        subject_id = uuid.UUID(named)
    except (signing.BadSignature, AttributeError, ValueError) as error:
        raise BadRecoveryLink("this is not one of our links") from error
    changed_at = datetime.fromtimestamp(seconds, UTC)
    may_recover = Consumer.objects.filter(user__is_active=True, user__is_staff=False)
    found = may_recover.filter(subject=subject_id, recoveries=recoveries).select_related("user")
    if changed_at <= now - ownership.HELD or (consumer := found.first()) is None:
        raise BadRecoveryLink("this link was used, or has expired")
    return _find_address(consumer, identifier_id, changed_at, now)


def _find_address(
    consumer: Consumer, identifier_id: int, changed_at: datetime, now: datetime
) -> Recovery:
    """Return the recovery by the address, which is on the account or held for it.

    Raises:
        BadRecoveryLink
    """
    held = consumer.removed_addresses.held(now).filter(recovers_account=True)
    if removed := held.filter(identifier=identifier_id).first():
        first = min(changed_at, removed.removed_at)
        return Recovery(consumer, removed.value, removed, first - ownership.HELD)
    addresses = consumer.contact_points.filter(kind=ContactKind.EMAIL)
    if point := addresses.filter(identifier=identifier_id).first():
        return Recovery(consumer, point.value, None, changed_at - ownership.HELD)
    raise BadRecoveryLink("this address is not the account's any more")
