"""Recording of a person's choices, without those that repeat the last one (a double click)."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial

from django.db import transaction

from consent import preferences
from consent.decision import Choice, Scope
from consent.ledger.new_choices import Actor, NewChoice, concerns_several_brands, suppose_choices
from consent.ledger.person_lock import lock_subject
from consent.ledger.plain_choices import record_plain_choice
from consent.ledger.recording import record_for_person
from consent.models import LedgerEntry


def record_unless_repeated(
    subject_id: uuid.UUID, choices: Sequence[NewChoice], *, by: Actor, now: datetime
) -> list[LedgerEntry]:
    """Record the person's choices that are new, and return one entry for each choice.

    A choice that only repeats the current one is not recorded; its entry is the existing one.
    Raises what `ledger.record_choices` raises.
    """
    with transaction.atomic():
        is_repeated = partial(_seems_repeated, choices, now=now)
        if entry := record_plain_choice(
            subject_id, choices, by=by, now=now, is_repeated=is_repeated
        ):
            return [entry]
        # The lock makes the second of two clicks see what the first recorded.
        person = lock_subject(subject_id)
        repeated = _find_repeated(person.pk, choices, now)
        new = [each for nth, each in enumerate(choices) if nth not in repeated]
        # This also holds if only the choices about one brand are new.
        together = concerns_several_brands(choices)
        recorded = iter(
            record_for_person(person, new, by=by, now=now, is_shared=together, named_id=subject_id)
            if new
            else ()
        )
        return [repeated.get(nth) or next(recorded) for nth in range(len(choices))]


def _seems_repeated(
    choices: Sequence[NewChoice], known: Sequence[Choice], *, now: datetime
) -> bool:
    """Return whether the one of *choices* seems to repeat the newest of the *known* ones."""
    (new,) = suppose_choices(choices, now=now)
    newest = _find_newest(known, new.scope)
    return newest is not None and _is_same(newest, new)


def _find_repeated(
    person_id: uuid.UUID, choices: Sequence[NewChoice], now: datetime
) -> dict[int, LedgerEntry]:
    """Return the existing entries by the index of the choice that repeats each."""
    said = _read_overlapping_choices(person_id, choices)
    standing, recorded = dict[int, Choice](), list[Scope]()
    for nth, new in enumerate(suppose_choices(choices, now=now)):
        newest = _find_newest(said, new.scope)
        touched = any(_overlap(each, new.scope) for each in recorded)
        if newest and not touched and _is_same(newest, new):
            standing[nth] = newest
        else:
            recorded.append(new.scope)
    ids = [each.entry for each in standing.values()]
    entries = LedgerEntry.objects.select_related("text").in_bulk(ids)
    return {
        nth: entries[each.entry]
        for nth, each in standing.items()
        if _has_same_words(entries[each.entry], choices[nth])
    }


def _read_overlapping_choices(person_id: uuid.UUID, choices: Sequence[NewChoice]) -> list[Choice]:
    """Return the choices that can overlap *choices*.

    If all are about one brand, read only its choices.
    """
    brands = {choice.scope.brand for choice in choices}
    only = brands.pop() if len(brands) == 1 else None
    if only is None:
        return preferences.list_preferences(person_id)
    return preferences.read_choices_about_brand(person_id, only)


def _find_newest(said: Iterable[Choice], scope: Scope) -> Choice | None:
    """Return the newest choice whose scope overlaps *scope*, whoever made it."""
    touching = (each for each in said if _overlap(each.scope, scope))
    return max(touching, key=lambda choice: choice.age, default=None)


def _overlap(one: Scope, other: Scope) -> bool:
    return all(a is None or b is None or a == b for a, b in zip(one, other, strict=True))


def _is_same(held: Choice, new: Choice) -> bool:
    names = ("scope", "decision", "maker", "basis", "until", "limit", "expires_at")
    return all(getattr(held, name) == getattr(new, name) for name in names)


def _has_same_words(entry: LedgerEntry, new: NewChoice) -> bool:
    """Return whether the reason, the proof and the campaign are the same, too."""
    names = ("reason", "evidence", "notice", "campaign")
    return all(getattr(entry, name) == getattr(new.terms, name) for name in names)
