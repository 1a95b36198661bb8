"""Global Privacy Control (GPC): the browser's refusal of sale, sharing and cross-context ads.

Note [GPC]. The browser sends the signal with every request, including GET. The law requires us to
honour it on the page with which it comes. The result depends on the choices in force, not on what
we did before (ADR 39):

- If the person's own refusal of the same scope is in force, do nothing.
- If their own grant of the same scope is in force and newer than the first signal, it is their
  answer to the signal. Do nothing.
- Otherwise record the signal as their refusal. A refusal that was cleared therefore comes back
  with the next signal: a `clear` is not consent, and the browser keeps refusing.

A grant to a single brand, given after the first signal, is narrower and newer, so it stays in
force. A refusal that comes back is newer still and would overrule it. That grant is therefore
recorded again after the refusal.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Min, Q

from cmr.choices import undo
from cmr.models import Consumer
from consent import decision, ledger, preferences
from consent.decision import Choice, Scope
from consent.ledger import Actor, ChoiceTerms, NewChoice
from consent.models import LedgerEntry, Preference, Relationship

SOURCE = "gpc"
#: The purposes that the signal refuses.
PURPOSES = ("sale_or_sharing", "personalised_ads")


def is_gpc_signal(header: str) -> bool:
    """Return whether the `Sec-GPC` header is exactly `1`, or one of several headers is."""
    return "1" in [value.strip() for value in header.split(",")]


def apply_gpc_signal(consumer: Consumer, *, now: datetime) -> bool:
    """Record the refusal for all brands. Return whether anything was recorded.

    If there is nothing to do, this costs one query.
    """
    person_id = consumer.subject_id
    if consumer.gpc_honoured_at and not _find_open(person_id, None, consumer.gpc_honoured_at, now):
        return False
    with transaction.atomic():
        ledger.lock_subject(
            person_id
        )  # of two concurrent requests, the second finds the refusal of the first
        consumer.refresh_from_db(fields=["gpc_honoured_at"])
        since = consumer.gpc_honoured_at
        is_new = _say_no(person_id, _find_open(person_id, None, since, now), since, now)
        if since is None:
            consumer.gpc_honoured_at = now
            consumer.save(update_fields=["gpc_honoured_at"])
    return is_new


def apply_gpc_signal_to_brand(relationship: Relationship, *, now: datetime) -> bool:
    """Record the refusal for one brand, for a person who saves its page by a link.

    Return whether anything was recorded. A brand could open its own link with the header, so the
    signal must not affect other brands.
    """
    brand_id, person_id = relationship.brand_id, relationship.person_id
    with transaction.atomic():
        ledger.lock_subject(person_id)
        since = _find_first_no(person_id, brand_id)
        return _say_no(person_id, _find_open(person_id, brand_id, since, now), since, now)


def _find_open(
    person_id: uuid.UUID, brand_id: int | None, since: datetime | None, now: datetime
) -> list[Scope]:
    """Return the scopes to refuse: those that the person has not answered themselves."""
    of_brands = Q(brand=None) | Q(brand=brand_id)
    rows = Preference.objects.filter(
        of_brands, subject=person_id, purpose__in=PURPOSES, maker="person"
    )
    said = decision.select_in_force(preferences.build_choices(rows))
    scopes = [Scope(brand_id, purpose) for purpose in PURPOSES]
    return [scope for scope in scopes if not _is_answered(said, scope, since, now)]


def _is_answered(
    said: Iterable[Choice], scope: Scope, since: datetime | None, now: datetime
) -> bool:
    same = (scope, scope._replace(brand=None))
    spoken = [c for c in said if c.scope in same and (c.decision == "deny" or c.permits(now))]
    newest = max(spoken, key=lambda choice: choice.age, default=None)
    if newest is None:
        return False
    return newest.decision == "deny" or (since is not None and newest.made_at >= since)


def _find_first_no(person_id: uuid.UUID, brand_id: int) -> datetime | None:
    """Return when the person first refused the same scope. A later grant is their answer to it."""
    of_brands = Q(brand=None) | Q(brand=brand_id)
    mine = LedgerEntry.objects.of_person(person_id).filter(
        of_brands, maker="person", decision="deny", purpose__in=PURPOSES
    )
    first: datetime | None = mine.aggregate(first=Min("made_at"))["first"]
    return first


def _say_no(
    person_id: uuid.UUID, scopes: Sequence[Scope], since: datetime | None, now: datetime
) -> bool:
    if not scopes:
        return False
    said = decision.select_in_force(preferences.list_preferences(person_id))
    kept = [
        again
        for scope in scopes
        for again in undo.repeat_narrower_yeses(scope, said, since=since, now=now)
    ]
    denials = [NewChoice(scope, ChoiceTerms("deny")) for scope in scopes]
    ledger.record_choices(person_id, [*denials, *kept], by=Actor(SOURCE), now=now)
    return True
