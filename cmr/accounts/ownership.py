"""The creation of consumers, and the addresses that belong to them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from django.db import IntegrityError, transaction

from cmr.models import Consumer, ContactKind, ContactPoint, RemovedAddress, User
from consent import identity, relationships
from consent.ledger import Actor
from consent.models import Identifier, Relationship
from core.errors import DomainError

#: The time after which an account without a proved address is deleted.
UNPROVED = timedelta(days=1)
#: The time for which a removed address can be restored and cannot be claimed by others.
HELD = timedelta(days=7)


class AddressTaken(DomainError):
    """Another consumer has proved that the address is theirs."""

    status = 409
    code = "address_taken"
    field = "code"


class LastAddress(DomainError):
    """The account's only e-mail address cannot be removed, because its owner signs in with it."""

    status = 409
    code = "last_address"


class NotHeld(DomainError):
    """The address was restored in the meantime, or it was removed too long ago."""

    status = 404
    code = "not_found"
    detail = "You have removed no such address within the last seven days."


def open_account(*, email: str, password: str | None, verified_at: datetime) -> Consumer:
    """Create an account for the person who proved *email*, and claim its subject.

    Without a password, nobody can sign in with one.

    Raises:
        AddressTaken, identity.InvalidAddress
    """
    address = identity.normalise_email(email)
    if User.objects.filter(email=address).exists():
        raise AddressTaken("there is an account with this address")
    with transaction.atomic():
        user = User.objects.create_user(address, password)
        EmailAddress.objects.create(user=user, email=address, verified=True, primary=True)
        return claim_subject(user, now=verified_at)


def claim_subject(user: User, *, now: datetime) -> Consumer:
    """Make *user*, whose address is proved, the consumer of the subject with that address.

    From now on they see and change what brands recorded about this address.

    Raises:
        AddressTaken
    """
    address = identity.normalise_email(user.email)
    with transaction.atomic():
        found = identity.find_or_create_identifier(identity.compute_identifier_digest(address))
        identifier = _free(found, address, None, now)
        consumer = Consumer.objects.create(user=user, subject_id=identifier.subject.person_id)
        _keep(consumer, ContactKind.EMAIL, address, identifier, now)
    return consumer


def delete_unproved_accounts(*, now: datetime) -> int:
    """Delete accounts whose address was not proved within a day. Return their number.

    Accounts that an admin created never wait for a code, so they stay.
    """
    waiting = EmailAddress.objects.filter(verified=False).values("user")
    old = User.objects.filter(
        date_joined__lt=now - UNPROVED, is_staff=False, consumer=None, memberships=None
    )
    proved = EmailAddress.objects.filter(verified=True).values("user")
    unproved = old.filter(pk__in=waiting).exclude(pk__in=proved)
    number = unproved.count()
    unproved.delete()
    return number


def normalise_contact(kind: str, text: str) -> str:
    """Return the normalised spelling in which an address or a number is stored.

    Raises:
        identity.InvalidAddress
    """
    if kind == ContactKind.PHONE:
        return identity.normalise_phone(text)
    return identity.normalise_email(text)


def add_contact(consumer: Consumer, *, kind: str, value: str, now: datetime) -> ContactPoint:
    """Make *value*, which the consumer has proved, one of their contact points.

    If brands know a subject by it, that subject is merged into the consumer's, and the stricter
    choice wins (`consent.relationships.merging`).

    Raises:
        AddressTaken, identity.InvalidAddress
    """
    value = normalise_contact(kind, value)
    try:
        with transaction.atomic():
            identifier = _free(
                identity.find_or_create_identifier(identity.compute_identifier_digest(value)),
                value,
                consumer,
                now,
            )
            relationships.merge_subjects(identifier.subject_id, into=consumer.subject_id, now=now)
            return _keep(consumer, kind, value, identifier, now)
    except IntegrityError as error:
        raise AddressTaken("another account has this address") from error


def _free(
    identifier: Identifier, address: str, consumer: Consumer | None, now: datetime
) -> Identifier:
    """Return the identifier of *address*, with a subject that belongs to nobody else.

    An address can pass to somebody else after its owner removed it, as phone numbers do. So can one
    of several addresses of a person who erased their account. Its choices were made by the previous
    owner, whose data the new owner must not read. The address therefore gets a new identifier.

    Raises:
        AddressTaken: its owner has not released it.
    """
    owner = Consumer.objects.filter(subject=identifier.subject.person_id).first()
    was_one_of_several = identifier.subject.merged_into_id is not None
    if owner == consumer if owner else not was_one_of_several:
        return identifier
    held = RemovedAddress.objects.held(now).filter(identifier=identifier)
    if held.exists() or ContactPoint.objects.filter(identifier=identifier).exists():
        raise AddressTaken("another account has this address")
    return _hand_over(identifier, address, now)


def _hand_over(identifier: Identifier, address: str, now: datetime) -> Identifier:
    """Return a new identifier for an address that passed to somebody else.

    End the brands' relationships with the old one, and remove their references. Otherwise brands
    would go on writing by reference to somebody who does not know them.
    """
    known = Relationship.objects.active().filter(subject=identifier.subject)
    for relationship in known.select_related("brand"):
        ended_at = max(now, relationship.started_at)
        relationships.end_relationship(relationship, by=Actor("portal"), now=ended_at)
    Relationship.objects.filter(subject=identifier.subject).update(ref=None)
    return identity.reassign_address(identifier, identity.compute_identifier_digest(address))


def _keep(
    consumer: Consumer, kind: str, value: str, identifier: Identifier, now: datetime
) -> ContactPoint:
    removed = consumer.removed_addresses.filter(identifier=identifier)
    # Proving a held address again must not make it the youngest one, or a thief's would be older.
    trusted = removed.held(now).filter(recovers_account=True)
    since = trusted.values_list("verified_at", flat=True).first() or now
    row = {"kind": kind, "value": value, "verified_at": since}
    point, _ = ContactPoint.objects.get_or_create(
        consumer=consumer, identifier=identifier, defaults=row
    )
    removed.delete()
    if kind == ContactKind.EMAIL:
        EmailAddress.objects.update_or_create(
            user=consumer.user, email=value, defaults={"verified": True}
        )
    return point


def remove_contact(point: ContactPoint, *, now: datetime) -> RemovedAddress:
    """Remove an address and hold it for a week (ADR 30).

    The choices about it, and what brands may do with it, stay unchanged.

    Raises:
        LastAddress
    """
    with transaction.atomic():
        consumer = Consumer.objects.select_for_update(of=("self",)).get(pk=point.consumer_id)
        others = consumer.contact_points.exclude(pk=point.pk).order_by("pk")
        addresses = others.filter(kind=ContactKind.EMAIL)
        if point.kind == ContactKind.EMAIL and not addresses.exists():
            raise LastAddress("this is the only address of the account")
        if point.kind == ContactKind.EMAIL:
            _sign_in_by_another(consumer.user, point.value, addresses[0].value)
        is_trusted = point.value in find_trusted_address(consumer, now=now)
        removed = _hold(point, recovers_account=is_trusted, now=now)
        point.delete()
    return removed


def find_trusted_address(consumer: Consumer, *, now: datetime) -> dict[str, int]:
    """Return the addresses that may recover the account, each with its identifier's id.

    A thief adds their own address shortly after taking over the account. When the owner removes it,
    the thief must not receive a recovery link there. Held addresses are included: a thief who
    removed the owner's address would otherwise have the oldest remaining one.
    """
    points = list(consumer.contact_points.filter(kind=ContactKind.EMAIL))
    held = list(consumer.removed_addresses.held(now).filter(kind=ContactKind.EMAIL))
    since = [each.verified_at for each in points] + [each.verified_at for each in held]
    trusted = [each for each in points if _is_old(each, since, now)]
    found = {each.value: each.identifier_id for each in trusted}
    return found | {each.value: each.identifier_id for each in held if each.recovers_account}


def _is_old(point: ContactPoint, since: Collection[datetime], now: datetime) -> bool:
    """Return whether *point* is a week old or the oldest address. *since* has all times."""
    is_first = sum(each <= point.verified_at for each in since) == 1
    return is_first or point.verified_at <= now - HELD


def _hold(point: ContactPoint, *, recovers_account: bool, now: datetime) -> RemovedAddress:
    values = {
        "consumer": point.consumer,
        "kind": point.kind,
        "value": point.value,
        "verified_at": point.verified_at,
        "recovers_account": recovers_account,
        "removed_at": now,
        "until": now + HELD,
    }
    held, _ = RemovedAddress.objects.update_or_create(identifier=point.identifier, defaults=values)
    return held


def restore_contact(removed: RemovedAddress, *, now: datetime) -> ContactPoint:
    """Restore a removed address to its consumer, with its former age if it was trusted.

    An untrusted address restarts at age zero. Otherwise a thief's address could grow old while it
    is removed.

    Raises:
        NotHeld
    """
    with transaction.atomic():
        held = RemovedAddress.objects.held(now).select_for_update(of=("self",))
        row = held.select_related("consumer__user", "identifier").filter(pk=removed.pk).first()
        if row is None:
            raise NotHeld("this address was restored already, or removed too long ago")
        keeps_age = row.recovers_account or row.kind == ContactKind.PHONE
        since = row.verified_at if keeps_age else now
        return _keep(row.consumer, row.kind, row.value, row.identifier, since)


def is_address_held(address: str, *, now: datetime) -> bool:
    """Return whether *address* was removed from an account that can still restore it."""
    return RemovedAddress.objects.held(now).filter(value=address).exists()


def is_own_address(user: User, address: str) -> bool:
    """Return whether *address* still belongs to the user and was not removed."""
    return address == user.email or EmailAddress.objects.filter(user=user, email=address).exists()


def delete_expired_removals(*, now: datetime) -> int:
    """Delete removed addresses that can no longer be restored. Return their number."""
    return RemovedAddress.objects.filter(until__lte=now).delete()[0]


def _sign_in_by_another(user: User, removed: str, other: str) -> None:
    EmailAddress.objects.filter(user=user, email=removed).delete()
    if user.email == removed:
        sign_in_by(user, other)


def distrust_newer(consumer: Consumer, *, than: datetime) -> None:
    """Prevent removed addresses proved after *than* from recovering the account."""
    newer = consumer.removed_addresses.filter(verified_at__gt=than)
    newer.update(recovers_account=False)


def sign_in_by(user: User, address: str) -> None:
    """Make *address*, one of the user's own, their sign-in address."""
    User.objects.filter(pk=user.pk).update(email=address)
    user.email = address
    EmailAddress.objects.filter(user=user).update(primary=False)
    EmailAddress.objects.filter(user=user, email=address).update(primary=True)
