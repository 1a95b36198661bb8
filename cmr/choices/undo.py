"""Undo recent choices by recording again what was in force before."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from cmr.models import Consumer
from consent import brand_events, decision, ledger, preferences
from consent.decision import Choice, Scope
from consent.ledger import Actor, ChoiceTerms, NewChoice
from consent.models import LedgerEntry


class ChangedSince(Exception):
    """A newer choice on the same scope exists, which undoing would remove."""


def find_batch(consumer: Consumer, first: uuid.UUID, count: int) -> list[LedgerEntry]:
    """Return the *count* entries recorded together, beginning with entry *first*.

    Entries of other people are never returned.
    """
    mine = LedgerEntry.objects.filter(subject=consumer.subject_id)
    begin = mine.filter(pk=first).values_list("subject_seq", "recorded_at").first()
    if begin is None:
        return []
    seq, recorded_at = begin
    together = mine.filter(
        subject_seq__gte=seq, subject_seq__lt=seq + count, recorded_at=recorded_at
    )
    return list(together.select_related("brand", "purpose").order_by("subject_seq"))


def undo_batch(
    person_id: uuid.UUID, entries: Sequence[LedgerEntry], *, by: str, now: datetime
) -> list[LedgerEntry]:
    """Restore for each scope what was in force before *entries*, which were recorded together.

    Return an empty list if the same is in force already.

    Raises:
        ChangedSince
    """
    if not entries:
        return []
    scopes = _scopes(entries)
    with transaction.atomic():
        ledger.lock_subject(person_id)  # otherwise a concurrent change would be undone as well
        others = list(_others(person_id, entries))
        later = (each for each in others if each.subject_seq > entries[-1].subject_seq)
        before = decision.select_in_force(preferences.build_choices_from_ledger(others))
        if any(_scope(each) in scopes for each in later if each.subject_id == person_id):
            if _stands_as_before(person_id, scopes, before):
                return []
            raise ChangedSince("there is a newer choice with the same scope")
        return _say_again(person_id, scopes, before, by=by, now=now)


def _stands_as_before(
    person_id: uuid.UUID, scopes: Collection[Scope], before: Iterable[Choice]
) -> bool:
    """Return whether the same is in force on *scopes* as in *before*: Undo was clicked twice."""
    held = decision.select_in_force(preferences.list_preferences(person_id))
    return _describe(held, scopes) == _describe(before, scopes)


def _describe(said: Iterable[Choice], scopes: Collection[Scope]) -> set[tuple[object, ...]]:
    own = (each for each in said if each.maker == "person" and each.scope in scopes)
    return {(c.scope, c.decision, c.until, c.limit, c.expires_at) for c in own}


def clear_choices(
    person_id: uuid.UUID,
    scopes: Sequence[Scope],
    kinds: Collection[str],
    *,
    by: str,
    now: datetime,
) -> list[LedgerEntry]:
    """Clear the person's choices of these *kinds* on exactly these scopes, and keep all others.

    A second click records nothing and returns the entries of the first.
    """
    with transaction.atomic():
        ledger.lock_subject(person_id)
        said = decision.select_in_force(preferences.list_preferences(person_id))
        own = [choice for choice in said if choice.maker == "person"]
        taken = {choice.scope for choice in own if choice.decision in kinds}
        kept = [choice for choice in own if choice.decision not in kinds]
        if not taken.intersection(scopes) and (before := _find_taken_back(person_id, scopes)):
            return before
        return _say_again(person_id, scopes, kept, by=by, now=now)


def _find_taken_back(person_id: uuid.UUID, scopes: Sequence[Scope]) -> list[LedgerEntry]:
    """Return the entries that cleared *scopes*, if no choice was made on them since."""
    own = LedgerEntry.objects.filter(subject=person_id, maker="person")
    about = own.filter(Q(brand__in=[scope.brand for scope in scopes]) | Q(brand=None))
    entries = [each for each in about.order_by("-subject_seq") if _scope(each) in scopes]
    newest = [each for each in entries if each.recorded_at == entries[0].recorded_at][::-1]
    return newest if newest and newest[0].decision == "clear" else []


def _others(person_id: uuid.UUID, entries: Sequence[LedgerEntry]) -> QuerySet[LedgerEntry]:
    said = LedgerEntry.objects.of_person(person_id).filter(maker="person")
    return said.exclude(pk__in=[entry.pk for entry in entries])


def _say_again(
    person_id: uuid.UUID,
    scopes: Iterable[Scope],
    stood: Sequence[Choice],
    *,
    by: str,
    now: datetime,
) -> list[LedgerEntry]:
    again = [new for scope in scopes for new in _restore_choices(scope, stood, now)]
    return ledger.record_choices(person_id, again, by=Actor(by), now=now)


def _scopes(entries: Sequence[LedgerEntry]) -> list[Scope]:
    return list(dict.fromkeys(_scope(entry) for entry in entries))


def _scope(entry: LedgerEntry) -> Scope:
    return preferences.read_scope(entry)


def _restore_choices(scope: Scope, stood: Sequence[Choice], now: datetime) -> Iterator[NewChoice]:
    """Yield a `clear`, then the choices of *stood* on exactly this scope, oldest first.

    Note [Saying again]. Choices that are recorded again get a new time, and newer choices win. Two
    consequences follow:

    1. A restored refusal would overrule a narrower grant that had lifted it. That grant is
       therefore recorded again after the refusal.
    2. A restored grant would lift a wider refusal that is newer than it. It is therefore left out.
       What is in force is then as before, but the grant does not come back if that refusal is
       withdrawn later.

    Worked example: a person refuses a brand's marketing, then grants its newsletter, then grants
    all of its marketing. Undoing the last choice records clear(marketing), deny(marketing) and
    again grant(newsletter). Without that last entry, the new refusal would overrule the newsletter.
    """
    yield NewChoice(scope, ChoiceTerms("clear"))
    own = sorted((c for c in stood if c.scope == scope), key=lambda choice: choice.age)
    others = [choice for choice in stood if choice.scope != scope]
    for choice in own:
        if choice.limit or choice.refuses(now) or _counts(choice, others, now):
            yield _again(choice)
        if choice.refuses(now):
            lifting = (other for other in others if other.permits(now) and other.lifts(choice))
            yield from (_again(each) for each in lifting if _counts(each, stood, now))


def repeat_narrower_yeses(
    scope: Scope, said: Sequence[Choice], *, since: datetime | None, now: datetime
) -> list[NewChoice]:
    """Return the person's grants within *scope* that count now and were made at or after *since*.

    Recorded again after a new refusal of *scope*, they stay in force: Note [Saying again]. A grant
    that ends within this hour is left out, because its end could not be rounded to the hour.
    """
    if since is None:
        return []
    within = (c for c in said if c.maker == "person" and c.scope != scope)
    yeses = [c for c in within if scope.covers(c.scope) and c.made_at >= since]
    return [
        _again(each)
        for each in sorted(yeses, key=lambda choice: choice.age)
        if _counts(each, said, now) and not _is_refused_by_brand(each, said, now)
        if each.expires_at is None or brand_events.floor_to_hour(each.expires_at) > now
    ]


def _is_refused_by_brand(grant: Choice, said: Sequence[Choice], now: datetime) -> bool:
    """Return whether recording *grant* again would lift a newer refusal of a brand.

    Refusals for any contact point count.
    """
    return any(
        each.maker == "brand"
        and each.refuses(now)
        and each.age > grant.age
        and each.scope._replace(contact_point=None).covers(grant.scope)
        for each in said
    )


def _counts(grant: Choice, among: Sequence[Choice], now: datetime) -> bool:
    """Return whether *grant* permits, and no refusal *among* these that covers it overrules it."""
    denials = (each for each in among if each.refuses(now) and each.scope.covers(grant.scope))
    return grant.permits(now) and all(grant.lifts(denial) for denial in denials)


def _again(choice: Choice) -> NewChoice:
    return NewChoice(
        choice.scope,
        ChoiceTerms(
            choice.decision,
            until=choice.until,
            limit=choice.limit,
            expires_at=choice.expires_at,
        ),
    )
