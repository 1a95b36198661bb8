"""What a brand's people said that matters to it, for a copy of its own: all of it, or what changed.

Whoever is in it is in it whole, so a copy takes each in place of what it had of them.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter

import orjson

from brands.prepared import Row, Statement
from consent import checks, contact_hashes, resolution, roll
from consent.checks import CHOICES, COLUMNS
from consent.contact_hashes import KnownBy
from consent.resolution import Choice

# One statement, so that nothing is read that a person said after they had ended the relationship.
QUERY = Statement(f"""
SELECT relationship.id, relationship.ref, relationship.started_at, relationship.ended_at,
       relationship.ended_by, {COLUMNS}
FROM consent_relationship relationship
LEFT JOIN {CHOICES} ON relationship.ended_at IS NULL
WHERE relationship.id IN (SELECT json_array_elements_text(%(ids)s::json)::uuid)
ORDER BY relationship.id
""")


@dataclass(frozen=True, slots=True)
class Person:
    """One of the brand's people, and what stands; nothing does once the relationship is over."""

    id: uuid.UUID
    ref: str | None
    started_at: datetime
    ended_at: datetime | None
    ended_by: str
    standing: Sequence[Choice]
    contacts: Sequence[KnownBy]


def preferences(brand_id: int, *, since: int | None, now: datetime) -> Iterator[list[Person]]:
    """The brand's people, or those of whom it was told anything after sequence *since*.

    Raises:
        contact_hashes.Unreadable
    """
    for ids in roll.of(brand_id, since=since):
        yield _people(brand_id, ids, now)


def _people(brand_id: int, ids: Sequence[uuid.UUID], now: datetime) -> list[Person]:
    contacts = contact_hashes.of(brand_id, ids)
    rows = QUERY.ask({"ids": orjson.dumps(ids).decode()})
    return [
        Person(pk, ref, start, end, by, _standing(list(own), now), contacts.get(pk, ()))
        for (pk, ref, start, end, by), own in groupby(rows, itemgetter(0, 1, 2, 3, 4))
    ]


def _standing(rows: Sequence[Row], now: datetime) -> list[Choice]:
    """What is in force and has not run out, oldest first."""
    said = resolution.in_force(checks.read_choice(row[5:]) for row in rows if row[5] is not None)
    return sorted((each for each in said if not _is_over(each, now)), key=_age)


def _is_over(choice: Choice, now: datetime) -> bool:
    end = choice.until or choice.expires_at
    return end is not None and end <= now


def _age(choice: Choice) -> tuple[datetime, int]:
    return choice.age
