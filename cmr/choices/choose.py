"""Choosing: the person's one verb."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction

from brands.models import Brand
from cmr.models import Consumer, ContactPoint
from consent import ledger, relationships, rules
from consent import preferences as standing
from consent.brand_events import EventTimes
from consent.decision import Choice, Limit, Scope, find_standing_refusal, select_in_force
from consent.identity import ContactHashes
from consent.ledger import Actor, NewChoice
from consent.models import LedgerEntry, Relationship
from consent.rules import ScopeNames

#: The decisions that take away from what brands may do, and never add to it.
SAYS_LESS = ("deny", "pause", "limit")
#: The others, as a refusal names them.
SAYS_MORE = {"grant": "A yes", "clear": "Taking a choice back"}


class SaysMore(Exception):
    """Whoever asked may only say less."""


@dataclass(frozen=True, slots=True)
class ChoiceRequest:
    """A choice before its names are resolved; the scope of `choice` is not read."""

    names: ScopeNames
    choice: NewChoice


def record_choices(
    consumer: Consumer, wishes: Sequence[ChoiceRequest], *, by: str, now: datetime
) -> list[LedgerEntry]:
    """Record what the person wants, all or none; *by* is the door ("portal", "api").

    Return the entry of each wish. A wish that repeats what they said last has the older entry.

    Raises as `scopes.resolve` does.
    """
    choices = [
        replace(
            wish.choice, scope=resolve_scope(consumer, wish.names, decision=wish.choice.decision)
        )
        for wish in wishes
    ]
    return ledger.record_unless_repeated(consumer.subject_id, choices, by=Actor(by), now=now)


def record_restrictions(
    consumer: Consumer, wishes: Sequence[ChoiceRequest], *, by: str, now: datetime
) -> list[LedgerEntry]:
    """Record choices that only take away from what brands may do. Raises as `choose` does.

    Raises:
        SaysMore
    """
    if more := next((w for w in wishes if w.choice.decision not in SAYS_LESS), None):
        what = SAYS_MORE[more.choice.decision]
        raise SaysMore(f"{what} needs a token with the scope `full`.")
    with transaction.atomic():
        ledger.lock_subject(consumer.subject_id)  # what is compared with must not change meanwhile
        said = read_own(consumer.subject_id)
        entries = record_choices(consumer, wishes, by=by, now=now)
        refuse_loosening(said, entries)
    return entries


def read_own(person_id: uuid.UUID) -> list[Choice]:
    """Return the person's own choices that are in force."""
    held = select_in_force(standing.list_preferences(person_id))
    return [choice for choice in held if choice.maker == "person"]


def refuse_loosening(said: Sequence[Choice], entries: Sequence[LedgerEntry]) -> None:
    """Refuse entries that take the place of a longer pause, or of a tighter limit, among *said*.

    Call it in the transaction that recorded them, with the person locked before *said* was read.

    Raises:
        SaysMore
    """
    held: dict[tuple[Scope, str], tuple[datetime | None, Limit | None]] = {
        (each.scope, each.decision): (each.until, each.limit) for each in said
    }
    for entry in entries:
        slot = (standing.read_scope(entry), entry.decision)
        until, limit = held.get(slot, (None, None))
        if until and entry.until and entry.until < until:
            raise SaysMore("A shorter pause needs a token with the scope `full`.")
        if limit and not _is_as_tight(_check_limit(entry), limit):
            raise SaysMore("A looser limit needs a token with the scope `full`.")
        held[slot] = (entry.until, _check_limit(entry))


def _check_limit(entry: LedgerEntry) -> Limit | None:
    if entry.limit_max is None or entry.limit_per is None:
        return None
    return Limit(entry.limit_max, entry.limit_per)


def _is_as_tight(new: Limit | None, held: Limit) -> bool:
    """Return whether *new* allows nothing that *held* does not: no more, in no shorter a time.

    One a day allows 30 a month, so it is not as tight as 10 a month.
    """
    return new is not None and new.max <= held.max and new.window >= held.window


def resolve_scope(consumer: Consumer, names: ScopeNames, *, decision: str) -> Scope:
    """What *names* mean to this person. Raises as `choose` does."""
    return rules.resolve_scope_names(
        _with_identifier(consumer, names), decision=decision, test=False
    )


def _with_identifier(consumer: Consumer, names: ScopeNames) -> ScopeNames:
    """In the person's own words a contact point is their ContactPoint; the ledger knows it else."""
    if names.contact_point is None:
        return names
    for point in consumer.contact_points.filter(pk=names.contact_point):
        return replace(names, contact_point=point.identifier_id)
    raise rules.UnknownName("contact_point", str(names.contact_point))


def has_refused(person_id: uuid.UUID, scope: Scope, *, now: datetime) -> bool:
    """Return whether the person's own deny stands on exactly *scope*, of one brand.

    A wider one is none: taken back one day, it would take along what they had said again in
    particular. Nor is a pause, for it ends.
    """
    assert scope.brand is not None
    known = standing.read_choices_about_brand(person_id, scope.brand)
    no = find_standing_refusal([c for c in known if c.scope == scope], scope, now)
    return no is not None and no.decision == "deny"


def add_brand(
    consumer: Consumer,
    brand: Brand,
    *,
    by: str,
    now: datetime,
    points: Collection[ContactPoint] = (),
) -> tuple[Relationship, bool]:
    """Let *brand* know the person by the addresses *points*.

    Without any these are the addresses by which the brand knew them before, else the one that they
    sign in with. The brand is told the hash of each address, and knows each as somebody by itself.
    Says whether there was anything to do; the relationship is that of the first address.
    """
    if not points:
        known = Relationship.objects.filter(person=consumer.subject_id, brand=brand)
        if active := known.filter(ended_at=None).order_by("started_at").first():
            return active, False
        mine = consumer.contact_points.select_related("identifier").order_by("pk")
        points = list(mine.filter(identifier__subject__in=known.values("subject")))
    chosen = list(points) or [find_usual_point(consumer)]
    times = EventTimes(now)
    with transaction.atomic():
        started = [
            relationships.start_relationship(
                point.identifier.subject_id,
                brand,
                by=Actor(by),
                now=times.take_next(),
                contacts=[ContactHashes(point.kind, hashlib.sha256(point.value.encode()).digest())],
            )
            for point in chosen
        ]
    return started[0][0], any(is_new for _, is_new in started)


def find_usual_point(consumer: Consumer) -> ContactPoint:
    """Return the address that the person signs in with, else the one that they proved first."""
    points = consumer.contact_points.select_related("identifier").order_by("pk")
    same = (each for each in points if each.value == consumer.user.email)
    return next(same, None) or points[0]


def end_relationship(
    consumer: Consumer, relationship: Relationship, *, by: str, now: datetime
) -> bool:
    """End it: the brand may not reach the person at all; False when it was over already.

    All of them, where the brand knows several addresses of theirs.
    """
    mine = Relationship.objects.active().select_related("brand")
    mine = mine.filter(person=consumer.subject_id, brand=relationship.brand_id).order_by("pk")
    times, actor = EventTimes(now), Actor(by)
    with transaction.atomic():
        ended = [
            relationships.end_relationship(each, by=actor, now=times.take_next()) for each in mine
        ]
    return any(ended)
