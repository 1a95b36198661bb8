"""Links in mails by which an owner takes their account back from a thief: see ADR 30."""

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
    """Not one of ours, used already, or too old."""


@dataclass(frozen=True, slots=True)
class Recovery:
    """Which account a link takes back, and by which of its addresses."""

    consumer: Consumer
    address: str
    #: The row to restore, where the address was removed.
    removed: RemovedAddress | None
    #: Factors added after this moment may be a thief's.
    since: datetime


def build_recovery_links(user: User, *, now: datetime) -> dict[str, str]:
    """Return the link of each address whose mails may take the account back.

    Administrators get none: whoever reads their mails must not get past a second factor.
    """
    consumer: Consumer | None = getattr(user, "consumer", None)
    if consumer is None or user.is_staff:
        return {}
    # Read anew: a copy from before a recovery would make links that are dead.
    consumer.refresh_from_db(fields=["recoveries"])
    trusted = ownership.find_trusted_address(consumer, now=now)
    return {value: _build_link(consumer, pk, now) for value, pk in trusted.items()}


def _build_link(consumer: Consumer, identifier_id: int, changed_at: datetime) -> str:
    """Bind the link to the address, to the change, and to the number of recoveries until now.

    It is not bound to `session_version`: a thief could end it by signing out everywhere. An account
    is named by its subject: after a restore another account may get the same number.
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
    """Return what a link takes back.

    Raises:
        BadRecoveryLink
    """
    try:
        named, identifier_id, recoveries, seconds = signing.loads(token, salt=SALT)
        subject_id = uuid.UUID(named)
    except (signing.BadSignature, AttributeError, ValueError) as error:
        raise BadRecoveryLink("this link is none of ours") from error
    changed_at = datetime.fromtimestamp(seconds, UTC)
    may_recover = Consumer.objects.filter(user__is_active=True, user__is_staff=False)
    found = may_recover.filter(subject=subject_id, recoveries=recoveries).select_related("user")
    if changed_at <= now - ownership.HELD or (consumer := found.first()) is None:
        raise BadRecoveryLink("this link was used, or its time is over")
    return _find_address(consumer, identifier_id, changed_at, now)


def _find_address(
    consumer: Consumer, identifier_id: int, changed_at: datetime, now: datetime
) -> Recovery:
    """Raises BadRecoveryLink: the address is neither on the account nor held for it."""
    held = consumer.removed_addresses.held(now).filter(recovers_account=True)
    if removed := held.filter(identifier=identifier_id).first():
        first = min(changed_at, removed.removed_at)
        return Recovery(consumer, removed.value, removed, first - ownership.HELD)
    addresses = consumer.contact_points.filter(kind=ContactKind.EMAIL)
    if point := addresses.filter(identifier=identifier_id).first():
        return Recovery(consumer, point.value, None, changed_at - ownership.HELD)
    raise BadRecoveryLink("this address is not the account's any more")
