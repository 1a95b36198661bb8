"""What a brand is told of a choice or a relationship, in the form its event freezes."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from brands.event_types import OF_DECISION, OF_ENDING
from brands.stream import Facts, Notice
from consent import clocks, preferences, scopes
from consent.models import LedgerEntry, Relationship
from consent.resolution import Choice, Decision

#: The decisions that take something away, for which a clock runs.
TAKES_AWAY = {"deny", "pause", "limit"}


def cause_of(entry: LedgerEntry, relationship: Relationship) -> uuid.UUID:
    """What the event names as its cause: the entry, or what follows from it and a relationship.

    A stream takes a cause once, and a brand may know one person by several relationships.
    """
    if relationship.subject_id == entry.subject_id:
        return entry.id
    return uuid.uuid5(relationship.id, entry.id.hex)


def of_entry(
    entry: LedgerEntry,
    relationship: Relationship,
    *,
    again: bool = False,
    seq: int | None = None,
    due: Callable[[LedgerEntry], datetime | None] | None = None,
) -> Notice:
    """Tell the brand of *relationship* of one recorded choice.

    Told *again*, of another relationship with the same person, it counts in no metric. *due* says
    by when it is to be honoured, else the clocks do.
    """
    ends = (due or by_when)(entry)
    return Notice(
        brand_id=relationship.brand_id,
        type=OF_DECISION[entry.decision],
        timestamp=entry.recorded_at,
        subject=relationship.subject_id,
        cause=cause_of(entry, relationship),
        facts=_facts(entry, decided=not again),
        data={
            "subject": _subject(relationship),
            "subject_seq": seq or entry.subject_seq + relationship.seq_before,
            "entry": entry.id,
            "scope": _scope(entry, relationship),
            "decision": entry.decision,
            "until": entry.until,
            "limit": limit_of(entry.limit_max, entry.limit_per),
            "expires_at": entry.expires_at,
            "reason": entry.reason or None,
            "campaign": entry.campaign or None,
            "maker": entry.maker,
            "made_at": entry.made_at,
            "honour_by": ends,
        },
        honour_by=ends,
    )


def of_ending(
    entry: LedgerEntry,
    relationship: Relationship,
    stands: Decision | None,
    *,
    now: datetime,
    seq: int,
) -> Notice:
    """Tell the brand that time ended *entry*, and what *stands* now.

    Its facts have no decision: nobody decided anything, so the counts leave it out.
    """
    return Notice(
        brand_id=relationship.brand_id,
        type=OF_ENDING[entry.decision],
        timestamp=now,
        subject=relationship.subject_id,
        # Follows from the entry, so that whoever tells it again is refused by the stream.
        cause=uuid.uuid5(cause_of(entry, relationship), "ended"),
        facts=Facts(
            purpose=entry.purpose_id or "", channel=entry.channel or "", topic=entry.topic or ""
        ),
        data={
            "subject": _subject(relationship),
            "subject_seq": seq + relationship.seq_before,
            "entry": entry.id,
            "scope": _scope(entry, relationship),
            "decision": entry.decision,
            "ended_at": entry.ends_at,
            "now": {"allowed": stands.allowed, "rule": stands.rule} if stands else None,
        },
    )


def of_explanation(
    entry: LedgerEntry, relationship: Relationship, reason: str, *, now: datetime, seq: int
) -> Notice:
    """Tell the brand why the person had said no. Nothing is decided anew, so nothing is counted."""
    return Notice(
        brand_id=relationship.brand_id,
        type="preference.explained",
        timestamp=now,
        subject=relationship.subject_id,
        cause=uuid.uuid5(cause_of(entry, relationship), "explained"),
        facts=replace(_facts(entry, decided=False), reason=reason),
        data={
            "subject": _subject(relationship),
            "subject_seq": seq + relationship.seq_before,
            "entry": entry.id,
            "scope": _scope(entry, relationship),
            "reason": reason,
        },
    )


def limit_of(most: int | None, per: str | None) -> dict[str, Any] | None:
    return None if most is None else {"max": most, "per": per}


def of_start(
    relationship: Relationship,
    standing: Iterable[Choice],
    *,
    seq: int,
    contacts: Sequence[dict[str, str]],
    cause: uuid.UUID,
) -> Notice:
    """Tell a brand that a relationship began, with what the person had said before.

    *contacts* are the SHA-256 of addresses that the person lets the brand know them by.
    """
    data = {
        "origin": relationship.origin,
        "contacts": list(contacts),
        "standing": [
            standing_choice(each, slug=relationship.brand.slug, told_to=relationship.brand_id)
            for each in standing
        ],
    }
    now = relationship.started_at
    return _of_relationship("started", relationship, data, now=now, seq=seq, cause=cause)


def of_end(relationship: Relationship, *, now: datetime, seq: int, cause: uuid.UUID) -> Notice:
    """Tell a brand that the relationship is over."""
    ends = clocks.honour_by(purpose=None, channel=None, start=now)
    data = {"ended_by": relationship.ended_by, "honour_by": ends}
    return _of_relationship(
        "ended", relationship, data, now=now, seq=seq, cause=cause, honour_by=ends
    )


def _of_relationship(
    what: str,
    relationship: Relationship,
    data: dict[str, Any],
    *,
    now: datetime,
    seq: int,
    cause: uuid.UUID,
    honour_by: datetime | None = None,
) -> Notice:
    return Notice(
        brand_id=relationship.brand_id,
        type=f"relationship.{what}",
        timestamp=now,
        subject=relationship.subject_id,
        cause=cause,
        data={
            "subject": _subject(relationship),
            "subject_seq": seq + relationship.seq_before,
            **data,
        },
        honour_by=honour_by,
    )


def _subject(relationship: Relationship) -> dict[str, Any]:
    return {"id": relationship.id, "ref": relationship.ref}


def _scope(entry: LedgerEntry, relationship: Relationship) -> dict[str, Any]:
    return scopes.described(
        preferences.scope_of(entry),
        brand_slug=relationship.brand.slug,
        told_to=relationship.brand_id,
    )


def _facts(entry: LedgerEntry, *, decided: bool) -> Facts:
    return Facts(
        decision=entry.decision if decided else "",
        purpose=entry.purpose_id or "",
        channel=entry.channel or "",
        topic=entry.topic or "",
        reason=entry.reason,
        source=entry.source,
        campaign=entry.campaign,
        before=entry.before,
    )


def by_when(entry: LedgerEntry) -> datetime | None:
    if entry.decision not in TAKES_AWAY:
        return None
    return clocks.honour_by(
        purpose=entry.purpose_id, channel=entry.channel, start=entry.recorded_at
    )


def standing_choice(choice: Choice, *, slug: str, told_to: int) -> dict[str, Any]:
    """What the brand of this *slug* and id may see of a choice that stands."""
    return {
        "entry": choice.entry,
        "scope": scopes.described(choice.scope, brand_slug=slug, told_to=told_to),
        "decision": choice.decision,
        "until": choice.until,
        "expires_at": choice.expires_at,
        "limit": limit_of(choice.limit.max, choice.limit.per) if choice.limit else None,
        "maker": choice.maker,
        "made_at": choice.made_at,
    }
