"""Choosing: the person's one verb."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction

from brands.models import Brand
from cmr.models import Consumer
from consent import ledger, relationships, resolution, scopes
from consent import preferences as standing
from consent.contact_hashes import KnownBy
from consent.ledger import Actor, NewChoice
from consent.models import LedgerEntry, Relationship
from consent.resolution import Scope
from consent.scopes import Names


@dataclass(frozen=True, slots=True)
class Wish:
    """A choice before its names are resolved; the scope of `choice` is not read."""

    names: Names
    choice: NewChoice


def choose(
    consumer: Consumer, wishes: Sequence[Wish], *, by: str, now: datetime
) -> list[LedgerEntry]:
    """Record what the person wants, all or none; *by* is the door ("portal", "api").

    Raises:
        scopes.UnknownName, scopes.TopicWithoutBrand, scopes.CannotBeRefused
    """
    choices = [
        replace(wish.choice, scope=scope_of(consumer, wish.names, decision=wish.choice.decision))
        for wish in wishes
    ]
    return ledger.record(consumer.subject_id, choices, by=Actor(by), now=now)


def scope_of(consumer: Consumer, names: Names, *, decision: str) -> Scope:
    """What *names* mean to this person. Raises as `choose` does."""
    return scopes.resolve(_with_identifier(consumer, names), decision=decision, test=False)


def _with_identifier(consumer: Consumer, names: Names) -> Names:
    """In the person's own words a contact point is their ContactPoint; the ledger knows it else."""
    if names.contact_point is None:
        return names
    for point in consumer.contact_points.filter(pk=names.contact_point):
        return replace(names, contact_point=point.identifier_id)
    raise scopes.UnknownName("contact_point", str(names.contact_point))


def has_refused(relationship: Relationship, scope: Scope, *, now: datetime) -> bool:
    """Whether the person's own deny covers *scope*. A pause is none, for it ends."""
    known = standing.covering_brand(relationship.person_id, relationship.brand_id)
    no = resolution.standing_no(known, scope, now)
    return no is not None and no.decision == "deny"


def add_brand(
    consumer: Consumer, brand: Brand, *, by: str, now: datetime
) -> tuple[Relationship, bool]:
    """Begin a relationship; the brand may know the person by the hashes of their addresses."""
    points = consumer.contact_points.order_by("pk")
    contacts = [KnownBy(p.kind, hashlib.sha256(p.value.encode()).digest()) for p in points]
    return relationships.start(consumer.subject_id, brand, by=Actor(by), now=now, contacts=contacts)


def end_relationship(
    consumer: Consumer, relationship: Relationship, *, by: str, now: datetime
) -> bool:
    """End it: the brand may not reach the person at all; False when it was over already.

    All of them, where the brand had met addresses of theirs apart.
    """
    mine = Relationship.objects.active().filter(
        person=consumer.subject_id, brand=relationship.brand_id
    )
    with transaction.atomic():
        ended = [relationships.end(each, by=Actor(by), now=now) for each in mine]
    return any(ended)
