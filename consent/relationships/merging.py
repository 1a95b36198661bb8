"""Merging of two subjects into one person, once the person has proved that both are theirs.

Note [Merging]. Both chains stay as they are: nothing is copied from one ledger to the other. What
changes is which choices count. `Relationship.person` points at the remaining subject, which from
then on has the preferences of both. Each relationship keeps the subject, the id and the order by
which its brand knows the person. So no brand learns from us that two of its people are one. ADR 28
says what a brand can find out nevertheless.

A subject is one address. A newly proved address has a subject of its own, which is merged into the
person's (ADR 28). To a brand that never had this address, it is like any unknown address.

Refusals win. Before the merge, a refusal may be in force for one subject that the other's yes would
lift, or the other's `clear` would cancel. Such a refusal is recorded again after the merge. So is a
limit that the other's wider limit would replace. Example:

    Monday      the first subject refuses e-mail from Acme
    Tuesday     the second subject permits e-mail from Acme
    Wednesday   the merge: Tuesday's yes would lift Monday's no, so the no is recorded again
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from datetime import datetime

from django.db import connection, transaction

from brands import events
from brands.events import NewEvent
from consent import brand_events, decision, ledger, preferences
from consent.brand_events import EventTimes, Recipient
from consent.decision import Choice, Scope
from consent.ledger import Actor, ChoiceTerms, NewChoice
from consent.models import (
    Ending,
    LedgerEntry,
    Propagation,
    Relationship,
    Send,
    Subject,
)

Said = Sequence[Choice]

MERGE = "merge"
ADOPT = """
INSERT INTO consent_preference AS held ({columns})
SELECT %(into)s, {rest} FROM consent_preference WHERE subject_id = %(merged)s
ON CONFLICT ({slot}) DO UPDATE SET ({values}) = ({excluded})
WHERE (held.made_at, held.subject_seq) < (EXCLUDED.made_at, EXCLUDED.subject_seq)
""".format(
    columns=", ".join(preferences.PREFERENCE_COLUMNS),
    rest=", ".join(preferences.PREFERENCE_COLUMNS[1:]),
    slot=", ".join(preferences.SLOT_COLUMNS),
    values=", ".join(preferences.PREFERENCE_COLUMNS[len(preferences.SLOT_COLUMNS) :]),
    excluded=", ".join(
        f"EXCLUDED.{n}" for n in preferences.PREFERENCE_COLUMNS[len(preferences.SLOT_COLUMNS) :]
    ),
)


def merge_subjects(merged_id: uuid.UUID, *, into: uuid.UUID, now: datetime) -> bool:
    """Merge *merged_id* into *into*. Return False if it is merged already.

    The caller must have verified that both belong to the same person, and that nobody else has an
    account for *merged_id*.
    """
    with transaction.atomic():
        remaining, merged = _lock_both(into, merged_id)
        if merged.pk == remaining.pk:
            return False
        before = preferences.list_preferences(remaining.pk), preferences.list_preferences(merged.pk)
        _adopt(merged, remaining, now)
        _tell_what_is_new(remaining, before, now)
        _restate(remaining, before, now)
    return True


def _lock_both(into: uuid.UUID, merged: uuid.UUID) -> tuple[Subject, Subject]:
    """Lock both subjects in the order of their ids, so that two merges cannot deadlock."""
    locked = {each: ledger.lock_subject(each) for each in sorted([into, merged])}
    return locked[into], locked[merged]


def _adopt(merged: Subject, remaining: Subject, now: datetime) -> None:
    """Point the rows that affect decisions at the remaining subject."""
    with connection.cursor() as cursor:
        cursor.execute(ADOPT, {"into": remaining.pk, "merged": merged.pk})
    merged.preferences.all().delete()
    Relationship.objects.filter(person=merged).update(person=remaining)
    for rows in (Send, Ending, Propagation):
        rows.objects.filter(subject=merged).update(subject=remaining)
    preferences.store_past_merges(merged, until=now)
    Subject.objects.filter(merged_into=merged).update(merged_into=remaining)
    merged.merged_into, merged.merged_at = remaining, now
    merged.save(update_fields=["merged_into", "merged_at"])


def _tell_what_is_new(remaining: Subject, before: tuple[Said, Said], now: datetime) -> None:
    """Notify each brand of the other subject's choices that concern it, oldest first."""
    entries = {choice.entry for said in before for choice in said}
    said = list(LedgerEntry.objects.filter(pk__in=entries).order_by("made_at", "pk"))
    times = EventTimes(now)
    told = [
        notice
        for recipient in _find_recipients(remaining)
        for notice in _build_notices(said, recipient, remaining, times)
    ]
    ledger.append_brand_events(told)


def _find_recipients(person: Subject) -> Iterator[Recipient]:
    brands = Relationship.objects.active().filter(person=person).order_by("brand_id")
    for brand_id in brands.values_list("brand_id", flat=True).distinct():
        yield from brand_events.find_active_recipients(person.pk, brand_id)


def _build_notices(
    said: Sequence[LedgerEntry], recipient: Recipient, person: Subject, times: EventTimes
) -> Iterator[NewEvent]:
    """Build the events about choices that the brand has not received yet.

    It received the choices of its own subject when they were recorded.
    """
    new = [
        entry
        for entry in said
        if entry.subject_id != recipient.subject_id
        and brand_events.is_concerned(entry, recipient)
        and not events.has_event(recipient.brand_id, brand_events.build_cause(entry, recipient))
    ]
    if not new:
        return
    standing = brand_events.read_current_state(recipient, person.pk, person.jurisdiction)
    for entry in new:
        at = times.take_next()
        permissions = standing.permissions(at)
        yield brand_events.build_choice_event(
            entry, recipient, permissions, at=at, direct=False, again=True
        )


def _restate(remaining: Subject, before: tuple[Said, Said], now: datetime) -> None:
    mine, others = before
    weakened = {*_weakened(mine, others, now), *_weakened(others, mine, now)}
    for scope, choice in sorted(weakened, key=lambda each: each[1].age):
        again = NewChoice(
            scope, ChoiceTerms(choice.decision, until=choice.until, limit=choice.limit)
        )
        by = Actor(MERGE, scope.brand if choice.maker == "brand" else None)
        ledger.record_choices(remaining.pk, [again], by=by, now=now)


def _weakened(mine: Said, others: Said, now: datetime) -> Iterator[tuple[Scope, Choice]]:
    """Yield which choices of *mine* must be recorded again, each with its scope.

    Without this, the merge would weaken what *mine* restricted before.
    """
    after = decision.select_in_force([*mine, *others])
    for choice in _counting(decision.select_in_force(mine), now):
        if not any(_is_as_strict(each, choice) for each in after):
            yield choice.scope, choice
        yield from _lifted(choice, mine, others, now)


def _counting(said: Said, now: datetime) -> list[Choice]:
    """Return the limits, and the refusals that their own subject has not lifted.

    No yes lifts a limit.
    """
    return [
        choice
        for choice in said
        if choice.limit or (choice.refuses(now) and not _is_lifted(choice, choice.scope, said, now))
    ]


def _lifted(
    choice: Choice, mine: Said, others: Said, now: datetime
) -> Iterator[tuple[Scope, Choice]]:
    """Yield *choice* for each scope on which only the other's yes would lift it."""
    if choice.refuses(now):
        for grant in decision.select_in_force(others):
            lifts = grant.permits(now) and grant.lifts(choice)
            if lifts and not _is_lifted(choice, grant.scope, mine, now):
                yield grant.scope, choice


def _is_lifted(denial: Choice, scope: Scope, said: Said, now: datetime) -> bool:
    """Return whether a grant among *said* had lifted *denial* for all of *scope*."""
    grants = (choice for choice in said if choice.permits(now) and choice.lifts(denial))
    return any(grant.scope.covers(scope) for grant in grants)


def _is_as_strict(held: Choice, lost: Choice) -> bool:
    if held.entry == lost.entry:
        return True
    if held.slot != lost.slot:
        return False
    if held.limit and lost.limit:
        return held.limit.per_day <= lost.limit.per_day
    return held.until is None or (lost.until is not None and held.until >= lost.until)
