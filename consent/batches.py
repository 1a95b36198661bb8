"""Answering the same question about thousands of contacts at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from brands.models import Channel, Purpose, Topic
from consent import checks, identifiers, resolution
from consent.checks import CHOICES, COLUMNS, ChannelNeeded
from consent.identifiers import Contact, InvalidAddress
from consent.resolution import Choice, Decision, Question, Scope
from consent.scopes import UnknownName

#: Of each contact (by its place among those asked about) with a relationship: what was said.
QUERY = f"""
SELECT asked.place, {{contact_point}}, {COLUMNS}
FROM {{asked}} AS asked (key, place)
{{people}}
LEFT JOIN {CHOICES}
    ON (held.purpose_id = %(purpose)s OR held.purpose_id IS NULL)
    AND (held.channel = %(channel)s OR held.channel IS NULL)
    AND (held.topic = %(topic)s OR held.topic IS NULL)
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


@dataclass(slots=True)
class Person:
    """What is known of one contact that has a relationship."""

    contact_point: int | None
    choices: list[Choice]


def question(
    brand_id: int, *, purpose: str, channel: str | None = None, topic: str | None = None
) -> Question:
    """The question that one brand asks about many, with everything but the contact.

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
    invalid: dict[int, InvalidAddress] = {}
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
    unrelated = resolution.no_relationship(now)
    silent = resolution.decide([], asked, now)

    def answer(place: int) -> Decision | InvalidAddress:
        if person := people.get(place):
            return _decide(asked, person, now) if person.choices else silent
        return invalid.get(place, unrelated)

    return [answer(place) for place in range(len(contacts))]


def _decide(asked: Question, person: Person, now: datetime) -> Decision:
    of = asked.scope
    scope = Scope(of.brand, of.purpose, of.channel, of.topic, person.contact_point)
    return checks.decide(person.choices, Question(scope, asked.regime), now)


def _read(
    query: str, asked: Question, places: Sequence[int], keys: bytes | list[str]
) -> dict[int, Person]:
    """The people behind *keys*, by their *places*, who have a relationship with the brand."""
    if not keys:
        return {}
    scope = asked.scope
    values: dict[str, Any] = {
        "keys": keys,
        "brand": scope.brand,
        "purpose": scope.purpose,
        "channel": scope.channel,
        "topic": scope.topic,
    }
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return _people(cursor.fetchall(), places)


def _people(rows: Iterable[tuple[Any, ...]], places: Sequence[int]) -> dict[int, Person]:
    people: dict[int, Person] = defaultdict(lambda: Person(None, []))
    for ordinal, contact_point, *held in rows:
        person = people[places[ordinal - 1]]
        person.contact_point = contact_point
        if held[0] is not None:
            person.choices.append(checks.read_choice(held))
    return dict(people)
