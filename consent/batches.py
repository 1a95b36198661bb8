"""Answering the same question about thousands of contacts at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache, partial
from typing import Any

import orjson

from brands.models import Channel, Purpose, Topic
from brands.prepared import Row, Statement
from consent import budgets, checks, identifiers, regimes, resolution, timing
from consent.budgets import Spent
from consent.checks import (
    CHOICES,
    COLUMNS,
    COVERING,
    HOURS,
    RELATIONSHIP,
    ChannelNeeded,
    Known,
)
from consent.identifiers import Contact, InvalidAddress
from consent.residence import JURISDICTION
from consent.resolution import Decision, Question, Regime, Scope
from consent.scopes import UnknownName

#: So many contacts are looked up at once, while the ones before are decided about.
CHUNK = 2_000
#: Of each contact with a relationship, by its place: what was said. The limits keep the planner
#: from reading a whole table, however small it is today, in place of one row a contact.
QUERY = Statement(f"""
SELECT relationship.place, relationship.subject_id, relationship.contact_point, {JURISDICTION},
       {HOURS}, {COLUMNS}
FROM (
    SELECT place, known.*, identifier.id AS contact_point
    FROM generate_series(0, length(%(digests)s::bytea) / 32 - 1) place
    JOIN LATERAL (
        SELECT id, subject_id FROM consent_identifier
        WHERE digest = substring(%(digests)s::bytea FROM 32 * place + 1 FOR 32) LIMIT 1
    ) identifier ON true
    JOIN {RELATIONSHIP.format(brand="%(brand)s", person="subject_id = identifier.subject_id")}
        known ON true
    UNION ALL
    SELECT asked.place::int, known.*, NULL
    FROM json_each_text(%(refs)s::json) asked (place, ref)
    JOIN {RELATIONSHIP.format(brand="%(brand)s", person="ref = asked.ref")} known ON true
) relationship
JOIN LATERAL (
    SELECT * FROM consent_subject WHERE id = relationship.subject_id LIMIT 1
) subject ON true
LEFT JOIN {CHOICES} ON {COVERING}
""")
#: Stands where a contact has no digest. Nobody's is that.
NO_DIGEST = bytes(32)


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
    answers: list[Decision | InvalidAddress] = [resolution.no_relationship(now)] * len(contacts)
    silent = cache(lambda regime: resolution.decide([], asked._replace(regime=regime), now))
    people: dict[int, Known] = {}
    decided: dict[int, Decision] = {}
    for found in _look_up(asked, contacts, answers):
        people |= found
        for place, known in found.items():
            decided[place] = (
                checks.strictest(known.choices, known.question, now)
                if known.choices
                else silent(known.question.regime)
            )
    for place, decision in (decided | _timed(people, decided, now)).items():
        answers[place] = decision
    return answers


def _look_up(
    asked: Question, contacts: Sequence[Contact], answers: list[Decision | InvalidAddress]
) -> Iterator[dict[int, Known]]:
    """Whoever has a relationship, by place, chunk by chunk; what is no address is answered."""
    starts = range(0, len(contacts), CHUNK)
    values = (_keys(contacts[first : first + CHUNK], first, answers) for first in starts)
    matter = checks.values_of(asked)
    held = regimes.read(purpose=asked.scope.purpose)  # before: later the connection is taken
    regime_in = cache(partial(held.of, asked))
    for first, rows in zip(starts, QUERY.ask_each(matter | each for each in values), strict=True):
        yield _people(rows, asked, first, regime_in)


def _keys(
    contacts: Sequence[Contact], first: int, answers: list[Decision | InvalidAddress]
) -> dict[str, Any]:
    """What finds the people behind *contacts*.

    Digests lie side by side in one value: an array of them costs more to write than all the joins.
    """
    digests = [NO_DIGEST] * len(contacts)
    refs: dict[str, str | None] = {}
    for place, contact in enumerate(contacts):
        try:
            digest = identifiers.digest_of_contact(contact)
        except InvalidAddress as error:
            answers[first + place] = error
            continue
        if digest is None:
            refs[str(place)] = contact.ref
        else:
            digests[place] = digest
    return {"digests": b"".join(digests), "refs": orjson.dumps(refs).decode()}


def _people(
    rows: Iterable[Row], asked: Question, first: int, regime_in: Callable[[str | None], Regime]
) -> dict[int, Known]:
    """What the rows say of each, by the place among all contacts."""
    people: dict[int, Known] = {}
    for row in rows:
        place = first + row[0]
        if (known := people.get(place)) is None:
            question = Question(asked.scope._replace(contact_point=row[2]), regime_in(row[3]))
            known = people[place] = Known(row[1], question, checks.read_hours(row[4:7]), [])
        if row[7] is not None:
            known.choices.append(checks.read_choice(row[7:]))
    return people


def _timed(
    people: Mapping[int, Known], decided: Mapping[int, Decision], now: datetime
) -> dict[int, Decision]:
    """The decisions again to which hours or limits have something to add."""
    spent = _spent(people, decided, now)
    return {
        place: timing.timed(
            decision,
            people[place].question,
            quiet_hours=people[place].quiet_hours,
            spent=spent.get(place, []),
            now=now,
        )
        for place, decision in decided.items()
        if decision.allowed and (decision.limits or people[place].quiet_hours)
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
