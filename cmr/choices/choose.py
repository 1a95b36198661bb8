"""Record a person's choices, and add or end their relationships with brands."""

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
from consent.ledger import Actor, ChoiceTerms, NewChoice
from consent.models import LedgerEntry, Relationship
from consent.rules import ScopeNames
from core.errors import DomainError

#: The decisions that only restrict what brands may do.
SAYS_LESS = ("deny", "pause", "limit")
#: The other decisions, with the words that an error message uses.
SAYS_MORE = {"grant": "A yes", "clear": "Taking a choice back"}


class SaysMore(DomainError):
    """The caller may only restrict, but the choice permits more than before."""

    status = 403
    code = "insufficient_scope"


@dataclass(frozen=True, slots=True)
class ChoiceRequest:
    """A choice whose scope is given by names that are not resolved yet."""

    names: ScopeNames
    terms: ChoiceTerms


def record_choices(
    consumer: Consumer, requests: Sequence[ChoiceRequest], *, by: str, now: datetime
) -> list[LedgerEntry]:
    """Record all of the person's choices, or none. *by* is the source ("portal", "api").

    Return one entry for each request. For a choice that repeats the person's latest one on its
    scope, it is the earlier entry.

    Raises:
        What `rules.resolve_scope_names` raises.
    """
    choices = [
        NewChoice(resolve_scope(consumer, each.names, decision=each.terms.decision), each.terms)
        for each in requests
    ]
    return ledger.record_unless_repeated(consumer.subject_id, choices, by=Actor(by), now=now)


def record_restrictions(
    consumer: Consumer, requests: Sequence[ChoiceRequest], *, by: str, now: datetime
) -> list[LedgerEntry]:
    """Record choices that only restrict what brands may do.

    Raises:
        SaysMore, and what `record_choices` raises.
    """
    if more := next((r for r in requests if r.terms.decision not in SAYS_LESS), None):
        what = SAYS_MORE[more.terms.decision]
        raise SaysMore(f"{what} needs a token with the scope `full`.")
    with transaction.atomic():
        ledger.lock_subject(consumer.subject_id)  # the choices to compare with must not change
        said = read_own(consumer.subject_id)
        entries = record_choices(consumer, requests, by=by, now=now)
        refuse_loosening(said, entries)
    return entries


def read_own(person_id: uuid.UUID) -> list[Choice]:
    """Return the person's own choices that are in force."""
    held = select_in_force(standing.list_preferences(person_id))
    return [choice for choice in held if choice.maker == "person"]


def refuse_loosening(said: Sequence[Choice], entries: Sequence[LedgerEntry]) -> None:
    """Refuse entries that replace a longer pause or a tighter limit among *said*.

    Call it in the transaction that recorded the entries. The person must have been locked before
    *said* was read.

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
    """Return whether *new* allows no more than *held*: at most as many, in no shorter a window.

    Example: 1 a day allows 30 a month, so it is not as tight as 10 a month.
    """
    return new is not None and new.max <= held.max and new.window >= held.window


def resolve_scope(consumer: Consumer, names: ScopeNames, *, decision: str) -> Scope:
    """Return the scope that *names* mean for this person.

    Raises:
        What `rules.resolve_scope_names` raises.
    """
    return rules.resolve_scope_names(
        _with_identifier(consumer, names), decision=decision, test=False
    )


def _with_identifier(consumer: Consumer, names: ScopeNames) -> ScopeNames:
    """Translate the contact point: consumers use ContactPoint ids, the ledger Identifier ids.

    Raises:
        rules.UnknownName
    """
    if names.contact_point is None:
        return names
    for point in consumer.contact_points.filter(pk=names.contact_point):
        return replace(names, contact_point=point.identifier_id)
    raise rules.UnknownName("contact_point", str(names.contact_point))


def has_refused(person_id: uuid.UUID, scope: Scope, *, now: datetime) -> bool:
    """Return whether the person's own refusal is in force on exactly *scope*, of one brand.

    A wider refusal does not count: if it is withdrawn one day, this refusal would go with it. A
    pause does not count, because it ends.
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
    """Begin relationships with *brand* by the addresses *points*.

    The default is the addresses by which the brand knew the person before, else their sign-in
    address. The brand receives the hash of each address and sees each as a separate person. Return
    the relationship of the first address, and whether anything changed.
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
    """Return the person's sign-in address, else the one that they proved first."""
    points = consumer.contact_points.select_related("identifier").order_by("pk")
    same = (each for each in points if each.value == consumer.user.email)
    return next(same, None) or points[0]


def end_relationship(
    consumer: Consumer, relationship: Relationship, *, by: str, now: datetime
) -> bool:
    """End all relationships with the brand. Return False if there was none left.

    There are several if the brand knows several addresses of the person. Afterwards the brand may
    not contact them at all.
    """
    mine = Relationship.objects.active().select_related("brand")
    mine = mine.filter(person=consumer.subject_id, brand=relationship.brand_id).order_by("pk")
    times, actor = EventTimes(now), Actor(by)
    with transaction.atomic():
        ended = [
            relationships.end_relationship(each, by=actor, now=times.take_next()) for each in mine
        ]
    return any(ended)
