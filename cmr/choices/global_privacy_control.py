"""Global Privacy Control: the browser's own no to sale, sharing and ads across contexts.

Note [GPC]. The signal comes with every request, a GET among them, and the law wants it honoured on
the page that it came with. It goes by what stands, not by what was done once (ADR 39):

- Where the person's own no to the same stands, there is nothing to do.
- Where their yes to the same stands, and is newer than the first signal, it is their answer to it.
- Else the signal is their no. So a no that was cleared comes back with the next signal: a `clear`
  is no consent, and the browser goes on saying no.

A yes to one brand that they said after the first signal is narrower and newer, and stays. A no that
comes back would overrule it by its age, so that yes is said again after it.
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
from consent.ledger import Actor, NewChoice
from consent.models import LedgerEntry, Preference, Relationship

SOURCE = "gpc"
#: What the signal says no to.
PURPOSES = ("sale_or_sharing", "personalised_ads")


def is_gpc_signal(header: str) -> bool:
    """Whether `Sec-GPC` says so: exactly `1`; of several headers, one of them."""
    return "1" in [value.strip() for value in header.split(",")]


def apply_gpc_signal(consumer: Consumer, *, now: datetime) -> bool:
    """Say no to every brand for the person who sends the signal; return whether that was new.

    Costs one query where nothing is to be done.
    """
    person_id = consumer.subject_id
    if consumer.gpc_honoured_at and not _find_open(person_id, None, consumer.gpc_honoured_at, now):
        return False
    with transaction.atomic():
        ledger.lock_subject(
            person_id
        )  # of two requests at once the second finds the first one's no
        consumer.refresh_from_db(fields=["gpc_honoured_at"])
        since = consumer.gpc_honoured_at
        is_new = _say_no(person_id, _find_open(person_id, None, since, now), since, now)
        if since is None:
            consumer.gpc_honoured_at = now
            consumer.save(update_fields=["gpc_honoured_at"])
    return is_new


def apply_gpc_signal_to_brand(relationship: Relationship, *, now: datetime) -> bool:
    """Say no to one brand for whoever saves something on its page by a link.

    Return whether that was new. A brand could open its own link with the header, so the signal
    there says nothing to any other brand.
    """
    brand_id, person_id = relationship.brand_id, relationship.person_id
    with transaction.atomic():
        ledger.lock_subject(person_id)
        since = _find_first_no(person_id, brand_id)
        return _say_no(person_id, _find_open(person_id, brand_id, since, now), since, now)


def _find_open(
    person_id: uuid.UUID, brand_id: int | None, since: datetime | None, now: datetime
) -> list[Scope]:
    """Return what the signal has to say no to, for the person has not answered it themselves."""
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
    """Return when the person first said no to the same; a yes after that is their answer."""
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
    denials = [NewChoice(scope, "deny") for scope in scopes]
    ledger.record_choices(person_id, [*denials, *kept], by=Actor(SOURCE), now=now)
    return True
