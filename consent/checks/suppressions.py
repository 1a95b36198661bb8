"""Everyone a brand may not reach, as its own list to hold against a mailing or an audience.

People are named by the id and the reference the brand knows them by, and by the hashes of the
addresses that the brand knows itself (`contact_hashes`).

Note [Wide choices on their way]. A worker carries a choice about any brand into each stream. Until
then a list of what changed has whoever's answer is decided by such a choice, and nobody else: a
check names the choice that decided, so the brand learns of no choice, and no sooner, than by one.
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
    """Where one person stands with the brand."""

    id: uuid.UUID
    ref: str | None
    decision: Decision
    #: Of their addresses, where it was asked for, in hexadecimal.
    sha256: Sequence[str] = ()


def iterate_suppressions(
    asked: Question, *, since: int | None, kind: str | None, now: datetime
) -> Iterator[list[Suppression]]:
    """Whoever may not be reached, batch by batch in the order of their ids.

    *Since* a sequence, everybody about whom the brand was told anything after it: whoever may be
    reached again is among them, so that a kept list can be brought up to date. A choice about any
    brand counts at once, as in a check: Note [Wide choices on their way]. With a *kind* of
    addresses, their hashes; and those, too, whose relationship is over: an audience that the brand
    made while it had one still holds them.

    Raises:
        contact_hashes.Unreadable
    """
    assert asked.scope.brand is not None  # whoever asks is some brand
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
    # Read first: what is done meanwhile is in the stream by then, and is found there.
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
