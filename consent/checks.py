"""Answering "may this brand reach this person now?" """

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from brands import keys
from brands.models import Channel
from brands.prepared import Row, Statement
from consent import budgets, identifiers, resolution, timing
from consent.identifiers import Contact
from consent.quiet_hours import QuietHours
from consent.regimes import REGIME
from consent.resolution import Choice, Decision, Limit, Question, Scope
from consent.scopes import UnknownName

#: What is read of each choice, for `read_choice`.
COLUMNS = (
    "held.entry_id, held.subject_seq, held.brand_id, held.purpose_id, held.channel, held.topic, "
    "held.contact_point_id, held.decision, held.maker, held.made_at, held.basis, held.until, "
    "held.expires_at, held.limit_max, held.limit_per"
)
#: What is read of the person's quiet hours, for `read_hours`.
HOURS = "subject.quiet_start, subject.quiet_end, subject.time_zone"
#: The relationship, found by the person and not among all that the brand has. Beside the others,
#: without a limit, the planner may think a walk through the brand's people the cheaper way.
RELATIONSHIP = """
    LATERAL (
        SELECT id, person_id, brand_id, jurisdiction FROM consent_relationship
        WHERE brand_id = {brand} AND ended_at IS NULL AND {person} LIMIT 1
    )
"""
#: What a person said to one brand, and to any: two probes of the index of slots, where an OR would
#: read all that they ever said to anybody.
CHOICES = """
    LATERAL (
        SELECT * FROM consent_preference
        WHERE subject_id = relationship.person_id AND brand_id = relationship.brand_id
        UNION ALL
        SELECT * FROM consent_preference
        WHERE subject_id = relationship.person_id AND brand_id IS NULL
    ) held
"""
#: For many at once, of these only what can cover the question; `values_of` has the values.
COVERING = """
    (held.purpose_id = %(purpose)s OR held.purpose_id IS NULL)
    AND (held.channel = %(channel)s OR held.channel IS NULL)
    AND (held.topic = %(topic)s OR held.topic IS NULL)
"""
# One query a check, the same for a known and an unknown address: what differs is only which of
# the left joins finds a row. The first column tells an unknown topic from a known one.
QUERY = f"""
SELECT {{asker}}
       %(topic)s::text IS NULL OR EXISTS (
           SELECT FROM brands_topic
           WHERE brand_id = brand.id AND code = %(topic)s AND purpose_id = %(purpose)s),
       purpose.has_channels, {REGIME}, relationship.person_id, identifier.id,
       {HOURS}, {COLUMNS}
FROM {{brand}}
JOIN brands_purpose purpose ON purpose.code = %(purpose)s
LEFT JOIN consent_identifier identifier ON identifier.digest = %(digest)s
LEFT JOIN {{relationship}} relationship ON true
LEFT JOIN consent_subject subject ON subject.id = relationship.person_id
LEFT JOIN {CHOICES} ON true
"""


def _of(brand: str, *, columns: str = "") -> dict[bool, Statement]:
    """The query asked by *brand*, by whether the contact is the brand's own reference."""
    persons = {False: "subject_id = identifier.subject_id", True: "ref = %(ref)s"}
    return {
        is_ref: Statement(
            QUERY.format(
                asker=columns,
                brand=brand,
                relationship=RELATIONSHIP.format(brand="brand.id", person=person),
            )
        )
        for is_ref, person in persons.items()
    }


BY_BRAND = _of("(SELECT %(brand)s::bigint AS id) brand")
#: With the asking key in the same statement, before the columns of `BY_BRAND`.
BY_KEY = _of(f"({keys.ASKER}) brand", columns="brand.digest, brand.scopes, brand.id, brand.slug,")
CHANNELS = frozenset(Channel.values)


class ChannelNeeded(ValueError):
    """A question without a channel, about a purpose where the channel makes the difference."""

    field = "channel"


@dataclass(frozen=True, slots=True)
class Asked:
    """One brand's question about one contact."""

    brand_id: int
    contact: Contact
    purpose: str
    channel: str | None = None
    topic: str | None = None


class Known(NamedTuple):
    """What is recorded of whoever a brand asked about; no subject is no relationship."""

    subject_id: uuid.UUID | None
    question: Question
    quiet_hours: QuietHours | None
    choices: list[Choice]


def check(asked: Asked, *, now: datetime, supposing: Sequence[Choice] = ()) -> Decision:
    """Decide by what is committed at this moment, and by what the person is supposed to say.

    Raises:
        what `look_up` raises
    """
    (decision,) = check_each([asked], now=now, supposing=supposing)
    return decision


def check_each(
    asked: Sequence[Asked], *, now: datetime, supposing: Sequence[Choice] = ()
) -> Iterator[Decision]:
    """Answer several questions about one contact by one and the same state of what they said.

    Raises:
        what `look_up` raises
    """
    found = [look_up(each) for each in asked]
    # What was said in between is in the newest only; each alone could answer by another state.
    newest = found[-1]
    for each in found:
        whole = newest._replace(question=each.question, choices=[*newest.choices, *supposing])
        yield decide(whole, now=now)


def decide(known: Known, *, now: datetime) -> Decision:
    """The whole rule. Where a limit covers a yes, what it has left costs a query."""
    if known.subject_id is None:
        return resolution.no_relationship(now)
    decision = strictest(known.choices, known.question, now)
    limits = [(known.subject_id, each) for each in decision.limits if decision.allowed]
    return timing.timed(
        decision,
        known.question,
        quiet_hours=known.quiet_hours,
        spent=budgets.spent(limits, now=now) if limits else [],
        now=now,
    )


def look_up(asked: Asked) -> Known:
    """Read all that the answer takes, but for what the limits count.

    Raises:
        UnknownName: of the purpose, channel or topic.
        ChannelNeeded: the purpose has channels, and none was named.
        identifiers.InvalidAddress
    """
    values = values_about(asked.contact, asked.purpose, asked.channel, asked.topic)
    rows = BY_BRAND[asked.contact.ref is not None].ask(values | {"brand": asked.brand_id})
    return read_known(asked, rows)


def values_about(
    contact: Contact, purpose: str, channel: str | None, topic: str | None
) -> dict[str, Any]:
    """What `QUERY` asks for, but for who asks.

    Raises:
        identifiers.InvalidAddress
    """
    return {
        "digest": identifiers.digest_of_contact(contact),
        "ref": contact.ref,
        "purpose": purpose,
        "channel": channel,
        "topic": topic,
    }


def read_known(asked: Asked, rows: Sequence[Row]) -> Known:
    """What the rows of `BY_BRAND` say. Raises what `look_up` raises."""
    if asked.channel is not None and asked.channel not in CHANNELS:
        raise UnknownName("channel", asked.channel)
    if not rows:
        raise UnknownName("purpose", asked.purpose)
    topic_is_known, has_channels, regime, subject_id, identifier, *hours = rows[0][:8]
    if not topic_is_known:
        raise UnknownName("topic", str(asked.topic))
    if has_channels and asked.channel is None:
        raise ChannelNeeded(f"{asked.purpose} is about messages: say on which channel")
    scope = Scope(asked.brand_id, asked.purpose, asked.channel, asked.topic, identifier)
    return Known(
        subject_id=subject_id,
        question=Question(scope, regime),
        quiet_hours=read_hours(hours),
        choices=[read_choice(row[8:]) for row in rows if row[8] is not None],
    )


def strictest(choices: Sequence[Choice], question: Question, now: datetime) -> Decision:
    """Asked by reference, the brand may mean any address: the strictest answer is for all."""
    if question.scope.contact_point is not None:
        return resolution.decide(choices, question, now)
    named = {c.scope.contact_point for c in choices if c.scope.contact_point is not None}
    scopes = [question.scope._replace(contact_point=point) for point in [None, *sorted(named)]]
    answers = [resolution.decide(choices, question._replace(scope=each), now) for each in scopes]
    return min(answers, key=lambda answer: answer.allowed)._replace(
        valid_until=min((a.valid_until for a in answers if a.valid_until), default=None),
        limits=tuple({c.entry: c for a in answers for c in a.limits}.values()),
    )


def values_of(question: Question) -> dict[str, Any]:
    """What `CHOICES` and `COVERING` ask for."""
    scope = question.scope
    return {
        "brand": scope.brand,
        "purpose": scope.purpose,
        "channel": scope.channel,
        "topic": scope.topic,
    }


def read_hours(row: Sequence[Any]) -> QuietHours | None:
    """The person's quiet hours from the values of `HOURS`."""
    start, end, zone = row
    return None if start is None or end is None else QuietHours(start, end, zone)


def read_choice(row: Sequence[Any]) -> Choice:
    """A choice from the values of `COLUMNS`, whose order is that of its fields."""
    entry, seq = row[:2]
    decision, maker, made_at, basis, until, expires_at, most, per = row[7:15]
    limit = None if most is None else Limit(most, per)
    scope = Scope._make(row[2:7])
    return Choice(entry, seq, scope, decision, maker, made_at, basis, until, expires_at, limit)
