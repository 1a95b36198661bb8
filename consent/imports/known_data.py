"""All that a batch of an import reads: people, relationships and choices, by a few statements."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Q

from brands.models import Brand
from consent import ledger, preferences
from consent.decision import Choice
from consent.ledger import LockedPerson
from consent.models import (
    Identifier,
    LedgerEntry,
    Preference,
    Propagation,
    Relationship,
    Subject,
)
from core.db import Copying, match_any, new_id


class Staged(NamedTuple):
    """The columns that are read of a staged row."""

    place: int
    digest: bytes | None
    kind: str
    sealed: bytes | None
    ref: str | None
    note: str
    jurisdiction: str | None
    purpose: str | None
    channel: str | None
    topic: str | None
    decision: str
    basis: str
    ground: str | None
    evidence: str
    notice: str
    made_at: datetime | None
    expires_at: datetime | None


class Slot(NamedTuple):
    """One person's scope within one brand."""

    person: uuid.UUID
    contact_point: int | None
    purpose: str | None
    channel: str | None
    topic: str | None


#: What a brand records about one scope: decision, basis, evidence and notice.
RecordedTerms = tuple[str, str, str, str]
#: Replaces erased texts in comparisons. No row can contain it.
GONE = "\0"


@dataclass(slots=True)
class KnownData:
    """The people of a batch, locked, and what is recorded about them. Applied rows update it."""

    #: Subjects by the digest of their address.
    subjects: dict[bytes, uuid.UUID]
    #: Persons, after merges, by subject.
    people: dict[uuid.UUID, LockedPerson]
    #: Relationships with the brand, by subject and by reference.
    relationships: dict[uuid.UUID, Relationship]
    by_ref: dict[str | None, Relationship]
    #: The active relationships of each person. All of them receive each new choice.
    active: dict[uuid.UUID, list[Relationship]]
    #: The Identifier of each subject.
    contact_points: dict[uuid.UUID, int]
    #: The current choices of each person that concern the brand.
    choices: dict[uuid.UUID, list[Choice]]
    #: Persons with choices that a worker has yet to append to the brand's stream.
    pending: set[uuid.UUID]
    #: The newest entry of each slot.
    newest: dict[Slot, LedgerEntry]
    #: What the brand had recorded before for the exact times of these rows.
    recorded: set[tuple[Slot, RecordedTerms, datetime]]


def read_known_data(brand: Brand, rows: Sequence[Staged], *, now: datetime) -> KnownData:
    """Find or create the people of these rows, lock them, and read what is recorded about them.

    Raises:
        ledger.MergedMeanwhile
    """
    subjects = _find_or_create_subjects(brand, rows, now)
    refs = match_any((row.ref for row in rows if row.ref), "text")
    by_ref = {each.ref: each for each in Relationship.objects.of_references(brand.pk, refs)}
    ids = {*subjects.values(), *(each.subject_id for each in by_ref.values())}
    people = ledger.lock_people(ids)
    # Include people without an entry of their own: the choices of a merged address are theirs.
    persons = {person.pk for person in people.values()}
    relationships, active = _read_relationships(brand, persons)
    return KnownData(
        subjects=subjects,
        people=people,
        relationships=relationships,
        by_ref=by_ref,
        active=active,
        contact_points=_read_contact_points({*people, *relationships}),
        choices=_read_choices(brand, persons),
        pending=_read_pending(persons),
        newest=_read_newest_entries(brand, persons),
        recorded=_read_recorded(brand, persons, rows),
    )


# -- People --------------------------------------------------------------------------------------

SUBJECTS = Copying(
    Subject, ["id", "last_seq", "chain_head", "created_at", "time_zone", "made_up_by_id"]
)
IDENTIFY = """
INSERT INTO consent_identifier (digest, subject_id, created_at)
SELECT digest, subject, %s FROM unnest(%s::bytea[], %s::uuid[]) new(digest, subject)
ORDER BY digest ON CONFLICT (digest) DO NOTHING
"""


def _find_or_create_subjects(
    brand: Brand, rows: Sequence[Staged], now: datetime
) -> dict[bytes, uuid.UUID]:
    wanted = sorted({bytes(row.digest) for row in rows if row.digest is not None})
    subjects = _find_subjects(wanted)
    if new := [digest for digest in wanted if digest not in subjects]:
        _create_subjects(brand, new, now)
        subjects |= _find_subjects(new)
    return subjects


def _find_subjects(digests: Sequence[bytes]) -> dict[bytes, uuid.UUID]:
    rows = Identifier.objects.filter(digest__in=match_any(digests, "bytea"))
    return {bytes(digest): subject for digest, subject in rows.values_list("digest", "subject")}


def _create_subjects(brand: Brand, digests: Sequence[bytes], now: datetime) -> None:
    """Create a subject for each digest.

    If another worker was faster, its subject counts and ours stays empty.
    """
    ids = [new_id() for _ in digests]
    made_up_by = brand.pk if brand.test else None
    SUBJECTS.add_values((each, 0, b"", now, "", made_up_by) for each in ids)
    with connection.cursor() as cursor:
        values: list[Any] = [now, list(digests), ids]
        cursor.execute(IDENTIFY, values)


# -- Relationships -------------------------------------------------------------------------------


def _read_relationships(
    brand: Brand, persons: Iterable[uuid.UUID]
) -> tuple[dict[uuid.UUID, Relationship], dict[uuid.UUID, list[Relationship]]]:
    mine = Relationship.objects.filter(brand=brand, person__in=match_any(persons, "uuid"))
    relationships = {each.subject_id: each for each in mine}
    active: dict[uuid.UUID, list[Relationship]] = defaultdict(list)
    for each in relationships.values():
        if each.ended_at is None:
            active[each.person_id].append(each)
    return relationships, active


def _read_contact_points(subjects: Iterable[uuid.UUID]) -> dict[uuid.UUID, int]:
    known = Identifier.objects.filter(subject__in=match_any(subjects, "uuid"))
    return dict(known.values_list("subject", "pk"))


# -- Choices -------------------------------------------------------------------------------------


def _read_choices(brand: Brand, persons: set[uuid.UUID]) -> dict[uuid.UUID, list[Choice]]:
    found: dict[uuid.UUID, list[Choice]] = defaultdict(list)
    mine = Q(brand=brand) | Q(brand=None)
    known = Preference.objects.filter(mine, subject__in=match_any(persons, "uuid"))
    for each in known if persons else ():
        found[each.subject_id].append(preferences.build_choice(each, entry=each.entry_id))
    return found


def _read_pending(persons: set[uuid.UUID]) -> set[uuid.UUID]:
    waiting = Propagation.objects.filter(subject__in=match_any(persons, "uuid"), done_at=None)
    return set(waiting.values_list("subject", flat=True)) if persons else set()


def _read_newest_entries(brand: Brand, persons: set[uuid.UUID]) -> dict[Slot, LedgerEntry]:
    newest = LedgerEntry.objects.without_traits().filter(
        subject__in=match_any(persons, "uuid"), brand=brand
    )
    scope = "subject", "contact_point", "purpose", "channel", "topic"
    rows = newest.select_related("text").order_by(*scope, "-subject_seq").distinct(*scope)
    return {get_slot(each): each for each in rows} if persons else {}


def _read_recorded(
    brand: Brand, persons: set[uuid.UUID], rows: Sequence[Staged]
) -> set[tuple[Slot, RecordedTerms, datetime]]:
    times = {row.made_at for row in rows if row.made_at}
    entries = LedgerEntry.objects.without_traits().select_related("text").filter(
        subject__in=match_any(persons, "uuid"), brand=brand, maker="brand",
        made_at__in=match_any(times, "timestamptz"),
    )  # fmt: skip
    found = entries if persons else ()
    return {(get_slot(each), get_recorded_terms(each), each.made_at) for each in found}


def get_slot(entry: LedgerEntry) -> Slot:
    point = entry.contact_point_id
    return Slot(entry.subject_id, point, entry.purpose_id, entry.channel, entry.topic)


def get_recorded_terms(row: LedgerEntry | Staged) -> RecordedTerms:
    """Return what the brand says in an entry or a row, with `GONE` for erased texts."""
    if isinstance(row, LedgerEntry) and row.has_text and row.kept_text is None:
        return row.decision, row.basis, GONE, GONE
    return row.decision, row.basis, row.evidence, row.notice
