"""Summaries of all of a person's brands: what each may do, and which of them asks for consent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from django.db.models import Count, Max, Q

from brands import workspaces
from brands.models import Topic
from cmr.models import Consumer, PermissionRequest
from consent import checks
from consent.checks import Permission
from consent.decision import Decision, Scope
from consent.models import Relationship, Send

#: The period whose messages count for sorting by frequency.
LATELY = timedelta(days=30)
STATES = ("receiving", "paused", "stopped", "silent", "asking")


@dataclass(frozen=True, slots=True)
class Contacts:
    """How many messages of a brand reached the person in `LATELY`, and when the last one did."""

    lately: int = 0
    last: datetime | None = None


@dataclass(frozen=True, slots=True)
class BrandRow:
    """One brand. `messages` maps each channel to the purposes or topics allowed on it."""

    relationship: Relationship
    messages: Mapping[str, Sequence[str]]
    uses: Sequence[str]
    paused_until: datetime | None
    contacts: Contacts = field(default_factory=Contacts)
    asking: int = 0
    #: Whether the person refused this brand as a whole.
    is_refused: bool = False
    #: Whether everything that is not allowed was refused by the person.
    is_stopped: bool = False
    is_limited: bool = False
    #: Whether the brand is connected, so that it can learn of a choice.
    is_connected: bool = True

    @property
    def state(self) -> str:
        """Return one of `STATES`; `silent` is a brand that may do nothing by default."""
        if self.messages or self.uses:
            return "receiving"
        if self.paused_until:
            return "paused"
        return "stopped" if self.is_stopped else "silent"


def list_rows(
    consumer: Consumer, *, now: datetime, words: str = "", also: Collection[int] = ()
) -> list[BrandRow]:
    """Return one row for each brand with an active relationship.

    With *words*, only brands that have them in their name or web site, and those with an id in
    *also*. The number of queries does not depend on the number of brands.
    """
    known = _relationships(consumer, words, also)
    mine = list({each.brand_id: each for each in reversed(known)}.values())[::-1]
    may = checks.list_brand_permissions(consumer.subject_id, known, now=now)
    contacts, asking = _contacts(consumer, now), _count_open_requests(consumer)
    topics = Topic.objects.names((pk, each.topic) for pk, one in may.items() for each in one)
    connected = workspaces.find_connected_brands(may, now=now)
    return [
        replace(
            _row(each, may[each.brand_id], topics, contacts, asking.get(each.brand_id, 0)),
            is_connected=each.brand_id in connected,
        )
        for each in mine
    ]


def has_state(row: BrandRow, state: str) -> bool:
    """Return whether the row is in one of `STATES`."""
    return row.asking > 0 if state == "asking" else row.state == state


def count_states(found: Iterable[BrandRow]) -> Counter[str]:
    """Return the number of brands in each state."""
    tally: Counter[str] = Counter(dict.fromkeys(STATES, 0))
    for row in found:
        tally[row.state] += 1
        tally["asking"] += bool(row.asking)
    return tally


def _relationships(consumer: Consumer, words: str, also: Collection[int]) -> list[Relationship]:
    """Return the active relationships, by brand name, and oldest first within a brand."""
    active = Relationship.objects.active().filter(person=consumer.subject_id)
    if words:
        named = Q(brand__name__icontains=words) | Q(brand__slug__icontains=words)
        named |= Q(brand__website__icontains=words) | Q(brand__in=also)
        active = active.filter(named)
    ordered = active.select_related("brand").order_by("brand__name", "brand_id", "started_at")
    return list(ordered)


def _contacts(consumer: Consumer, now: datetime) -> dict[int, Contacts]:
    sends = Send.objects.filter(subject=consumer.subject_id, returned_at=None, at__lte=now)
    lately = Count("pk", filter=Q(at__gt=now - LATELY))
    found = sends.values("brand").annotate(lately=lately, last=Max("at"))
    return {each["brand"]: Contacts(each["lately"], each["last"]) for each in found}


def _count_open_requests(consumer: Consumer) -> dict[int, int]:
    mine = PermissionRequest.objects.filter(
        relationship__person=consumer.subject_id, answered_at=None
    )
    counted = mine.values("relationship__brand_id").annotate(number=Count("pk"))
    return {each["relationship__brand_id"]: each["number"] for each in counted}


def _row(
    relationship: Relationship,
    may: Sequence[Permission],
    topics: Mapping[tuple[int, str], str],
    contacts: Mapping[int, Contacts],
    asking: int,
) -> BrandRow:
    optional = [each for each in may if each.decision.rule != "required"]
    return BrandRow(
        relationship,
        _messages(optional, relationship.brand_id, topics),
        [e.purpose for e in optional if e.channel is None and e.decision.allowed],
        _paused_until(optional),
        contacts.get(relationship.brand_id, Contacts()),
        asking,
        any(_is_of_all(each.decision, relationship.brand_id) for each in optional),
        all(each.decision.rule == "person_denied" for each in optional),
        any(each.decision.limit for each in optional),
    )


def _is_of_all(decision: Decision, brand_id: int) -> bool:
    because = decision.because
    return (
        decision.rule == "person_denied"
        and because is not None
        and because.scope == Scope(brand_id)
    )


def _messages(
    may: Iterable[Permission], brand_id: int, topics: Mapping[tuple[int, str], str]
) -> dict[str, list[str]]:
    """Return what is allowed on each channel. Omit the topics of a purpose that is allowed."""
    allowed = [each for each in may if each.channel and each.decision.allowed]
    whole = {(each.channel, each.purpose) for each in allowed if each.topic is None}
    messages: dict[str, list[str]] = {}
    for each in allowed:
        assert each.channel is not None
        if each.topic is None:
            messages.setdefault(each.channel, []).append(each.purpose)
        elif (each.channel, each.purpose) not in whole:
            messages.setdefault(each.channel, []).append(
                topics.get((brand_id, each.topic), each.topic)
            )
    return messages


def _paused_until(may: Iterable[Permission]) -> datetime | None:
    paused = (e.decision.because for e in may if e.decision.rule == "person_paused")
    return max((choice.until for choice in paused if choice and choice.until), default=None)
