"""The export of a brand's people and their relevant choices, in full or only what changed.

Each person is exported completely, so a copy replaces its record of the person.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import groupby
from operator import itemgetter

import orjson

from brands.models import Brand
from consent import decision, identity, relationships, rules
from consent.brand_events import CurrentState, Recipient, select_current_choices
from consent.checks.single import CHOICES
from consent.decision import Choice
from consent.identity import ContactHashes
from consent.preferences import CHOICE_COLUMNS, read_choice
from consent.rules import JURISDICTION_SQL
from core.db import Row, Statement

# One statement, so that a choice made after the end of the relationship is never read.
QUERY = Statement(f"""
SELECT relationship.id, relationship.ref, relationship.started_at, relationship.ended_at,
       relationship.ended_by, relationship.subject_id, address.id,
       {JURISDICTION_SQL}, coalesce(head.last_seq, 0), {CHOICE_COLUMNS}
FROM consent_relationship relationship
JOIN consent_subject subject ON subject.id = relationship.person_id
LEFT JOIN consent_identifier address ON address.subject_id = relationship.subject_id
LEFT JOIN brands_subjecthead head
    ON head.brand_id = relationship.brand_id AND head.subject = relationship.subject_id
LEFT JOIN {CHOICES} ON relationship.ended_at IS NULL
WHERE relationship.id IN (SELECT json_array_elements_text(%(ids)s::json)::uuid)
ORDER BY relationship.id
""")


#: The number of columns before those of a choice.
OWN = 9


@dataclass(frozen=True, slots=True)
class ExportedPerson:
    """One of the brand's people and the choices in force.

    There are none once the relationship is over.
    """

    recipient: Recipient
    started_at: datetime
    ended_at: datetime | None
    ended_by: str
    #: The person's own number (`subject_seq`) of the newest event about them.
    subject_seq: int
    standing: Sequence[Choice]
    contacts: Sequence[ContactHashes]
    permissions: Sequence[decision.PermissionRow]


def iterate_preferences(
    brand: Brand, *, since: int | None, now: datetime
) -> Iterator[list[ExportedPerson]]:
    """Yield the brand's people, or only those with an event after the sequence *since*.

    Raises:
        identity.HashUnreadable: a stored hash cannot be decrypted.
    """
    read = _Reader(brand, now)
    for ids in relationships.iterate_relationships(brand.pk, since=since):
        yield read.people(ids)


class _Reader:
    """Reads people of one brand as of one moment."""

    def __init__(self, brand: Brand, now: datetime) -> None:
        self.brand, self.now = brand, now
        self.read_defaults = cache(rules.read_regional_defaults)

    def people(self, ids: Sequence[uuid.UUID]) -> list[ExportedPerson]:
        contacts = identity.read_contact_hashes(self.brand.pk, ids)
        rows = QUERY.ask({"ids": orjson.dumps(ids).decode()})
        return [
            self._person(own, list(said), contacts.get(own[0], ()))
            for own, said in groupby(rows, itemgetter(*range(OWN)))
        ]

    def _person(
        self, own: Row, rows: Sequence[Row], contacts: Sequence[ContactHashes]
    ) -> ExportedPerson:
        pk, ref, started_at, ended_at, ended_by, subject_id, point, place, subject_seq = own
        brand = self.brand
        recipient = Recipient(pk, brand.pk, brand.slug, subject_id, ref, place, point)
        said = [read_choice(row[OWN:]) for row in rows if row[OWN] is not None]
        standing = CurrentState(recipient, said, self.read_defaults(place))
        return ExportedPerson(
            recipient,
            started_at,
            ended_at,
            ended_by,
            subject_seq,
            select_current_choices(standing, self.now)[::-1],
            contacts,
            [] if ended_at else standing.table(self.now),
        )
