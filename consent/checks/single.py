"""Answering "may this brand reach this person now?" """

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from brands import credentials
from brands.models import Channel
from consent import brand_events, identity, preferences, rules
from consent.checks import frequency_caps, send_window
from consent.decision import (
    Choice,
    Decision,
    Question,
    QuietHours,
    Scope,
    decide_by_choices,
    decide_without_relationship,
)
from consent.identity import Contact
from consent.models import Relationship
from consent.preferences import CHOICE_COLUMNS, read_choice
from consent.rules import REGIME_SQL, UnknownName
from core.db import Row, Statement

#: What is read of the person's quiet hours, for `read_hours`.
HOURS = "subject.quiet_start, subject.quiet_end, subject.time_zone"
#: The relationship, found by the person and not among all that the brand has. Beside the others,
#: without a limit, the planner may think a walk through the brand's people the cheaper way.
RELATIONSHIP = """
    LATERAL (
        SELECT id, subject_id, person_id, brand_id, jurisdiction FROM consent_relationship
        WHERE brand_id = {brand} AND ended_at IS NULL AND {person} LIMIT 1
    )
"""
#: The person for whom a brand's reference stands, in place of their subject's id.
REFERRED = """subject_id = (
            SELECT subject_id FROM consent_brandreference
            WHERE brand_id = {} AND ref = {}
        )"""
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
       purpose.has_channels, {REGIME_SQL}, relationship.person_id, identifier.id, relationship.id,
       {HOURS}, {CHOICE_COLUMNS}
FROM {{brand}}
JOIN brands_purpose purpose ON purpose.code = %(purpose)s
{{found}}
LEFT JOIN consent_subject subject ON subject.id = relationship.person_id
LEFT JOIN {CHOICES} ON true
"""


#: The relationship and the address that a brand means, by whether it names its own reference. By
#: either a relationship has one address, so both ways get the same answer.
FOUND = {
    False: f"""
LEFT JOIN consent_identifier identifier ON identifier.digest = %(digest)s
LEFT JOIN {RELATIONSHIP.format(brand="brand.id", person="subject_id = identifier.subject_id")}
    relationship ON true
""",
    True: f"""
LEFT JOIN {RELATIONSHIP.format(brand="brand.id", person=REFERRED.format("brand.id", "%(ref)s"))}
    relationship ON true
LEFT JOIN consent_identifier identifier ON identifier.subject_id = relationship.subject_id
""",
}


def _of(brand: str, *, columns: str = "") -> dict[bool, Statement]:
    """The query asked by *brand*, by whether the contact is the brand's own reference."""
    return {
        is_ref: Statement(QUERY.format(asker=columns, brand=brand, found=found))
        for is_ref, found in FOUND.items()
    }


BY_BRAND = _of("(SELECT %(brand)s::bigint AS id) brand")
#: With the asking key in the same statement, before the columns of `BY_BRAND`.
CHECK_BY_KEY = _of(
    f"({credentials.KEY_BRAND_QUERY}) brand",
    columns="brand.digest, brand.scopes, brand.id, brand.slug,",
)
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
    relationship_id: uuid.UUID | None = None


def check_contact(asked: Asked, *, now: datetime, supposing: Sequence[Choice] = ()) -> Decision:
    """Decide by what is committed at this moment, and by what the person is supposed to say.

    Raises:
        what `look_up` raises
    """
    (decision,) = check_questions([asked], now=now, supposing=supposing)
    return decision


def check_questions(
    asked: Sequence[Asked], *, now: datetime, supposing: Sequence[Choice] = ()
) -> Iterator[Decision]:
    """Answer several questions about one contact by one and the same state of what they said.

    Raises:
        what `look_up` raises
    """
    found = [read_contact(each) for each in asked]
    # What was said in between is in the newest only; each alone could answer by another state.
    newest = found[-1]
    for each in found:
        yield decide_known_contact(
            suppose_choice(newest, supposing)._replace(question=each.question), now=now
        )


def suppose_choice(known: Known, supposing: Sequence[Choice]) -> Known:
    """Put what a brand supposes in place of what the person said of the same.

    Also in place of what they said of all brands, or by one address: a recorded choice would leave
    that, and the answer would tell the brand for whom the person had meant it (ADR 28).
    """
    if not supposing:
        return known
    left = [each for each in known.choices if not _is_replaced(each, supposing)]
    return known._replace(choices=[*left, *supposing])


def _is_replaced(choice: Choice, supposing: Sequence[Choice]) -> bool:
    return choice.maker == "person" and any(
        _matter(choice) == _matter(each) and each.decision in ("clear", choice.decision)
        for each in supposing
        if each.maker == "person"
    )


def _matter(choice: Choice) -> Scope:
    """Return what the choice is about, whichever the brand and the address."""
    return choice.scope._replace(brand=None, contact_point=None)


def check_relationship(
    relationship: Relationship,
    asked: Question,
    *,
    now: datetime,
    supposing: Sequence[Choice] = (),
) -> Decision:
    """Decide about a relationship that is at hand, by its own address.

    The question has the purpose's own regime; the relationship comes with its person.
    """
    if relationship.ended_at is not None:
        return decide_without_relationship(now)
    person = relationship.person
    point = brand_events.find_contact_point(relationship.subject_id)
    place = rules.find_residence(person, relationship)
    scope = asked.scope._replace(contact_point=point)
    known = Known(
        subject_id=person.pk,
        question=Question(scope, rules.read_regimes_by_place(asked)(place)),
        quiet_hours=read_quiet_hours([person.quiet_start, person.quiet_end, person.time_zone]),
        choices=[
            *preferences.read_choices_about_brand(person.pk, relationship.brand_id),
            *supposing,
        ],
        relationship_id=relationship.pk,
    )
    return decide_known_contact(known, now=now)


def decide_known_contact(known: Known, *, now: datetime) -> Decision:
    """The whole rule. Where a limit covers a yes, what it has left costs a query."""
    if known.subject_id is None:
        return decide_without_relationship(now)
    decision = decide_by_choices(known.choices, known.question, now)
    decision = decision._replace(relationship_id=known.relationship_id)
    limits = [(known.subject_id, each) for each in decision.limits if decision.allowed]
    return send_window.apply_send_window(
        decision,
        known.question,
        quiet_hours=known.quiet_hours,
        spent=frequency_caps.count_sends(limits, now=now) if limits else [],
        now=now,
    )


def read_contact(asked: Asked) -> Known:
    """Read all that the answer takes, but for what the limits count.

    Raises:
        UnknownName: of the purpose, channel or topic.
        ChannelNeeded: the purpose has channels, and none was named.
        identifiers.InvalidAddress
    """
    values = build_query_values(asked.contact, asked.purpose, asked.channel, asked.topic)
    rows = BY_BRAND[asked.contact.ref is not None].ask(values | {"brand": asked.brand_id})
    return parse_known_contact(asked, rows)


def build_query_values(
    contact: Contact, purpose: str, channel: str | None, topic: str | None
) -> dict[str, Any]:
    """What `QUERY` asks for, but for who asks.

    Raises:
        identifiers.InvalidAddress
    """
    return {
        "digest": identity.compute_contact_digest(contact),
        "ref": contact.ref,
        "purpose": purpose,
        "channel": channel,
        "topic": topic,
    }


def parse_known_contact(asked: Asked, rows: Sequence[Row]) -> Known:
    """What the rows of `BY_BRAND` say. Raises what `look_up` raises."""
    if asked.channel is not None and asked.channel not in CHANNELS:
        raise UnknownName("channel", asked.channel)
    if not rows:
        raise UnknownName("purpose", asked.purpose)
    topic_is_known, has_channels, regime, subject_id, identifier, relationship, *hours = rows[0][:9]
    if not topic_is_known:
        raise UnknownName("topic", str(asked.topic))
    if has_channels and asked.channel is None:
        raise ChannelNeeded(f"{asked.purpose} is about messages: say on which channel")
    scope = Scope(asked.brand_id, asked.purpose, asked.channel, asked.topic, identifier)
    return Known(
        subject_id=subject_id,
        question=Question(scope, regime),
        quiet_hours=read_quiet_hours(hours),
        choices=[read_choice(row[9:]) for row in rows if row[9] is not None],
        relationship_id=relationship,
    )


def build_row_values(question: Question) -> dict[str, Any]:
    """What `CHOICES` and `COVERING` ask for."""
    scope = question.scope
    return {
        "brand": scope.brand,
        "purpose": scope.purpose,
        "channel": scope.channel,
        "topic": scope.topic,
    }


def read_quiet_hours(row: Sequence[Any]) -> QuietHours | None:
    """The person's quiet hours from the values of `HOURS`."""
    start, end, zone = row
    return None if start is None or end is None else QuietHours(start, end, zone)
