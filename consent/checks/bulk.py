"""Bulk checks: the same question about thousands of contacts at once."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, partial
from itertools import islice
from typing import Any

import orjson

from brands.models import Channel, Purpose, Topic
from consent import identity, preferences, rules
from consent.checks import frequency_caps, send_window, single
from consent.checks.single import (
    CHOICES,
    COVERING,
    HOURS,
    REFERRED,
    RELATIONSHIP,
    ChannelNeeded,
    Known,
)
from consent.decision import (
    Choice,
    Decision,
    Question,
    Regime,
    Scope,
    decide_by_choices,
    decide_without_relationship,
)
from consent.identity import Contact, InvalidAddress
from consent.preferences import CHOICE_COLUMNS
from consent.rules import JURISDICTION_SQL, UnknownName
from core.db import Row, Statement

#: The number of contacts in one query. The previous chunk is decided about while it runs.
CHUNK = 1_000
#: Reads the choices of each contact with a relationship, by the contact's place in the list. The
#: LIMIT clauses keep the planner from scanning a whole table, however small it is today, instead of
#: reading one row per contact.
QUERY = Statement(f"""
SELECT relationship.place, relationship.person_id, relationship.contact_point, {JURISDICTION_SQL},
       relationship.id, {HOURS}, {CHOICE_COLUMNS}
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
    SELECT asked.place::int, known.*, address.id
    FROM json_each_text(%(refs)s::json) asked (place, ref)
    JOIN {
    RELATIONSHIP.format(brand="%(brand)s", person=REFERRED.format("%(brand)s", "asked.ref"))
} known ON true
    LEFT JOIN LATERAL (
        SELECT id FROM consent_identifier WHERE subject_id = known.subject_id LIMIT 1
    ) address ON true
) relationship
JOIN LATERAL (
    SELECT * FROM consent_subject WHERE id = relationship.person_id LIMIT 1
) subject ON true
LEFT JOIN {CHOICES} ON {COVERING}
""")
Answer = Decision | InvalidAddress
#: Marks a contact without a digest. No address has this digest.
NO_DIGEST = bytes(32)


def build_bulk_question(
    brand_id: int, *, purpose: str, channel: str | None = None, topic: str | None = None
) -> Question:
    """Return the question that one brand asks about many contacts, without a contact.

    Its regime is the purpose's own. Another regime may apply where a person lives.

    Raises:
        UnknownName: the purpose, channel or topic does not exist.
        ChannelNeeded: the purpose has channels, and none was named.
    """
    found = Purpose.objects.filter(code=purpose).first()
    if found is None:
        raise UnknownName("purpose", purpose)
    if channel is not None and channel not in Channel.values:
        raise UnknownName("channel", channel)
    if found.has_channels and channel is None:
        raise ChannelNeeded(f"the purpose {purpose!r} is about messages: name a channel")
    own = Topic.objects.filter(brand=brand_id, code=topic, purpose=found)
    if topic is not None and not own.exists():
        raise UnknownName("topic", topic)
    return Question(Scope(brand_id, purpose, channel, topic), found.regime)  # type: ignore[arg-type]


def check_contacts(
    asked: Question,
    contacts: Sequence[Contact],
    *,
    now: datetime,
    supposing: Sequence[Choice] = (),
) -> Iterator[Answer]:
    """Yield a decision about each contact, in their order, or the error of an invalid address.

    *supposing* are choices that each person is assumed to make, as `ledger.suppose_choices` returns
    them. Each contact gets the answer that a single check would give. Until the iterator is
    exhausted or closed, this thread's database connection cannot run another query.
    """
    held: list[_Chunk] = []
    for chunk in _chunks(asked, contacts, now, supposing):
        if held or chunk.limited:  # the limits can be counted only after the last query
            held.append(chunk)
        else:
            yield from chunk.answers
    _count(held, now)
    for chunk in held:
        yield from chunk.answers


@dataclass(slots=True)
class _Chunk:
    """Part of the answers. `limited`, by place, has those whose limits are still to be counted."""

    answers: list[Answer]
    limited: dict[int, Known] = field(default_factory=dict)


def _chunks(
    asked: Question, contacts: Sequence[Contact], now: datetime, supposing: Sequence[Choice]
) -> Iterator[_Chunk]:
    deciding = _Deciding(now)
    regime_in = _regimes(asked)
    begun: deque[_Chunk] = deque()

    def values() -> Iterator[dict[str, Any]]:
        for first in range(0, len(contacts), CHUNK):
            some = contacts[first : first + CHUNK]
            begun.append(_Chunk([decide_without_relationship(now)] * len(some)))
            yield single.build_row_values(asked) | _keys(some, begun[-1])

    for rows in QUERY.ask_each(values()):
        chunk = begun.popleft()
        for place, found in _people(rows, asked, regime_in).items():
            known = single.suppose_choice(found, supposing)
            chunk.answers[place] = decision = deciding.about(known)
            if decision.allowed and decision.limits:
                chunk.limited[place] = known
        yield chunk


def _regimes(asked: Question) -> Callable[[str | None], Regime]:
    """Return a lookup of the regime by residence.

    It reads the rows now, while the connection is free.
    """
    return cache(partial(rules.read_regimes(purpose=asked.scope.purpose).find_regime, asked))


class _Deciding:
    """Decisions about one question at one moment, without what the limits leave.

    Most people made no choice, or one choice without an end, a limit or an address. The verdict on
    such a choice is the same for everybody, so it is computed once and cached.
    """

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.verdicts: dict[tuple[object, ...], Decision] = {}

    def about(self, known: Known) -> Decision:
        decision = self._decided(known)
        if known.quiet_hours is None:
            return decision
        return send_window.apply_send_window(
            decision, known.question, quiet_hours=known.quiet_hours, spent=[], now=self.now
        )

    def _decided(self, known: Known) -> Decision:
        said = known.choices[0] if known.choices else None
        if len(known.choices) > 1 or (said and not _is_plain(said, known.question)):
            decision = decide_by_choices(known.choices, known.question, self.now)
            return decision._replace(relationship_id=known.relationship_id)
        # A choice about this address and one about any address have the same effect here.
        about = said and (said.scope._replace(contact_point=None), *said[3:5], said.basis)
        key = (known.question.regime, about)
        if (verdict := self.verdicts.get(key)) is None:
            verdict = decide_by_choices(known.choices, known.question, self.now)
            self.verdicts[key] = verdict
        because = None if verdict.because is None else said
        return Decision(
            verdict.allowed,
            verdict.rule,
            self.now,
            because=because,
            relationship_id=known.relationship_id,
        )


def _is_plain(said: Choice, question: Question) -> bool:
    ends = said.until is not None or said.expires_at is not None
    of_it = said.scope.contact_point in (None, question.scope.contact_point)
    return not ends and said.limit is None and of_it


def _keys(contacts: Sequence[Contact], chunk: _Chunk) -> dict[str, Any]:
    """Return the query values that find the people, and answer invalid addresses at once.

    The digests are concatenated in one value. Writing an array of them costs more than all the
    joins.
    """
    digests = [NO_DIGEST] * len(contacts)
    refs: dict[str, str | None] = {}
    for place, contact in enumerate(contacts):
        try:
            digest = identity.compute_contact_digest(contact)
        except InvalidAddress as error:
            chunk.answers[place] = error
            continue
        if digest is None:
            refs[str(place)] = contact.ref
        else:
            digests[place] = digest
    return {"digests": b"".join(digests), "refs": orjson.dumps(refs).decode()}


def _people(
    rows: Iterable[Row], asked: Question, regime_in: Callable[[str | None], Regime]
) -> dict[int, Known]:
    """Return the data of each person that the rows contain, by place."""
    people: dict[int, Known] = {}
    matter = asked.scope[:4]
    for row in rows:
        if (known := people.get(row[0])) is None:
            question = Question(Scope(*matter, row[2]), regime_in(row[3]))
            hours = single.read_quiet_hours(row[5:8])
            known = people[row[0]] = Known(row[1], question, hours, [], row[4])
        if row[8] is not None:
            known.choices.append(preferences.read_choice(row[8:]))
    return people


def _count(chunks: Sequence[_Chunk], now: datetime) -> None:
    """Apply the limits to all answers with one query; with no query if there are no limits."""
    limited = [(chunk, place, known) for chunk in chunks for place, known in chunk.limited.items()]
    wanted = [
        (known.subject_id, limit)
        for chunk, place, known in limited
        for limit in _decision(chunk, place).limits
        if known.subject_id
    ]
    spent = iter(frequency_caps.count_sends(wanted, now=now) if wanted else [])
    for chunk, place, known in limited:
        decision = _decision(chunk, place)
        chunk.answers[place] = send_window.apply_send_window(
            decision,
            known.question,
            quiet_hours=known.quiet_hours,
            spent=list(islice(spent, len(decision.limits))),
            now=now,
        )


def _decision(chunk: _Chunk, place: int) -> Decision:
    answer = chunk.answers[place]
    assert isinstance(answer, Decision)  # only decisions have limits to count
    return answer
