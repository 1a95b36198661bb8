"""All that a batch of an import reads: people, relationships and choices, by a few statements."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db.models import Q
from django.db.models.expressions import RawSQL

from brands.models import Brand
from consent import ledger, preferences
from consent.decision import Choice
from consent.ledger import Chain, LockedPerson
from consent.models import (
    BrandReference,
    Identifier,
    LedgerEntry,
    Preference,
    Propagation,
    Relationship,
    Subject,
)
from core.db import Copying, fetch_rows, is_any, new_id


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
    found = _find_or_create_subjects(brand, rows, now)
    by_ref = _find_references(brand, rows)
    ids = {each.id for each in found.values() if not each.is_new}
    known = ledger.lock_people(ids | {each.subject_id for each in by_ref.values()})
    # Nobody else can see a new subject yet, so it needs no lock, and nothing is known about it.
    new = {each.id: _build_new_person(each.id) for each in found.values() if each.is_new}
    # Include people without an entry of their own: the choices of a merged address are theirs.
    persons = {person.pk for person in known.values()}
    recorded = {person.pk for person in known.values() if person.chain.last_seq}
    relationships, active = _read_relationships(brand, persons)
    points = {each.id: each.contact_point for each in found.values()}
    return KnownData(
        subjects={digest: each.id for digest, each in found.items()},
        people=known | new,
        relationships=relationships,
        by_ref=by_ref,
        active=active,
        contact_points=points | _read_contact_points({*known, *relationships} - points.keys()),
        choices=_read_choices(brand, persons),
        pending=_read_pending(persons),
        newest=_read_newest_entries(brand, recorded),
        recorded=_read_recorded(brand, recorded, rows),
    )


# -- People --------------------------------------------------------------------------------------

SUBJECTS = Copying(
    Subject, ["id", "last_seq", "chain_head", "created_at", "time_zone", "made_up_by_id"]
)
IDENTIFY = """
INSERT INTO consent_identifier (digest, subject_id, created_at)
SELECT digest, subject, %(now)s
FROM unnest(%(digests)s::bytea[], %(subjects)s::uuid[]) new(digest, subject)
ORDER BY digest ON CONFLICT (digest) DO NOTHING RETURNING digest, subject_id, id
"""


class FoundSubject(NamedTuple):
    """The subject of a row's address, and the Identifier of that address."""

    id: uuid.UUID
    contact_point: int
    #: Whether this transaction created it.
    is_new: bool


def _find_or_create_subjects(
    brand: Brand, rows: Sequence[Staged], now: datetime
) -> dict[bytes, FoundSubject]:
    wanted = sorted({bytes(row.digest) for row in rows if row.digest is not None})
    found = _find_subjects(wanted)
    if new := [digest for digest in wanted if digest not in found]:
        found |= _create_subjects(brand, new, now)
    # Another worker was faster with the rest.
    if missing := [digest for digest in wanted if digest not in found]:
        found |= _find_subjects(missing)
    return found


def _find_subjects(digests: Sequence[bytes]) -> dict[bytes, FoundSubject]:
    known = Identifier.objects.filter(is_any("digest", digests, "bytea"))
    rows = known.values_list("digest", "subject", "pk")
    return {bytes(digest): FoundSubject(subject, pk, is_new=False) for digest, subject, pk in rows}


def _create_subjects(
    brand: Brand, digests: Sequence[bytes], now: datetime
) -> dict[bytes, FoundSubject]:
    """Create a subject for each digest. Return those that nobody else has created meanwhile.

    If another worker was faster, its subject counts and ours stays empty.
    """
    ids = [new_id() for _ in digests]
    made_up_by = brand.pk if brand.test else None
    SUBJECTS.add_values((each, 0, b"", now, "", made_up_by) for each in ids)
    rows = fetch_rows(IDENTIFY, {"now": now, "digests": list(digests), "subjects": ids})
    return {bytes(digest): FoundSubject(subject, pk, is_new=True) for digest, subject, pk in rows}


def _build_new_person(subject_id: uuid.UUID) -> LockedPerson:
    return LockedPerson(subject_id, Chain(subject_id, 0, b""), None)


# -- Relationships -------------------------------------------------------------------------------


def _find_references(brand: Brand, rows: Sequence[Staged]) -> dict[str | None, Relationship]:
    """Return the relationships to which the references of these rows belong."""
    named = is_any("ref", {row.ref for row in rows if row.ref}, "text")
    known = BrandReference.objects.filter(named, brand=brand)
    subjects = list(known.values_list("subject", flat=True))
    mine = Relationship.objects.filter(is_any("subject_id", subjects, "uuid"), brand=brand)
    return {each.ref: each for each in mine} if subjects else {}


def _read_relationships(
    brand: Brand, persons: set[uuid.UUID]
) -> tuple[dict[uuid.UUID, Relationship], dict[uuid.UUID, list[Relationship]]]:
    mine = Relationship.objects.filter(is_any("person_id", persons, "uuid"), brand=brand)
    relationships = {each.subject_id: each for each in mine} if persons else {}
    active: dict[uuid.UUID, list[Relationship]] = defaultdict(list)
    for each in relationships.values():
        if each.ended_at is None:
            active[each.person_id].append(each)
    return relationships, active


def _read_contact_points(subjects: set[uuid.UUID]) -> dict[uuid.UUID, int]:
    known = Identifier.objects.filter(is_any("subject_id", subjects, "uuid"))
    return dict(known.values_list("subject", "pk")) if subjects else {}


# -- Choices -------------------------------------------------------------------------------------


def _read_choices(brand: Brand, persons: set[uuid.UUID]) -> dict[uuid.UUID, list[Choice]]:
    found: dict[uuid.UUID, list[Choice]] = defaultdict(list)
    mine = Q(brand=brand) | Q(brand=None)
    known = Preference.objects.filter(mine, is_any("subject_id", persons, "uuid"))
    for each in known if persons else ():
        found[each.subject_id].append(preferences.build_choice(each, entry=each.entry_id))
    return found


def _read_pending(persons: set[uuid.UUID]) -> set[uuid.UUID]:
    waiting = Propagation.objects.filter(is_any("subject_id", persons, "uuid"), done_at=None)
    return set(waiting.values_list("subject", flat=True)) if persons else set()


def _read_newest_entries(brand: Brand, persons: set[uuid.UUID]) -> dict[Slot, LedgerEntry]:
    newest = LedgerEntry.objects.without_traits().filter(_is_about(persons), brand=brand)
    scope = "subject", "contact_point", "purpose", "channel", "topic"
    rows = newest.select_related("text").order_by(*scope, "-subject_seq").distinct(*scope)
    return {get_slot(each): each for each in rows} if persons else {}


def _read_recorded(
    brand: Brand, persons: set[uuid.UUID], rows: Sequence[Staged]
) -> set[tuple[Slot, RecordedTerms, datetime]]:
    times = {row.made_at for row in rows if row.made_at}
    entries = LedgerEntry.objects.without_traits().filter(
        _is_about(persons), is_any("made_at", times, "timestamptz"), brand=brand, maker="brand"
    ).select_related("text")  # fmt: skip
    found = entries if persons else ()
    return {(get_slot(each), get_recorded_terms(each), each.made_at) for each in found}


def _is_about(persons: set[uuid.UUID]) -> RawSQL:
    return is_any("consent_ledgerentry.subject_id", persons, "uuid")


def get_slot(entry: LedgerEntry) -> Slot:
    point = entry.contact_point_id
    return Slot(entry.subject_id, point, entry.purpose_id, entry.channel, entry.topic)


def get_recorded_terms(row: LedgerEntry | Staged) -> RecordedTerms:
    """Return what the brand says in an entry or a row, with `GONE` for erased texts."""
    if isinstance(row, LedgerEntry) and row.has_text and row.kept_text is None:
        return row.decision, row.basis, GONE, GONE
    return row.decision, row.basis, row.evidence, row.notice
