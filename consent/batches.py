"""Answering the same question about thousands of contacts at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any

from django.db import connection

from brands.models import Channel, Purpose, Topic
from consent import budgets, checks, identifiers, regimes, resolution, timing
from consent.budgets import Spent
from consent.checks import CHOICES, COLUMNS, COVERING, HOURS, ChannelNeeded, Known
from consent.identifiers import Contact, InvalidAddress
from consent.residence import JURISDICTION
from consent.resolution import Choice, Decision, Question, Regime, Scope
from consent.scopes import UnknownName

#: Of each contact (by its place among those asked about) with a relationship: what was said.
QUERY = f"""
SELECT asked.place, relationship.subject_id, {{contact_point}}, {JURISDICTION}, {HOURS}, {COLUMNS}
FROM {{asked}} AS asked (key, place)
{{people}}
JOIN consent_subject subject ON subject.id = relationship.subject_id
LEFT JOIN {CHOICES} ON {COVERING}
"""
BY_DIGEST = QUERY.format(
    # Digests side by side in one value: an array of them costs more to write than all the joins.
    asked="""(SELECT substring(%(keys)s::bytea FROM 1 + 32 * place FOR 32), place + 1
    FROM generate_series(0, length(%(keys)s::bytea) / 32 - 1) place)""",
    contact_point="identifier.id",
    people="""
JOIN consent_identifier identifier ON identifier.digest = asked.key
JOIN consent_relationship relationship ON relationship.subject_id = identifier.subject_id
    AND relationship.brand_id = %(brand)s AND relationship.ended_at IS NULL""",
)
BY_REF = QUERY.format(
    asked="unnest(%(keys)s::text[]) WITH ORDINALITY",
    contact_point="NULL",
    people="""
JOIN consent_relationship relationship ON relationship.ref = asked.key
    AND relationship.brand_id = %(brand)s AND relationship.ended_at IS NULL""",
)


def question(
    brand_id: int, *, purpose: str, channel: str | None = None, topic: str | None = None
) -> Question:
    """The question that one brand asks about many, with everything but the contact.

    Its regime is the purpose's own; where somebody lives another may hold for them.

    Raises:
        UnknownName, ChannelNeeded
    """
    found = Purpose.objects.filter(code=purpose).first()
    if found is None:
        raise UnknownName("purpose", purpose)
    if channel is not None and channel not in Channel.values:
        raise UnknownName("channel", channel)
    if found.has_channels and channel is None:
        raise ChannelNeeded(f"{purpose} is about messages: say on which channel")
    own = Topic.objects.filter(brand=brand_id, code=topic, purpose=found)
    if topic is not None and not own.exists():
        raise UnknownName("topic", topic)
    return Question(Scope(brand_id, purpose, channel, topic), found.regime)  # type: ignore[arg-type]


def check_many(
    asked: Question, contacts: Sequence[Contact], *, now: datetime
) -> list[Decision | InvalidAddress]:
    """A decision for each contact, in their order, or why there is none for it.

    What one contact gets is what a check of it alone would say.
    """
    digests: dict[int, bytes] = {}
    refs: dict[int, str] = {}
    invalid: dict[int, Decision | InvalidAddress] = {}
    for place, contact in enumerate(contacts):
        try:
            digest = identifiers.digest_of_contact(contact)
        except InvalidAddress as error:
            invalid[place] = error
            continue
        if digest is None:
            refs[place] = str(contact.ref)
        else:
            digests[place] = digest
    people = _read(BY_DIGEST, asked, list(digests), b"".join(digests.values()))
    people |= _read(BY_REF, asked, list(refs), list(refs.values()))
    answers = invalid | _decided(people, asked, now)
    unrelated = resolution.no_relationship(now)
    return [answers.get(place, unrelated) for place in range(len(contacts))]


def _decided(
    people: Mapping[int, Known], asked: Question, now: datetime
) -> dict[int, Decision | InvalidAddress]:
    silent = cache(lambda regime: resolution.decide([], replace(asked, regime=regime), now))
    decided = {
        place: checks.strictest(known.choices, known.question, now)
        if known.choices
        else silent(known.question.regime)
        for place, known in people.items()
    }
    spent = _spent(people, decided, now)
    return {
        place: timing.timed(
            decision,
            people[place].question,
            quiet_hours=people[place].quiet_hours,
            spent=spent.get(place, []),
            now=now,
        )
        if decision.allowed and (decision.limits or people[place].quiet_hours)
        else decision
        for place, decision in decided.items()
    }


def _spent(
    people: Mapping[int, Known], decided: Mapping[int, Decision], now: datetime
) -> dict[int, list[Spent]]:
    """What everybody's limits have left, in one query; none where nobody set one."""
    limited = [
        (place, subject_id, limit)
        for place, decision in decided.items()
        if decision.allowed and (subject_id := people[place].subject_id)
        for limit in decision.limits
    ]
    if not limited:
        return {}
    spent: dict[int, list[Spent]] = defaultdict(list)
    counts = budgets.spent([(subject_id, limit) for _, subject_id, limit in limited], now=now)
    for (place, _, _), each in zip(limited, counts, strict=True):
        spent[place].append(each)
    return spent


def _read(
    query: str, asked: Question, places: Sequence[int], keys: bytes | list[str]
) -> dict[int, Known]:
    """The people behind *keys*, by their *places*, who have a relationship with the brand."""
    if not keys:
        return {}
    values = {"keys": keys} | checks.values_of(asked)
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return _people(cursor.fetchall(), places, asked)


def _people(
    rows: Iterable[tuple[Any, ...]], places: Sequence[int], asked: Question
) -> dict[int, Known]:
    people: dict[int, Known] = {}
    choices: dict[int, list[Choice]] = defaultdict(list)
    regime_in = regimes.by_place(asked)
    for ordinal, subject_id, contact_point, jurisdiction, start, end, zone, *held in rows:
        place = places[ordinal - 1]
        if place not in people:
            hours = checks.read_hours((start, end, zone))
            question = _of_person(asked, contact_point, regime_in(jurisdiction))
            people[place] = Known(subject_id, question, hours, choices[place])
        if held[0] is not None:
            choices[place].append(checks.read_choice(held))
    return people


def _of_person(asked: Question, contact_point: int | None, regime: Regime) -> Question:
    of = asked.scope
    return Question(Scope(of.brand, of.purpose, of.channel, of.topic, contact_point), regime)
