"""Taking back what was done a moment ago: what stood before is said again."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime

from cmr.models import Consumer
from consent import ledger, preferences, resolution
from consent.ledger import Actor, NewChoice
from consent.models import LedgerEntry
from consent.resolution import Choice, Scope


class ChangedSince(Exception):
    """Something newer was said on the same scope, which undoing would take away."""


def batch(consumer: Consumer, first: uuid.UUID, count: int) -> list[LedgerEntry]:
    """The *count* entries recorded together, from the *first* on; none of a stranger's."""
    mine = LedgerEntry.objects.filter(subject=consumer.subject_id)
    begin = mine.filter(pk=first).values_list("subject_seq", "recorded_at").first()
    if begin is None:
        return []
    seq, recorded_at = begin
    together = mine.filter(
        subject_seq__gte=seq, subject_seq__lt=seq + count, recorded_at=recorded_at
    )
    return list(together.select_related("brand", "purpose").order_by("subject_seq"))


def undo(
    consumer: Consumer, entries: Sequence[LedgerEntry], *, by: str, now: datetime
) -> list[LedgerEntry]:
    """Make each scope what it was for the person before *entries*, which were recorded together.

    Raises:
        ChangedSince
    """
    if not entries:
        return []
    scopes = {preferences.scope_of(entry) for entry in entries}
    undone = {entry.pk for entry in entries}
    said = LedgerEntry.objects.of_person(consumer.subject_id).filter(maker="person")
    others = [each for each in said.exclude(pk__in=undone) if preferences.scope_of(each) in scopes]
    last = entries[-1].subject_seq
    if any(e.subject_seq > last for e in others if e.subject_id == consumer.subject_id):
        raise ChangedSince("something newer was said on the same scope")
    before = resolution.in_force(preferences.choices_of_ledger(others))
    again = [new for scope in _ordered(entries) for new in _said_again(scope, before, now)]
    return ledger.record(consumer.subject_id, again, by=Actor(by), now=now)


def take_back(
    consumer: Consumer,
    scopes: Sequence[Scope],
    kinds: Collection[str],
    *,
    by: str,
    now: datetime,
) -> list[LedgerEntry]:
    """Take back what was said in these *kinds* on exactly these scopes; what else stands, stays."""
    said = resolution.in_force(preferences.of_subject(consumer.subject_id))
    kept = [c for c in said if c.maker == "person" and c.decision not in kinds]
    again = [new for scope in scopes for new in _said_again(scope, kept, now)]
    return ledger.record(consumer.subject_id, again, by=Actor(by), now=now)


def _ordered(entries: Sequence[LedgerEntry]) -> list[Scope]:
    return list(dict.fromkeys(preferences.scope_of(entry) for entry in entries))


def _said_again(scope: Scope, before: Sequence[Choice], now: datetime) -> list[NewChoice]:
    """A `clear`, and then what had stood on exactly this scope, oldest first."""
    stood = sorted((c for c in before if c.scope == scope), key=lambda c: c.age)
    counting = [c for c in stood if c.limit or c.refuses(now) or c.permits(now)]
    return [NewChoice(scope, "clear"), *(_again(choice) for choice in counting)]


def _again(choice: Choice) -> NewChoice:
    return NewChoice(
        choice.scope,
        choice.decision,
        until=choice.until,
        limit=choice.limit,
        expires_at=choice.expires_at,
    )
