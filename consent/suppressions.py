"""Everyone a brand may not reach, as its own list to hold against a mailing.

People are named by the id and the reference the brand knows them by: no digest that we keep could
be compared with one that a brand can make, and a plain hash is as good as the address itself.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import orjson

from brands.models import Event
from brands.prepared import Statement
from consent import checks, regimes, resolution
from consent.checks import CHOICES, COLUMNS, COVERING
from consent.models import Relationship
from consent.residence import JURISDICTION
from consent.resolution import Choice, Decision, Question

BATCH = 2_000

QUERY = Statement(f"""
SELECT relationship.id, {JURISDICTION}, {COLUMNS}
FROM consent_relationship relationship
JOIN consent_subject subject ON subject.id = relationship.person_id
LEFT JOIN {CHOICES} ON {COVERING}
WHERE relationship.id IN (SELECT json_array_elements_text(%(ids)s::json)::uuid)
""")


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one person stands with the brand."""

    id: uuid.UUID
    ref: str | None
    decision: Decision


@dataclass(frozen=True, slots=True)
class Said:
    """What one person said, and where they live."""

    jurisdiction: str | None
    choices: list[Choice] = field(default_factory=list)


def everyone(asked: Question, *, now: datetime) -> Iterator[list[Standing]]:
    """Whoever may not be reached, batch by batch in the order of their ids."""
    active = Relationship.objects.active().filter(brand=asked.scope.brand).order_by("id")
    last = uuid.UUID(int=0)
    while batch := list(active.filter(id__gt=last)[:BATCH]):
        last = batch[-1].id
        yield [each for each in _standing(asked, batch, now) if not each.decision.allowed]


def changed(asked: Question, *, since: int, now: datetime) -> Iterator[list[Standing]]:
    """Where everybody stands about whom the brand was told anything after sequence *since*.

    Whoever may be reached again is among them, so that a kept list can be brought up to date.
    """
    brand = asked.scope.brand
    told = Event.objects.filter(brand=brand, sequence__gt=since).values("subject")
    people = Relationship.objects.filter(brand=brand, subject__in=told).order_by("id")
    last = uuid.UUID(int=0)
    while batch := list(people.filter(id__gt=last)[:BATCH]):
        last = batch[-1].id
        yield _standing(asked, batch, now)


def _standing(asked: Question, batch: Sequence[Relationship], now: datetime) -> list[Standing]:
    said = _said(asked, [relationship.id for relationship in batch])
    regime_in = regimes.by_place(asked)

    def decide(person: Said) -> Decision:
        question = asked._replace(regime=regime_in(person.jurisdiction))
        return checks.strictest(person.choices, question, now)

    ended = resolution.no_relationship(now)
    return [
        Standing(
            each.id, each.ref, ended if each.ended_at else decide(said.get(each.id, Said(None)))
        )
        for each in batch
    ]


def _said(asked: Question, ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Said]:
    values = {"ids": orjson.dumps(list(ids)).decode()} | checks.values_of(asked)
    said: dict[uuid.UUID, Said] = {}
    for relationship, jurisdiction, *held in QUERY.ask(values):
        person = said.setdefault(relationship, Said(jurisdiction))
        if held[0] is not None:
            person.choices.append(checks.read_choice(held))
    return said
