"""Locks that serialise the changes of one person, or of many persons at once."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection, transaction

from consent.ledger.appending import Chain
from consent.models import Subject
from core.db import Call, Row, Statement, build_instance, is_any, list_columns

LOCK = Statement(
    f"SELECT {list_columns(Subject)} FROM consent_subject WHERE id = %(id)s FOR NO KEY UPDATE"
)


def lock_subject(subject_id: uuid.UUID) -> Subject:
    """Lock the row that serialises one person's changes. Follow merges to the remaining subject.

    Raises:
        TransactionManagementError: called outside a transaction.
        Subject.DoesNotExist: no subject has this id.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("a lock outlives no statement by itself")
    if not (rows := LOCK.ask({"id": subject_id})):
        raise Subject.DoesNotExist(subject_id)
    subject = build_instance(Subject, rows[0])
    return lock_subject(subject.merged_into_id) if subject.merged_into_id else subject


@dataclass(frozen=True, slots=True)
class LockedPerson:
    """A locked subject: the end of its hash chain, and where the person says they live."""

    pk: uuid.UUID
    chain: Chain
    jurisdiction: str | None


LOCK_UNMERGED = Statement(
    "SELECT last_seq, chain_head, jurisdiction FROM consent_subject"
    " WHERE id = %(id)s AND merged_into_id IS NULL FOR NO KEY UPDATE"
)


def build_lock_call(subject_id: uuid.UUID) -> Call:
    """Return the call that locks a subject. It returns None for one that was merged into another.

    Call it inside a transaction.
    """

    def read_person(rows: list[Row]) -> LockedPerson | None:
        for seq, head, jurisdiction in rows:
            return LockedPerson(subject_id, Chain(subject_id, seq, head), jurisdiction)
        return None

    return Call(LOCK_UNMERGED, {"id": subject_id}, read_person)


class MergedMeanwhile(Exception):
    """Some people were merged between reading and locking; a retry finds the merged person."""


def lock_people(subject_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, LockedPerson]:
    """Lock many persons in the order of their ids. Return each subject's person, after merges.

    Raises:
        MergedMeanwhile
    """
    known = Subject.objects.filter(is_any("id", subject_ids, "uuid"))
    merged = dict(known.values_list("pk", "merged_into"))
    wanted = {other or pk for pk, other in merged.items()}
    rows = Subject.objects.select_for_update(no_key=True).filter(is_any("id", wanted, "uuid"))
    fields = "pk", "last_seq", "chain_head", "jurisdiction", "merged_into"
    found = list(rows.order_by("pk").values_list(*fields))
    if moved := [pk for pk, *_, into in found if into]:
        raise MergedMeanwhile(moved)
    locked = {
        pk: LockedPerson(pk, Chain(pk, seq, bytes(head)), jurisdiction)
        for pk, seq, head, jurisdiction, _ in found
    }
    return {pk: locked[other or pk] for pk, other in merged.items()}
