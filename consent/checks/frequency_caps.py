"""Frequency caps: how much of "at most N messages per period" is left.

Windows roll: a day is the 24 hours before now, a week 7 days, a month 30 days. For example, "2 a
week" with sends on Monday 09:00 and Wednesday 12:00 allows the next send on Monday 09:00.

The window of a limit on all brands begins at a full hour, so it frees a send on the hour: Note
[Rounded times]. Otherwise the exact minute would reveal to a brand when another brand had sent. Nor
does a brand learn how many sends such a limit has left, because other brands spend from it.

No limit applies to a required purpose, so its sends count against no limit.
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

# Returns one row per limit, in the order of the request. Of the sends in the window it takes the
# newest, as many as the limit allows. The oldest of these is the one to wait for. A send without a
# contact point may have gone to any address.
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
# A send that was cancelled later still counted then. A merge moves sends to the person who remains.
# The subject of a send's address shows whose send it was then. `known` lists each subject with its
# holder of today and its person of then.
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
    """The use of one limit: the number of sends (`count`) and the time of the first (`oldest`)."""

    limit: Limit
    count: int
    oldest: datetime | None
    #: Whether the limit is on all brands.
    shared: bool = False

    @property
    def remaining(self) -> int | None:
        """The number of sends left; None if other brands spend from the limit, too."""
        return None if self.shared else max(self.limit.max - self.count, 0)

    @property
    def gives_back(self) -> datetime | None:
        """The time at which the next send becomes free; None while one is free."""
        if self.count < self.limit.max or self.oldest is None:
            return None
        free = self.oldest + self.limit.window
        return brand_events.ceil_to_hour(free) if self.shared else free


Limits = Sequence[tuple[uuid.UUID, Choice]]


def count_sends(limits: Limits, *, now: datetime) -> list[SendCount]:
    """Count the sends that each limit covers, in one query.

    *limits* are pairs of a person and one of their limits. The result has the same order.
    """
    return _count(NOW, limits, {}, now)


def count_sends_as_of(
    limits: Limits, persons: Iterable[tuple[uuid.UUID, uuid.UUID, uuid.UUID]], *, as_of: datetime
) -> list[SendCount]:
    """Count the sends as they were at *as_of*.

    *persons* has triples: a subject, the subject that has its sends today, and its person at
    *as_of*.
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
    """Return the time after which sends count.

    For a limit per day at 14:20 this is 14:20 the day before; for a limit on all brands it is
    14:00.
    """
    return (brand_events.floor_to_hour(now) if scope.brand is None else now) - limit.window
