"""Suppression lists: everyone a brand may not reach, to be matched with a mailing or an audience.

A list names people by the id and the reference by which the brand knows them. It can add the hashes
of the addresses that the brand knows itself (`identity.contact_hashes`).

Note [Wide choices on their way]. A worker appends a choice about any brand to each stream. Until
then, a list of changes includes exactly the people whose answer such a choice decides. A check
names the choice that decided. So the list reveals no choice to the brand that a check would not
reveal, and none sooner.
"""

from __future__ import annotations

import uuid
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from operator import itemgetter

import orjson

from consent import identity, preferences, relationships, rules
from consent.checks import single
from consent.checks.single import CHOICES, COVERING
from consent.decision import Decision, Question, decide_by_choices, decide_without_relationship
from consent.preferences import CHOICE_COLUMNS
from consent.rules import JURISDICTION_SQL
from core.db import Row, Statement

QUERY = Statement(f"""
SELECT relationship.id, relationship.ref, relationship.ended_at, address.id, {JURISDICTION_SQL},
       {CHOICE_COLUMNS}
FROM consent_relationship relationship
JOIN consent_subject subject ON subject.id = relationship.person_id
LEFT JOIN consent_identifier address ON address.subject_id = relationship.subject_id
LEFT JOIN {CHOICES} ON {COVERING}
WHERE relationship.id IN (SELECT json_array_elements_text(%(ids)s::json)::uuid)
ORDER BY relationship.id
""")


@dataclass(frozen=True, slots=True)
class Suppression:
    """The decision about one person for the brand."""

    id: uuid.UUID
    ref: str | None
    decision: Decision
    #: SHA-256 of the person's addresses in hexadecimal, if they were asked for.
    sha256: Sequence[str] = ()


def iterate_suppressions(
    asked: Question, *, since: int | None, kind: str | None, now: datetime
) -> Iterator[list[Suppression]]:
    """Yield the people who may not be reached, batch by batch, ordered by id.

    With *since* (a sequence), yield everybody about whom the brand received an event after it. This
    includes people who may be reached again, so that a stored list can be updated. A choice about
    any brand counts at once, as in a check: Note [Wide choices on their way].

    With *kind*, add the hashes of the addresses of that kind. Also include people whose
    relationship is over: an audience that the brand built during the relationship still contains
    them.

    Raises:
        identity.HashUnreadable: a stored hash cannot be decrypted.
    """
    assert asked.scope.brand is not None  # a question always comes from a brand
    brand_id = asked.scope.brand
    found = (
        _find_all(asked, now, ended=kind is not None)
        if since is None
        else _find_changed(asked, since, now)
    )
    for people in found:
        yield people if kind is None else _hashed(brand_id, people, kind)


def _find_all(asked: Question, now: datetime, *, ended: bool) -> Iterator[list[Suppression]]:
    for ids in relationships.iterate_relationships(asked.scope.brand or 0, since=None, ended=ended):
        yield [each for each in _standing(asked, ids, now) if not each.decision.allowed]


def _find_changed(asked: Question, since: int, now: datetime) -> Iterator[list[Suppression]]:
    brand_id = asked.scope.brand or 0
    # Read this first. Whatever a worker completes in the meantime is in the stream, and is found
    # there.
    pending = relationships.find_pending_relationships(brand_id)
    for ids in relationships.iterate_relationships(brand_id, since=since):
        yield _standing(asked, ids, now)
        for each in ids:
            pending.pop(each, None)
    for ids in relationships.split_ids(pending):
        people = _standing(asked, ids, now)
        yield [each for each in people if _is_decided_by(each.decision, pending[each.id])]


def _is_decided_by(decision: Decision, entries: Container[uuid.UUID]) -> bool:
    return decision.because is not None and decision.because.entry in entries


def _hashed(brand_id: int, people: Sequence[Suppression], kind: str) -> list[Suppression]:
    known = identity.read_contact_hashes(brand_id, [each.id for each in people])
    return [
        replace(each, sha256=identity.format_hashes(known.get(each.id, ()), kind))
        for each in people
    ]


def _standing(asked: Question, ids: Sequence[uuid.UUID], now: datetime) -> list[Suppression]:
    regime_in = rules.read_regimes_by_place(asked)
    ended = decide_without_relationship(now)

    def decide(point: int | None, jurisdiction: str | None, rows: Sequence[Row]) -> Decision:
        scope = asked.scope._replace(contact_point=point)
        said = [preferences.read_choice(row[5:]) for row in rows if row[5] is not None]
        return decide_by_choices(said, Question(scope, regime_in(jurisdiction)), now)

    rows = QUERY.ask(single.build_row_values(asked) | {"ids": orjson.dumps(ids).decode()})
    return [
        Suppression(pk, ref, ended if ended_at else decide(point, jurisdiction, list(own)))
        for (pk, ref, ended_at, point, jurisdiction), own in groupby(
            rows, itemgetter(0, 1, 2, 3, 4)
        )
    ]
