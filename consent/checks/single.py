"""Single checks of whether a brand may reach a person now."""

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
from core.errors import DomainError

#: The columns of the person's quiet hours, for `read_quiet_hours`.
HOURS = "subject.quiet_start, subject.quiet_end, subject.time_zone"
#: The relationship, found through the person and not among all relationships of the brand. In a
#: plain join without a LIMIT, the planner may prefer a scan of all the brand's people.
RELATIONSHIP = """
    LATERAL (
        SELECT id, subject_id, person_id, brand_id, jurisdiction FROM consent_relationship
        WHERE brand_id = {brand} AND ended_at IS NULL AND {person} LIMIT 1
    )
"""
#: A condition that finds the person by the brand's reference instead of their subject's id.
REFERRED = """subject_id = (
            SELECT subject_id FROM consent_brandreference
            WHERE brand_id = {} AND ref = {}
        )"""
#: A person's choices about one brand and about any brand. Two probes of the index of slots are
#: faster than an OR, which would read all choices the person ever made.
CHOICES = """
    LATERAL (
        SELECT * FROM consent_preference
        WHERE subject_id = relationship.person_id AND brand_id = relationship.brand_id
        UNION ALL
        SELECT * FROM consent_preference
        WHERE subject_id = relationship.person_id AND brand_id IS NULL
    ) held
"""
#: In a bulk query, only the choices that can cover the question; `build_row_values` has the values.
COVERING = """
    (held.purpose_id = %(purpose)s OR held.purpose_id IS NULL)
    AND (held.channel = %(channel)s OR held.channel IS NULL)
    AND (held.topic = %(topic)s OR held.topic IS NULL)
"""
# Each check is one query, the same for a known and an unknown address. They differ only in which of
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


#: The relationship and the address of the contact, by whether the contact is a brand's reference. A
#: relationship has one address, so both ways give the same answer.
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


def _build_queries(brand: str, *, columns: str = "") -> dict[bool, Statement]:
    """Return the query for *brand*, by whether the contact is the brand's own reference."""
    return {
        is_ref: Statement(QUERY.format(asker=columns, brand=brand, found=found))
        for is_ref, found in FOUND.items()
    }


BY_BRAND = _build_queries("(SELECT %(brand)s::bigint AS id) brand")
#: Also checks the API key in the same statement. Its columns come before those of `BY_BRAND`.
CHECK_BY_KEY = _build_queries(
    f"({credentials.KEY_BRAND_QUERY}) brand",
    columns="brand.digest, brand.scopes, brand.id, brand.slug,",
)
CHANNELS = frozenset(Channel.values)


class ChannelNeeded(DomainError):
    """A question without a channel about a purpose that has channels."""

    code = "channel_needed"
    field = "channel"


@dataclass(frozen=True, slots=True)
class Asked:
    """A brand's question about one contact."""

    brand_id: int
    contact: Contact
    purpose: str
    channel: str | None = None
    topic: str | None = None


class Known(NamedTuple):
    """The data of the contact that a brand asked about.

    Without a subject there is no relationship.
    """

    subject_id: uuid.UUID | None
    question: Question
    quiet_hours: QuietHours | None
    choices: list[Choice]
    relationship_id: uuid.UUID | None = None


def check_contact(asked: Asked, *, now: datetime, supposing: Sequence[Choice] = ()) -> Decision:
    """Decide by what is committed now, as if the person also made the choices in *supposing*.

    Raises:
        UnknownName, ChannelNeeded, InvalidAddress: as for `read_contact`.
    """
    (decision,) = check_questions([asked], now=now, supposing=supposing)
    return decision


def check_questions(
    asked: Sequence[Asked], *, now: datetime, supposing: Sequence[Choice] = ()
) -> Iterator[Decision]:
    """Answer several questions about one contact from a single snapshot of their choices.

    Raises:
        UnknownName, ChannelNeeded, InvalidAddress: as for `read_contact`.
    """
    found = [read_contact(each) for each in asked]
    # Only the last read has choices made in between. Each read by itself could be of another state.
    newest = found[-1]
    for each in found:
        yield decide_known_contact(
            suppose_choice(newest, supposing)._replace(question=each.question), now=now
        )


def suppose_choice(known: Known, supposing: Sequence[Choice]) -> Known:
    """Replace the person's choices by the assumed choices about the same matter.

    This also replaces choices about all brands or about one address, which a recorded choice would
    leave in place. Otherwise the answer would reveal for whom the person had made them (ADR 28).
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
    """Return the scope of the choice without the brand and the address."""
    return choice.scope._replace(brand=None, contact_point=None)


def check_relationship(
    relationship: Relationship,
    asked: Question,
    *,
    now: datetime,
    supposing: Sequence[Choice] = (),
) -> Decision:
    """Decide about an already loaded relationship, by its own address.

    *asked* must have the purpose's own regime. The relationship must be loaded with its person.
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
    """Apply the whole rule. If a limit covers a yes, counting its sends costs one query."""
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
    """Read everything the answer needs, except for the sends that the limits count.

    Raises:
        UnknownName: the purpose, channel or topic does not exist.
        ChannelNeeded: the purpose has channels, and none was named.
        identity.InvalidAddress: the contact is not a valid address.
    """
    values = build_query_values(asked.contact, asked.purpose, asked.channel, asked.topic)
    rows = BY_BRAND[asked.contact.ref is not None].ask(values | {"brand": asked.brand_id})
    return parse_known_contact(asked, rows)


def build_query_values(
    contact: Contact, purpose: str, channel: str | None, topic: str | None
) -> dict[str, Any]:
    """Return the values for `QUERY`, except for the asking brand.

    Raises:
        identity.InvalidAddress: the contact is not a valid address.
    """
    return {
        "digest": identity.compute_contact_digest(contact),
        "ref": contact.ref,
        "purpose": purpose,
        "channel": channel,
        "topic": topic,
    }


def parse_known_contact(asked: Asked, rows: Sequence[Row]) -> Known:
    """Return the data in the rows of `BY_BRAND`.

    Raises:
        UnknownName: the purpose, channel or topic does not exist.
        ChannelNeeded: the purpose has channels, and none was named.
    """
    if asked.channel is not None and asked.channel not in CHANNELS:
        raise UnknownName("channel", asked.channel)
    if not rows:
        raise UnknownName("purpose", asked.purpose)
    topic_is_known, has_channels, regime, subject_id, identifier, relationship, *hours = rows[0][:9]
    if not topic_is_known:
        raise UnknownName("topic", str(asked.topic))
    if has_channels and asked.channel is None:
        raise ChannelNeeded(f"the purpose {asked.purpose!r} is about messages: name a channel")
    scope = Scope(asked.brand_id, asked.purpose, asked.channel, asked.topic, identifier)
    return Known(
        subject_id=subject_id,
        question=Question(scope, regime),
        quiet_hours=read_quiet_hours(hours),
        choices=[read_choice(row[9:]) for row in rows if row[9] is not None],
        relationship_id=relationship,
    )


def build_row_values(question: Question) -> dict[str, Any]:
    """Return the values for `CHOICES` and `COVERING`."""
    scope = question.scope
    return {
        "brand": scope.brand,
        "purpose": scope.purpose,
        "channel": scope.channel,
        "topic": scope.topic,
    }


def read_quiet_hours(row: Sequence[Any]) -> QuietHours | None:
    """Return the person's quiet hours from the values of `HOURS`; None if there are none."""
    start, end, zone = row
    return None if start is None or end is None else QuietHours(start, end, zone)
