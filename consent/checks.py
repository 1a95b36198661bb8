"""Answering "may this brand reach this person now?" """

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from brands import prepared
from brands.models import Channel
from consent import budgets, identifiers, resolution, timing
from consent.identifiers import Contact
from consent.quiet_hours import QuietHours
from consent.regimes import REGIME
from consent.resolution import Choice, Decision, Limit, Question, Scope
from consent.scopes import UnknownName

#: What is read of each choice, for `read_choice`. Times come as microseconds since 1970: reading a
#: timestamp as text costs more than all the rest of a check.
COLUMNS = (
    "held.entry_id, held.subject_seq, held.brand_id, held.purpose_id, held.channel, held.topic, "
    "held.contact_point_id, held.decision, held.maker, held.basis, held.limit_max, held.limit_per, "
    + ", ".join(
        f"(extract(epoch FROM held.{name}) * 1000000)::bigint"
        for name in ("made_at", "until", "expires_at")
    )
)
#: What is read of the person's quiet hours, for `read_hours`.
HOURS = "subject.quiet_start, subject.quiet_end, subject.time_zone"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: What a person said to one brand, and to any: two probes of the index of slots, where an OR would
#: read all that they ever said to anybody.
CHOICES = """
    LATERAL (
        SELECT * FROM consent_preference
        WHERE subject_id = relationship.subject_id AND brand_id = %(brand)s
        UNION ALL
        SELECT * FROM consent_preference
        WHERE subject_id = relationship.subject_id AND brand_id IS NULL
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
SELECT %(topic)s::text IS NULL OR EXISTS (
           SELECT FROM brands_topic
           WHERE brand_id = %(brand)s AND code = %(topic)s AND purpose_id = %(purpose)s),
       purpose.has_channels, {REGIME}, relationship.subject_id, identifier.id,
       {HOURS}, {COLUMNS}
FROM brands_purpose purpose
LEFT JOIN consent_identifier identifier ON identifier.digest = %(digest)s
LEFT JOIN consent_relationship relationship
    ON relationship.brand_id = %(brand)s AND relationship.ended_at IS NULL AND {{person}}
LEFT JOIN consent_subject subject ON subject.id = relationship.subject_id
LEFT JOIN {CHOICES} ON true
WHERE purpose.code = %(purpose)s
"""
BY_ADDRESS = QUERY.format(person="relationship.subject_id = identifier.subject_id")
BY_REF = QUERY.format(person="relationship.ref = %(ref)s")


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


@dataclass(frozen=True, slots=True)
class Known:
    """What is recorded of whoever a brand asked about; no subject is no relationship."""

    subject_id: uuid.UUID | None
    question: Question
    quiet_hours: QuietHours | None
    choices: Sequence[Choice]


def check(asked: Asked, *, now: datetime, supposing: Sequence[Choice] = ()) -> Decision:
    """Decide by what is committed at this moment, and by what the person is supposed to say.

    Raises:
        what `look_up` raises
    """
    known = look_up(asked)
    if supposing:
        known = replace(known, choices=[*known.choices, *supposing])
    return decide(known, now=now)


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
    if asked.channel is not None and asked.channel not in Channel.values:
        raise UnknownName("channel", asked.channel)
    rows = _read(asked)
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
    scopes = [replace(question.scope, contact_point=point) for point in [None, *sorted(named)]]
    answers = [resolution.decide(choices, replace(question, scope=each), now) for each in scopes]
    return replace(
        min(answers, key=lambda answer: answer.allowed),
        valid_until=min((a.valid_until for a in answers if a.valid_until), default=None),
        limits=tuple({c.entry: c for a in answers for c in a.limits}.values()),
    )


def _read(asked: Asked) -> Sequence[tuple[Any, ...]]:
    values: dict[str, Any] = {
        "brand": asked.brand_id,
        "purpose": asked.purpose,
        "channel": asked.channel,
        "topic": asked.topic,
        "digest": identifiers.digest_of_contact(asked.contact),
        "ref": asked.contact.ref,
    }
    return prepared.ask(BY_REF if asked.contact.ref is not None else BY_ADDRESS, values)


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
    """A choice from the values of `COLUMNS`."""
    entry, seq, brand, purpose, channel, topic, point, decision, maker, basis, *rest = row
    most, per, made_at, until, expires_at = rest
    return Choice(
        entry,
        seq,
        Scope(brand, purpose, channel, topic, point),
        decision,
        maker,
        EPOCH + timedelta(microseconds=made_at),
        basis,
        None if until is None else EPOCH + timedelta(microseconds=until),
        None if expires_at is None else EPOCH + timedelta(microseconds=expires_at),
        None if most is None else Limit(most, per),
    )
