"""Send reservations: check a send and spend from its budgets in one step."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson
from django.db import IntegrityError, transaction

from brands import idempotency
from consent import identity, ledger
from consent.checks import send_window, single
from consent.checks.single import Asked, Known
from consent.decision import Decision
from consent.models import Send
from core.errors import DomainError


@dataclass(frozen=True, slots=True)
class Reservation:
    """The result of a reservation. `send` is the reserved id, or None.

    `is_new` is False if the idempotency key had reserved this send before.
    """

    send: uuid.UUID | None
    decision: Decision
    is_new: bool = False


class KeyReused(DomainError):
    """The idempotency key was used before with another question."""

    code = "idempotency_key_reused"
    field = "Idempotency-Key"


class NoSuchSend(DomainError):
    """The brand has no reserved send with this id."""

    status = 404
    code = "not_found"


def reserve_send(
    asked: Asked, *, now: datetime, campaign: str = "", key: str | None = None
) -> Reservation:
    """Spend one from every budget that covers the question, if the send is allowed at this moment.

    If *key* reserved a send before, return that send and spend nothing. A key whose send was
    cancelled reserves nothing again.

    Raises:
        KeyReused: *key* came with another question before.
        UnknownName, ChannelNeeded, InvalidAddress: as for `single.read_contact`.
    """
    with transaction.atomic():
        known = _look_up_locked(asked)
        question = _hash_question(asked, campaign)
        if earlier := _with_key(asked.brand_id, key):
            return _repeated(earlier, question, known, now)
        decision = single.decide_known_contact(known, now=now)
        if known.subject_id is None or not decision.allowed or decision.not_before is not None:
            return Reservation(None, decision)
        send = Send(
            subject_id=known.subject_id,
            brand_id=asked.brand_id,
            purpose_id=asked.purpose,
            channel=asked.channel,
            topic=asked.topic,
            contact_point_id=known.question.scope.contact_point,
            campaign=campaign,
            at=now,
            idempotency_key=None if key is None else idempotency.digest_key(asked.brand_id, key),
            question=None if key is None else idempotency.digest_question(asked.brand_id, question),
        )
        if earlier := _insert_or_find(send):
            return _repeated(earlier, question, known, now)
        return Reservation(send.id, _decision_on_reserved(known, now), is_new=True)


def cancel_send(brand_id: int, send_id: uuid.UUID, *, now: datetime) -> None:
    """Cancel a reserved send that the brand did not make. Cancelling it again changes nothing.

    Raises:
        NoSuchSend: the brand has no reserved send with this id.
    """
    mine = Send.objects.filter(pk=send_id, brand_id=brand_id)
    if not mine.filter(returned_at=None).update(returned_at=now) and not mine.exists():
        raise NoSuchSend("no send with this id")


def _look_up_locked(asked: Asked) -> Known:
    """Lock the person behind the contact and return their data. For a stranger lock nothing.

    Read again once the lock is held, because its previous holder may have changed the answer.
    Accepted race: the brand's reference passes to another person in between, whose row is then not
    locked.
    """
    known = single.read_contact(asked)
    if known.subject_id is None:
        return known
    ledger.lock_subject(known.subject_id)
    return single.read_contact(asked)


def _insert_or_find(send: Send) -> Send | None:
    """Insert the send, or return the send that its key reserved in the meantime."""
    try:
        with transaction.atomic():
            send.save(force_insert=True)
    except IntegrityError:
        if earlier := _with_digests(send.brand_id, [send.idempotency_key or ""]):
            return earlier
        raise
    return None


def _hash_question(asked: Asked, campaign: str) -> bytes:
    """Return a hash that identifies the question.

    We store only its keyed digest, which does not reveal whom the question was about.
    """
    address = identity.compute_contact_digest(asked.contact)
    contact = asked.contact.ref if address is None else address.hex()
    parts = [address is None, contact, asked.purpose, asked.channel, asked.topic, campaign]
    return hashlib.sha256(orjson.dumps(parts)).digest()


def _with_key(brand_id: int, key: str | None) -> Send | None:
    if key is None:
        return None
    return _with_digests(brand_id, idempotency.digest_key_by_all(brand_id, key))


def _with_digests(brand_id: int, digests: Sequence[str]) -> Send | None:
    return Send.objects.filter(brand_id=brand_id, idempotency_key__in=digests).first()


def _repeated(earlier: Send, question: bytes, known: Known, now: datetime) -> Reservation:
    if not idempotency.is_question(bytes(earlier.question or b""), earlier.brand_id, question):
        raise KeyReused("this key was used for a different question; use a new key for each send")
    if earlier.returned_at is not None:
        return Reservation(None, single.decide_known_contact(known, now=now))
    return Reservation(earlier.id, _decision_on_reserved(known, now))


def _decision_on_reserved(known: Known, now: datetime) -> Decision:
    """Return the decision after this send. Only the quiet hours can still delay the send itself."""
    decision = single.decide_known_contact(known, now=now)
    if not decision.allowed:
        return decision
    quiet_until = send_window.find_quiet_end(known.question, known.quiet_hours, now)
    return decision._replace(not_before=quiet_until)
