"""Leaks that were once there, or might come: each is planted into the product's own code.

`DIFFERING` are found by two worlds that must be alike, `JOINING` by two brands that must have
nothing in common.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import pytest
from django.db.models import Q

from brands import keys
from brands.models import Brand
from brands.prepared import Statement
from brands.stream import Notice
from cmr import asking
from cmr.inbound import hearing
from cmr.models import ContactPoint
from consent import budgets, checks, notices, relationships, scopes
from consent.contact_hashes import KnownBy
from consent.models import LedgerEntry, Subject
from consent.resolution import Choice, Scope
from tests.privacy.elsewhere import (
    be_merged_elsewhere,
    be_sent_elsewhere,
    choose_elsewhere,
    know_others,
    prove_addresses,
)
from tests.privacy.world import Elsewhere

Plant = Callable[[pytest.MonkeyPatch], None]


@dataclass(frozen=True, slots=True)
class Leak:
    """How it is planted; and which two worlds then differ, of which one has the *acts* besides."""

    plant: Plant
    acts: Sequence[Elsewhere] = ()
    #: What both worlds are, and what the other one is besides.
    both: Mapping[str, Any] = field(default_factory=dict)
    other: Mapping[str, Any] = field(default_factory=dict)


def number(monkeypatch: pytest.MonkeyPatch) -> None:
    """Events have the number that the ledger gave the entry: it counts what was said to others."""
    tell = notices.of_entry

    def leak(entry: LedgerEntry, *args: Any, **more: Any) -> Notice:
        notice = tell(entry, *args, **more)
        return replace(notice, data=notice.data | {"subject_seq": entry.subject_seq})

    monkeypatch.setattr(notices, "of_entry", leak)


def entry_id(monkeypatch: pytest.MonkeyPatch) -> None:
    """Events have the ledger's own id of the entry, which is the same for all brands."""

    def leak(entry: uuid.UUID, relationship: uuid.UUID) -> uuid.UUID:
        return entry

    monkeypatch.setattr(notices, "build_entry_id", leak)


def scope(monkeypatch: pytest.MonkeyPatch) -> None:
    """A choice about any brand reads as one."""
    describe = scopes.describe_for_brand

    def leak(said: Scope, *, slug: str) -> dict[str, Any]:
        return describe(said, slug=slug) | ({"brand": None} if said.brand is None else {})

    monkeypatch.setattr(scopes, "describe_for_brand", leak)


def made_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Checks and lists have the exact time of a choice."""

    def leak(choice: Choice) -> datetime:
        return choice.made_at

    monkeypatch.setattr(notices, "round_made_at", leak)


def event_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each brand is told of a choice about any brand at the choice's own time."""
    tell = notices.of_entry

    def leak(entry: LedgerEntry, *args: Any, **more: Any) -> Notice:
        return tell(entry, *args, **more | {"at": entry.made_at, "direct": True})

    monkeypatch.setattr(notices, "of_entry", leak)


def second_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any address of the person finds the relationship that a brand has by another one."""
    person = (
        "person_id = (SELECT coalesce(merged_into_id, id) FROM consent_subject"
        " WHERE id = identifier.subject_id)"
    )
    found = checks.FOUND[False].replace("subject_id = identifier.subject_id", person, 1)
    assert found != checks.FOUND[False]
    asker = f"({keys.ASKER}) brand"
    columns = "brand.digest, brand.scopes, brand.id, brand.slug,"
    leak = Statement(checks.QUERY.format(asker=columns, brand=asker, found=found))
    monkeypatch.setitem(checks.BY_KEY, False, leak)


def remaining(monkeypatch: pytest.MonkeyPatch) -> None:
    """A brand reads what is left of a limit that others count against, too."""

    def leak(spent: budgets.Spent) -> int:
        return max(spent.limit.max - spent.count, 0)

    monkeypatch.setattr(budgets.Spent, "remaining", property(leak))


def not_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """A brand reads to the second when another's send stops counting."""

    def leak(spent: budgets.Spent) -> datetime | None:
        if spent.count < spent.limit.max or spent.oldest is None:
            return None
        return spent.oldest + spent.limit.window

    monkeypatch.setattr(budgets.Spent, "gives_back", property(leak))


def hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A brand that the person adds is told the hashes of all their addresses."""
    start = relationships.start

    def leak(subject_id: uuid.UUID, brand: Brand, **more: Any) -> Any:
        person = Subject.objects.get(pk=subject_id).person_id
        points = ContactPoint.objects.filter(
            Q(identifier__subject=person) | Q(identifier__subject__merged_into=person)
        )
        known = [KnownBy(p.kind, hashlib.sha256(p.value.encode()).digest()) for p in points]
        return start(subject_id, brand, **more | {"contacts": known})

    monkeypatch.setattr(relationships, "start", leak)


def contact_point(monkeypatch: pytest.MonkeyPatch) -> None:
    """A choice about one address names it by a number that counts everybody's addresses."""
    describe = scopes.describe_for_brand

    def leak(said: Scope, *, slug: str) -> dict[str, Any]:
        return describe(said, slug=slug) | {"contact_point": said.contact_point}

    monkeypatch.setattr(scopes, "describe_for_brand", leak)


def retry_after(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks too soon after a no is told the seconds until they may."""

    def leak(moment: datetime) -> datetime:
        return moment

    monkeypatch.setattr(asking, "ceil_to_hour", leak)


def repeat(monkeypatch: pytest.MonkeyPatch) -> None:
    """A message that was handed on for one address is a repeat for the person's others."""

    def leak(subject_id: uuid.UUID, said: Scope) -> Q:
        return Q()

    monkeypatch.setattr(hearing, "_points_of", leak)


MEMBER: dict[str, Any] = {"is_member": True, "limit": 20}
WIDE = MEMBER | {"is_wide": True}
#: Found by two worlds that have to be alike, and are not.
DIFFERING = {
    "number": Leak(number, [choose_elsewhere], both=MEMBER),
    "scope": Leak(scope, both=MEMBER, other={"is_wide": True}),
    "second address": Leak(second_address, [prove_addresses], both=MEMBER),
    "remaining": Leak(remaining, [be_sent_elsewhere], both=WIDE),
    "not before": Leak(not_before, [be_sent_elsewhere], both=WIDE | {"limit": 3}),
    "hashes": Leak(hashes, [prove_addresses], both=MEMBER | {"adds_brand": True}),
    "contact point": Leak(contact_point, [know_others], both=MEMBER | {"names_address": True}),
    "repeat": Leak(repeat, [be_merged_elsewhere]),
}
#: Found by two brands that have something in common.
JOINING = {
    "entry id": entry_id,
    "made at": made_at,
    "event time": event_time,
    "retry after": retry_after,
}
