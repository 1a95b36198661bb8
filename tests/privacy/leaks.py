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

from brands.credentials import brand_keys
from brands.events.stream import NewEvent
from brands.models import Brand
from cmr.inbound import recording
from cmr.models import ContactPoint
from cmr.permission_requests import requests
from consent.brand_events import payloads
from consent.checks import frequency_caps, single
from consent.decision.resolution import Choice, Scope
from consent.identity.contact_hashes import ContactHashes
from consent.models import LedgerEntry, Subject
from consent.relationships import lifecycle
from consent.rules import scope_names
from core.db.prepared import Statement
from tests.privacy.elsewhere import (
    be_merged_elsewhere,
    be_sent_elsewhere,
    choose_elsewhere,
    know_others,
    prove_addresses,
)
from tests.privacy.world import Elsewhere
from tests.replacing import replace_everywhere

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
    tell = payloads.build_choice_event

    def leak(entry: LedgerEntry, *args: Any, **more: Any) -> NewEvent:
        notice = tell(entry, *args, **more)
        return replace(notice, data=notice.data | {"subject_seq": entry.subject_seq})

    replace_everywhere(monkeypatch, payloads.build_choice_event, leak)


def entry_id(monkeypatch: pytest.MonkeyPatch) -> None:
    """Events have the ledger's own id of the entry, which is the same for all brands."""

    def leak(entry: uuid.UUID, relationship: uuid.UUID) -> uuid.UUID:
        return entry

    monkeypatch.setattr(payloads, "build_entry_id", leak)


def scope(monkeypatch: pytest.MonkeyPatch) -> None:
    """A choice about any brand reads as one."""
    describe = scope_names.describe_scope_for_brand

    def leak(said: Scope, *, slug: str) -> dict[str, Any]:
        return describe(said, slug=slug) | ({"brand": None} if said.brand is None else {})

    replace_everywhere(monkeypatch, scope_names.describe_scope_for_brand, leak)


def made_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Checks and lists have the exact time of a choice."""

    def leak(choice: Choice) -> datetime:
        return choice.made_at

    replace_everywhere(monkeypatch, payloads.round_choice_time, leak)


def event_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each brand is told of a choice about any brand at the choice's own time."""
    tell = payloads.build_choice_event

    def leak(entry: LedgerEntry, *args: Any, **more: Any) -> NewEvent:
        return tell(entry, *args, **more | {"at": entry.made_at, "direct": True})

    replace_everywhere(monkeypatch, payloads.build_choice_event, leak)


def second_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any address of the person finds the relationship that a brand has by another one."""
    person = (
        "person_id = (SELECT coalesce(merged_into_id, id) FROM consent_subject"
        " WHERE id = identifier.subject_id)"
    )
    found = single.FOUND[False].replace("subject_id = identifier.subject_id", person, 1)
    assert found != single.FOUND[False]
    asker = f"({brand_keys.KEY_BRAND_QUERY}) brand"
    columns = "brand.digest, brand.scopes, brand.id, brand.slug,"
    leak = Statement(single.QUERY.format(asker=columns, brand=asker, found=found))
    monkeypatch.setitem(single.CHECK_BY_KEY, False, leak)


def remaining(monkeypatch: pytest.MonkeyPatch) -> None:
    """A brand reads what is left of a limit that others count against, too."""

    def leak(spent: frequency_caps.SendCount) -> int:
        return max(spent.limit.max - spent.count, 0)

    monkeypatch.setattr(frequency_caps.SendCount, "remaining", property(leak))


def not_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """A brand reads to the second when another's send stops counting."""

    def leak(spent: frequency_caps.SendCount) -> datetime | None:
        if spent.count < spent.limit.max or spent.oldest is None:
            return None
        return spent.oldest + spent.limit.window

    monkeypatch.setattr(frequency_caps.SendCount, "gives_back", property(leak))


def hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A brand that the person adds is told the hashes of all their addresses."""
    start = lifecycle.start_relationship

    def leak(subject_id: uuid.UUID, brand: Brand, **more: Any) -> Any:
        person = Subject.objects.get(pk=subject_id).person_id
        points = ContactPoint.objects.filter(
            Q(identifier__subject=person) | Q(identifier__subject__merged_into=person)
        )
        known = [ContactHashes(p.kind, hashlib.sha256(p.value.encode()).digest()) for p in points]
        return start(subject_id, brand, **more | {"contacts": known})

    replace_everywhere(monkeypatch, lifecycle.start_relationship, leak)


def contact_point(monkeypatch: pytest.MonkeyPatch) -> None:
    """A choice about one address names it by a number that counts everybody's addresses."""
    describe = scope_names.describe_scope_for_brand

    def leak(said: Scope, *, slug: str) -> dict[str, Any]:
        return describe(said, slug=slug) | {"contact_point": said.contact_point}

    replace_everywhere(monkeypatch, scope_names.describe_scope_for_brand, leak)


def retry_after(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks too soon after a no is told the seconds until they may."""

    def leak(moment: datetime) -> datetime:
        return moment

    monkeypatch.setattr(requests, "ceil_to_hour", leak)


def repeat(monkeypatch: pytest.MonkeyPatch) -> None:
    """A message that was handed on for one address is a repeat for the person's others."""

    def leak(subject_id: uuid.UUID, said: Scope) -> Q:
        return Q()

    monkeypatch.setattr(recording, "_find_contact_points", leak)


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
