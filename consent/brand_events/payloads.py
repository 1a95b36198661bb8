"""Contents of the events about a choice or a relationship, as they are stored in the stream.

Note [What a brand reads]. A brand reads only what belongs to its own relationship: entry ids and
numbers of this relationship, and the scope narrowed to the brand. For a choice that the person made
about other brands as well, it reads the time of this event. Each event has the current
`permissions`, so a copy always agrees with the check.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from brands.events import TYPES_OF_DECISIONS, TYPES_OF_ENDINGS, EventFacts, NewEvent
from consent import decision, preferences, rules
from consent.brand_events.entry_ids import build_entry_id
from consent.brand_events.recipients import Recipient
from consent.brand_events.time_rounding import floor_to_hour
from consent.decision import (
    NO_REGIONAL_DEFAULTS,
    Choice,
    Decision,
    PermissionRow,
    RegionalDefaults,
    TooManyPermissionRows,
)
from consent.models import LedgerEntry, Relationship
from consent.rules import Clock

#: The decisions that restrict a brand. Only these have a deadline.
TAKES_AWAY = {"deny", "pause", "limit"}
#: The maximum number of choices listed at the start of a relationship, newest first.
MOST_STANDING = 40
Permissions = list[dict[str, Any]] | None


def build_cause(entry: LedgerEntry, relationship: Relationship | Recipient) -> uuid.UUID:
    """Return the event's cause: the entry's id, or an id derived from the entry and a relationship.

    A stream accepts each cause only once, and a brand may know one person by several relationships.
    """
    if relationship.subject_id == entry.subject_id:
        return entry.id
    return uuid.uuid5(relationship.id, entry.id.hex)


def is_concerned(entry: LedgerEntry, recipient: Recipient) -> bool:
    """Return whether *entry* can change what the recipient's brand may do by this address."""
    return recipient.is_concerned_by(preferences.read_scope(entry))


@dataclass(frozen=True, slots=True)
class CurrentState:
    """The choices for one recipient, and the defaults where the person lives.

    The choices are the person's and the brand's, about every address. `permissions` leaves out
    those that do not concern the recipient.
    """

    recipient: Recipient
    choices: Sequence[Choice]
    defaults: RegionalDefaults = NO_REGIONAL_DEFAULTS
    #: The permissions of states like this one, if many of them are described at once.
    known: dict[tuple[Any, ...], Permissions] | None = None

    def permissions(self, now: datetime) -> Permissions:
        """Return the rows of the permission table; None if they are too many for an event."""
        if self.known is None or len(self.choices) > 1:
            return self._describe(now)
        key = now, self.defaults, *map(self._simplify, self.choices)
        if key not in self.known:
            self.known[key] = self._describe(now)
        return self.known[key]

    def _simplify(self, choice: Choice) -> tuple[Any, ...]:
        """Return what a table depends on if this is the only choice.

        Its number and its time do not matter, because there is none that it could yield to.
        """
        is_concerned = self.recipient.is_concerned_by(choice.scope)
        about = choice.scope[1:4], choice.scope.names_trait
        return is_concerned, about, choice.decision, choice.until, choice.expires_at

    def _describe(self, now: datetime) -> Permissions:
        try:
            return describe_permission_rows(self.table(now, most=decision.MOST_PERMISSION_ROWS))
        except TooManyPermissionRows:
            return None

    def table(self, now: datetime, *, most: int | None = None) -> list[PermissionRow]:
        """Return the permission table.

        Raises:
            TooManyPermissionRows: there are more than *most*.
        """
        return decision.build_permission_table(
            self.choices,
            brand_id=self.recipient.brand_id,
            contact_point=self.recipient.contact_point,
            now=now,
            defaults=self.defaults,
            most=most,
        )


def read_current_state(
    recipient: Recipient, person_id: uuid.UUID, residence: str | None
) -> CurrentState:
    """Return the current state for *recipient*. *residence* is where the person says they live."""
    return CurrentState(
        recipient,
        preferences.read_choices_about_brand(person_id, recipient.brand_id),
        rules.read_regional_defaults(residence or recipient.jurisdiction),
    )


def describe_permission_rows(rows: Iterable[PermissionRow]) -> list[dict[str, Any]]:
    """Return the rows of a permission table in the format of events and exports."""
    return [
        {
            "purpose": row.purpose,
            "channel": row.channel,
            "topic": row.topic,
            "allowed": row.allowed,
            "then": [{"at": turn.at, "allowed": turn.allowed} for turn in row.then],
        }
        for row in rows
    ]


def build_choice_event(
    entry: LedgerEntry,
    recipient: Recipient,
    permissions: Permissions,
    *,
    at: datetime,
    direct: bool,
    again: bool = False,
    due: Callable[[LedgerEntry, datetime], datetime | None] | None = None,
) -> NewEvent:
    """Build the event that notifies the brand of *recipient* of one recorded choice.

    *at* is the event's time. Set *direct* if the choice was made about this brand and this
    relationship; the brand then reads the choice's own time. Set *again* if another relationship
    with the same person already has an event of it; it then counts in no metric. *due* returns the
    deadline; without it, the legal deadlines apply (Note [Clocks]).
    """
    ends = (due or compute_event_deadline)(entry, at)
    return NewEvent(
        brand_id=recipient.brand_id,
        type=TYPES_OF_DECISIONS[entry.decision],
        timestamp=at,
        subject=recipient.subject_id,
        cause=build_cause(entry, recipient),
        facts=build_facts(entry, decided=not again),
        data={
            "subject": _subject(recipient),
            "entry": build_entry_id(entry.id, recipient.id),
            "scope": _scope(entry, recipient),
            "decision": entry.decision,
            "until": entry.until,
            "limit": describe_limit(entry.limit_max, entry.limit_per),
            "expires_at": entry.expires_at,
            "reason": entry.reason or None,
            "campaign": entry.campaign or None,
            "maker": entry.maker,
            "made_at": entry.made_at if direct else at,
            "honour_by": ends,
            "permissions": permissions,
        },
        honour_by=ends,
    )


def build_ending_event(
    entry: LedgerEntry,
    recipient: Recipient,
    stands: Decision | None,
    permissions: Permissions,
    *,
    at: datetime,
) -> NewEvent:
    """Build the event that *entry* ended by time. *stands* is the decision that applies now.

    Its facts have no decision: nobody decided anything, so the counts leave it out.
    """
    return NewEvent(
        brand_id=recipient.brand_id,
        type=TYPES_OF_ENDINGS[entry.decision],
        timestamp=at,
        subject=recipient.subject_id,
        # Derived from the entry, so the stream refuses a second event of the same end.
        cause=build_ending_cause(entry, recipient),
        facts=EventFacts(
            purpose=entry.purpose_id or "", channel=entry.channel or "", topic=entry.topic or ""
        ),
        data={
            "subject": _subject(recipient),
            "entry": build_entry_id(entry.id, recipient.id),
            "scope": _scope(entry, recipient),
            "decision": entry.decision,
            "ended_at": entry.ends_at,
            "now": {"allowed": stands.allowed, "rule": stands.rule} if stands else None,
            "permissions": permissions,
        },
    )


def build_ending_cause(entry: LedgerEntry, recipient: Recipient) -> uuid.UUID:
    """Return the cause of the event that notifies *recipient* of the entry's end."""
    return uuid.uuid5(build_cause(entry, recipient), "ended")


def build_reason_event(
    entry: LedgerEntry,
    recipient: Recipient,
    reason: str,
    permissions: Permissions,
    *,
    at: datetime,
) -> NewEvent:
    """Build the event with the reason that the person gave later for their refusal.

    It contains no new decision, so it counts in no metric.
    """
    return NewEvent(
        brand_id=recipient.brand_id,
        type="preference.explained",
        timestamp=at,
        subject=recipient.subject_id,
        cause=uuid.uuid5(build_cause(entry, recipient), "explained"),
        facts=replace(build_facts(entry, decided=False), reason=reason),
        data={
            "subject": _subject(recipient),
            "entry": build_entry_id(entry.id, recipient.id),
            "scope": _scope(entry, recipient),
            "reason": reason,
            "permissions": permissions,
        },
    )


def describe_limit(most: int | None, per: str | None) -> dict[str, Any] | None:
    return None if most is None else {"max": most, "per": per}


def build_relationship_started(
    standing: CurrentState,
    *,
    origin: str,
    contacts: Sequence[dict[str, str]],
    at: datetime,
    cause: uuid.UUID,
) -> NewEvent:
    """Build the event that a relationship began, with the choices that the person had made before.

    *contacts* are the SHA-256 of addresses by which the person lets the brand recognise them.
    """
    said = select_current_choices(standing, at)[:MOST_STANDING]
    data = {
        "origin": origin,
        "contacts": list(contacts),
        "standing": [describe_choice(each, standing.recipient) for each in said],
        "permissions": standing.permissions(at),
    }
    return _build_relationship_event("started", standing.recipient, data, at=at, cause=cause)


def build_relationship_ended(
    recipient: Recipient, *, ended_by: str, at: datetime, cause: uuid.UUID
) -> NewEvent:
    """Build the event that the relationship is over."""
    ends = rules.compute_honour_by(purpose=None, channel=None, start=at)
    data = {"ended_by": ended_by, "honour_by": ends}
    return _build_relationship_event("ended", recipient, data, at=at, cause=cause, honour_by=ends)


def _build_relationship_event(
    what: str,
    recipient: Recipient,
    data: dict[str, Any],
    *,
    at: datetime,
    cause: uuid.UUID,
    honour_by: datetime | None = None,
) -> NewEvent:
    return NewEvent(
        brand_id=recipient.brand_id,
        type=f"relationship.{what}",
        timestamp=at,
        subject=recipient.subject_id,
        cause=cause,
        data={"subject": _subject(recipient), **data},
        honour_by=honour_by,
    )


def _subject(recipient: Recipient) -> dict[str, Any]:
    return {"id": recipient.id, "ref": recipient.ref}


def _scope(entry: LedgerEntry, recipient: Recipient) -> dict[str, Any]:
    return rules.describe_scope_for_brand(preferences.read_scope(entry), slug=recipient.slug)


def build_facts(entry: LedgerEntry, *, decided: bool) -> EventFacts:
    """Return the facts of an event about *entry*, stored in columns.

    The `decision` is empty unless *decided*.
    """
    return EventFacts(
        decision=entry.decision if decided else "",
        purpose=entry.purpose_id or "",
        channel=entry.channel or "",
        topic=entry.topic or "",
        reason=entry.reason,
        source=entry.source,
        campaign=entry.campaign,
        before=entry.before,
    )


def compute_event_deadline(
    entry: LedgerEntry, start: datetime, *, clocks: Sequence[Clock] | None = None
) -> datetime | None:
    """Return by when a brand that is notified at *start* must apply the entry.

    Return None if the entry restricts nothing, or if no deadline applies. Pass *clocks* if they
    were read before.
    """
    if entry.decision not in TAKES_AWAY:
        return None
    return rules.compute_honour_by(
        purpose=entry.purpose_id, channel=entry.channel, start=start, clocks=clocks
    )


def select_current_choices(standing: CurrentState, now: datetime) -> list[Choice]:
    """Return the choices in force at *now* that concern the recipient, newest first."""
    return sorted(
        (
            choice
            for choice in decision.select_in_force(standing.choices)
            if standing.recipient.is_concerned_by(choice.scope) and not _is_over(choice, now)
        ),
        key=lambda choice: choice.age,
        reverse=True,
    )


def _is_over(choice: Choice, now: datetime) -> bool:
    end = choice.until or choice.expires_at
    return end is not None and end <= now


def describe_choice(choice: Choice, recipient: Recipient) -> dict[str, Any]:
    """Return what the brand of *recipient* may read of a current choice."""
    return {
        "entry": build_entry_id(choice.entry, recipient.id),
        "scope": rules.describe_scope_for_brand(choice.scope, slug=recipient.slug),
        "decision": choice.decision,
        "until": choice.until,
        "expires_at": choice.expires_at,
        "limit": describe_limit(choice.limit.max, choice.limit.per) if choice.limit else None,
        "maker": choice.maker,
        "made_at": round_choice_time(choice),
    }


def round_choice_time(choice: Choice) -> datetime:
    """Return when a choice was made, as answers and lists show it: Note [Rounded times].

    A person's choice is rounded to the hour, whichever brand it is about. A brand's own choice has
    the time that the brand gave.
    """
    return floor_to_hour(choice.made_at) if choice.maker == "person" else choice.made_at
