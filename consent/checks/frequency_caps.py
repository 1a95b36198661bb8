"""What is left of "at most so many": the sends that each limit counts.

Windows roll: a day is the 24 hours before now, a week 7 days, a month 30 days. The window of a
limit on all brands begins at the full hour, so that it frees a send on the hour: Note [Rounded
times]. Else a brand could see in the minute at which it frees when another brand had sent. Nor is
it told how many are left of it, which others spend.

No limit binds a required purpose, so its sends are counted against none.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from consent import brand_events
from consent.decision import Choice, Limit, Scope

# One row a limit, in the order asked. Of the sends in the window it takes the newest, as many as
# the limit allows: the oldest of those is the one to wait for. A send whose contact point nobody
# named may have gone to any.
QUERY = """
SELECT count(spent.at), min(spent.at)
FROM unnest(%(subject)s::uuid[], %(brand)s::bigint[], %(purpose)s::text[], %(channel)s::text[],
            %(topic)s::text[], %(contact_point)s::bigint[], %(max)s::int[],
            %(since)s::timestamptz[])
     WITH ORDINALITY AS limited
         (subject, brand, purpose, channel, topic, contact_point, max, since, place)
LEFT JOIN LATERAL (
    SELECT send.at FROM {sends} send
    WHERE (limited.brand IS NULL OR send.brand_id = limited.brand)
        AND (limited.purpose IS NULL OR send.purpose_id = limited.purpose)
        AND (limited.channel IS NULL OR send.channel = limited.channel)
        AND (limited.topic IS NULL OR send.topic = limited.topic)
        AND (limited.contact_point IS NULL OR send.contact_point_id IS NULL
             OR send.contact_point_id = limited.contact_point)
        AND NOT EXISTS (SELECT FROM brands_purpose purpose
            WHERE purpose.code = send.purpose_id AND purpose.regime = 'required')
    ORDER BY send.at DESC LIMIT limited.max
) spent ON true
GROUP BY limited.place ORDER BY limited.place
"""
NOW = QUERY.format(
    sends="""(
        SELECT * FROM consent_send
        WHERE subject_id = limited.subject AND at > limited.since AND returned_at IS NULL
    )"""
)
# What was given back later counted then. A merge moves sends to the person who remains, so whose
# each was then shows in the subject of its address (`known`, by whom it was held and who it was).
THEN = QUERY.format(
    sends="""(
        SELECT held.* FROM unnest(%(subjects)s::uuid[], %(holders)s::uuid[], %(persons)s::uuid[])
            AS known (subject, holder, person)
        JOIN LATERAL (
            SELECT * FROM consent_send WHERE subject_id = known.holder
                AND at > limited.since AND at <= %(as_of)s AND returned_at IS NULL
            UNION ALL
            SELECT * FROM consent_send WHERE subject_id = known.holder
                AND at > limited.since AND at <= %(as_of)s AND returned_at > %(as_of)s
        ) held ON true
        LEFT JOIN consent_identifier address ON address.id = held.contact_point_id
        WHERE known.person = limited.subject
            AND known.subject = coalesce(address.subject_id, held.subject_id)
    )"""
)


@dataclass(frozen=True, slots=True)
class SendCount:
    """How much of one limit is used up: `count` sends, of which the first was at `oldest`."""

    limit: Limit
    count: int
    oldest: datetime | None
    #: Whether it is a limit on all brands.
    shared: bool = False

    @property
    def remaining(self) -> int | None:
        """How many the brand may still send; None of a limit that others count against, too."""
        return None if self.shared else max(self.limit.max - self.count, 0)

    @property
    def gives_back(self) -> datetime | None:
        """When the next send is free again; None while there is one."""
        if self.count < self.limit.max or self.oldest is None:
            return None
        free = self.oldest + self.limit.window
        return brand_events.ceil_to_hour(free) if self.shared else free


Limits = Sequence[tuple[uuid.UUID, Choice]]


def count_sends(limits: Limits, *, now: datetime) -> list[SendCount]:
    """Count, for each person and limit of theirs, the sends that the limit covers; one query."""
    return _count(NOW, limits, {}, now)


def count_sends_as_of(
    limits: Limits, persons: Iterable[tuple[uuid.UUID, uuid.UUID, uuid.UUID]], *, as_of: datetime
) -> list[SendCount]:
    """Count the same as it was then.

    *persons* has of each subject who holds its sends today, and which person it was then.
    """
    subjects, holders, of_then = zip(*persons, strict=True)
    known = {"subjects": list(subjects), "holders": list(holders), "persons": list(of_then)}
    return _count(THEN, limits, known, as_of)


def _count(query: str, limits: Limits, more: Mapping[str, Any], now: datetime) -> list[SendCount]:
    rows = [(subject, c.scope, c.limit) for subject, c in limits if c.limit is not None]
    values: dict[str, Any] = {
        **more,
        "as_of": now,
        "subject": [subject for subject, _, _ in rows],
        "max": [limit.max for _, _, limit in rows],
        "since": [_begin_window(scope, limit, now) for _, scope, limit in rows],
    }
    for part in ("brand", "purpose", "channel", "topic", "contact_point"):
        values[part] = [getattr(scope, part) for _, scope, _ in rows]
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        counts = cursor.fetchall()
    return [
        SendCount(limit, count, oldest, shared=scope.brand is None)
        for (_, scope, limit), (count, oldest) in zip(rows, counts, strict=True)
    ]


def _begin_window(scope: Scope, limit: Limit, now: datetime) -> datetime:
    """Return the time after which sends count. Of 24 hours at 14:20: 14:20 the day before, and
    14:00 for a limit on all brands."""
    return (brand_events.floor_to_hour(now) if scope.brand is None else now) - limit.window
