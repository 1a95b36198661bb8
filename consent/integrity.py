"""Verifying the record: chains, what stands, and what the brands' streams witness.

Note [Witnesses]. A chain alone cannot tell that its end was cut off or rewritten together with its
head, nor that it was taken away as a whole. But each choice is also in the stream of every brand
that it concerned. So both are compared, in both directions: an event about a choice needs an entry
that says the same (`_find_false_events`), and an entry needs its event with each relationship that
certainly was there when it was recorded (`_find_untold`).

What this cannot see is listed in docs/operations.md, "What verification cannot see".
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import orjson
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from brands import density
from brands.event_types import OF_DECISION
from brands.models import Brand, Event
from consent import chain, ledger, notices, preferences
from consent.entry_ids import build_entry_id
from consent.models import (
    Identifier,
    LedgerEntry,
    Preference,
    Propagation,
    Relationship,
    Subject,
)

#: How many subjects or events are read at once.
BATCH = 1_000
#: Times are taken when a request begins, and order is by locks. So of what is less than this apart
#: it is not certain which came first.
UNCERTAIN = timedelta(minutes=10)
#: An event's facts; its decision may be empty, where it was told again or is history.
FACTS = ("purpose", "channel", "topic", "reason", "source", "campaign", "before")


@dataclass(frozen=True, slots=True)
class Break:
    """One place where the record does not hold."""

    where: str
    problem: str

    def __str__(self) -> str:
        return f"{self.where}: {self.problem}"


def verify(
    *, since: datetime | None = None, progress: Callable[[str], object] = lambda _: None
) -> Iterator[Break]:
    """Verify everybody and every stream.

    With *since* only the people with an entry recorded since then and the events since then;
    whether a stream is dense is always verified as a whole. *progress* gets a line now and then.
    """
    for number, person_id in enumerate(_list_people(since), start=1):
        yield from verify_person(person_id)
        if number % BATCH == 0:
            progress(f"{number} people verified")
    for brand in Brand.objects.order_by("pk").iterator():
        yield from _verify_stream(brand, since=since)
        progress(f"stream of brand {brand.slug} verified")


def verify_person(subject_id: uuid.UUID) -> Iterator[Break]:
    """Verify one person: the chains of all their subjects, what stands, and that brands were told.

    Raises:
        Subject.DoesNotExist
    """
    with transaction.atomic():  # locked, or an entry recorded meanwhile would look like a break
        person = _Person(ledger.lock(subject_id))
        found = list(person.find_breaks())
    yield from found


def verify_events_about(subject_id: uuid.UUID) -> Iterator[Break]:
    """Verify the events of all streams about one person. Reads the person's brands' streams."""
    person_id = Subject.objects.get(pk=subject_id).person_id
    known = Relationship.objects.filter(person=person_id).values("brand_id", "subject_id")
    for pair in known.order_by("brand_id", "subject_id"):
        brand = Brand.objects.get(pk=pair["brand_id"])
        events = Event.objects.filter(brand=brand, subject=pair["subject_id"])
        yield from _verify_events(brand, events, after=0)


def _list_people(since: datetime | None) -> Iterator[uuid.UUID]:
    """List the subjects whose word counts, by batches; one merged meanwhile is with another."""
    people = Subject.objects.order_by("pk")
    if since is None:
        people = people.filter(merged_into=None)
    else:
        entries = LedgerEntry.objects.filter(subject=OuterRef("pk"), recorded_at__gte=since)
        people = people.filter(Exists(entries))
    last = None
    while True:
        left = people if last is None else people.filter(pk__gt=last)
        if not (ids := list(left.values_list("pk", flat=True)[:BATCH])):
            return
        yield from ids
        last = ids[-1]


# -- One person -----------------------------------------------------------------------------------


class _Person:
    """A locked person, with what is read of them once."""

    def __init__(self, root: Subject) -> None:
        self.root = root
        self.subjects = [root, *Subject.objects.filter(merged_into=root.pk).order_by("pk")]
        ids = [subject.pk for subject in self.subjects]
        entries = LedgerEntry.objects.filter(subject__in=ids).select_related("text")
        self.entries = list(entries.order_by("subject", "subject_seq"))
        self.held = list(Preference.objects.filter(subject__in=ids))
        self.relationships = list(Relationship.objects.filter(subject__in=ids))
        points = Identifier.objects.filter(subject__in=ids).values_list("subject", "pk")
        self.points = dict(points) if self.entries else {}
        #: By when every brand had been told of a choice about any; None while that is under way.
        self.told_by = self._read_propagation()

    def _read_propagation(self) -> dict[uuid.UUID, datetime | None]:
        if not (wide := [entry.pk for entry in self.entries if entry.brand_id is None]):
            return {}
        rows = Propagation.objects.filter(entry__in=wide)
        return dict(rows.values_list("entry", "done_at"))

    def find_breaks(self) -> Iterator[Break]:
        for subject in self.subjects:
            mine = [entry for entry in self.entries if entry.subject_id == subject.pk]
            yield from (_of_ledger(subject.pk, said) for said in chain.find_breaks(subject, mine))
        deviations = preferences.find_deviations(self.root.pk, self.held, self.entries)
        yield from (_of_ledger(self.root.pk, said) for said in deviations)
        yield from self._find_untold()

    def _find_untold(self) -> Iterator[Break]:
        """Say which entry a brand was not told of, though it certainly had to be: [Witnesses]."""
        due = self._list_due()
        causes = {notices.cause_of(entry, each): each.brand_id for entry, each in due}
        found = Event.objects.filter(brand__in={*causes.values()}, cause__in=causes)
        told = {*found.values_list("brand_id", "cause")} if causes else set()
        for entry, each in due:
            if (each.brand_id, notices.cause_of(entry, each)) not in told:
                problem = f"brand {each.brand_id} has no event of entry {entry.subject_seq}"
                yield _of_ledger(entry.subject_id, problem)
        for entry in self.entries:
            if entry.brand_id is None and entry.pk not in self.told_by:
                problem = f"entry {entry.subject_seq} is not on its way to the brands"
                yield _of_ledger(entry.subject_id, problem)

    def _list_due(self) -> list[tuple[LedgerEntry, Relationship]]:
        """List each entry with the relationships whose brand has its event for certain."""
        return [
            (entry, each)
            for entry in self.entries
            for each in self.relationships
            if self._is_due(entry, each)
        ]

    def _is_due(self, entry: LedgerEntry, each: Relationship) -> bool:
        told_by = entry.recorded_at if entry.brand_id else self.told_by.get(entry.pk)
        return (
            told_by is not None
            and self._concerns(entry, each)
            and self._had_begun(entry, each)
            and (each.ended_at is None or told_by + UNCERTAIN < each.ended_at)
        )

    def _concerns(self, entry: LedgerEntry, each: Relationship) -> bool:
        return entry.brand_id in (None, each.brand_id) and entry.contact_point_id in (
            None,
            self.points.get(each.subject_id),
        )

    def _had_begun(self, entry: LedgerEntry, each: Relationship) -> bool:
        """Return whether the relationship was this person's when *entry* was recorded."""
        if entry.recorded_at == each.started_at and entry.maker_brand_id:
            # An import begins both at one time. The brand's word names the relationship's address.
            return entry.contact_point_id is not None and entry.subject_id == each.subject_id
        joined = [each.started_at]
        if each.subject_id != entry.subject_id:
            if entry.subject_id != self.root.pk:
                return False
            # When a subject that was merged twice came to this person is not kept: take the last.
            joined += [subject.merged_at for subject in self.subjects if subject.merged_at]
        return max(joined) + UNCERTAIN < entry.recorded_at


def _of_ledger(subject_id: uuid.UUID, problem: str) -> Break:
    return Break(f"ledger of subject {subject_id}", problem)


# -- One stream -----------------------------------------------------------------------------------


def _verify_stream(brand: Brand, *, since: datetime | None) -> Iterator[Break]:
    yield from (_of_stream(brand, problem) for problem in density.find_gaps(brand))
    events = Event.objects.filter(brand=brand)
    if since is not None:
        first = events.filter(timestamp__gte=since).order_by("sequence").first()
        if first is None:
            return
        yield from _verify_events(brand, events, after=first.sequence - 1)
    else:
        yield from _verify_events(brand, events, after=0)


def _verify_events(brand: Brand, events: QuerySet[Event], *, after: int) -> Iterator[Break]:
    """Compare the events above *after* with the ledger, batch by batch."""
    while some := list(events.filter(sequence__gt=after).order_by("sequence")[:BATCH]):
        for event, problem in _find_false_events(brand, some):
            yield _of_stream(brand, f"event {event.sequence} {problem}")
        after = some[-1].sequence


def _of_stream(brand: Brand, problem: str) -> Break:
    return Break(f"stream of brand {brand.slug}", problem)


@dataclass(slots=True)
class _Witnessed:
    """The entries that some events of one brand tell of, found by the events' causes."""

    brand: Brand
    direct: dict[uuid.UUID, LedgerEntry]
    relationships: dict[uuid.UUID, Relationship]
    #: By person; read when an event tells of the word of another of the person's subjects.
    derived: dict[uuid.UUID, dict[tuple[uuid.UUID, uuid.UUID], LedgerEntry]] = field(
        default_factory=dict
    )

    def find_entry(self, event: Event) -> LedgerEntry | None:
        if (entry := self.direct.get(event.cause)) is not None:
            return entry if entry.subject_id == event.subject else None
        if (known := self.relationships.get(event.subject)) is None:
            return None
        if known.person_id not in self.derived:
            self.derived[known.person_id] = self._derive(known.person_id)
        return self.derived[known.person_id].get((event.subject, event.cause))

    def _derive(self, person_id: uuid.UUID) -> dict[tuple[uuid.UUID, uuid.UUID], LedgerEntry]:
        """Work out by which cause each relationship was told of the person's entries."""
        theirs = Relationship.objects.filter(person=person_id, brand=self.brand)
        about = Q(brand=None) | Q(brand=self.brand)
        entries = list(LedgerEntry.objects.of_person(person_id).filter(about))
        return {
            (each.subject_id, notices.cause_of(entry, each)): entry
            for each in theirs
            for entry in entries
        }


def _find_false_events(brand: Brand, events: Sequence[Event]) -> Iterator[tuple[Event, str]]:
    """Say which event tells of a choice that no entry holds, or not so: Note [Witnesses]."""
    choices = [event for event in events if event.type in OF_DECISION.values()]
    entries = LedgerEntry.objects.in_bulk([event.cause for event in choices])
    subjects = {event.subject for event in choices}
    known = Relationship.objects.filter(brand=brand, subject__in=subjects)
    witnessed = _Witnessed(brand, entries, {each.subject_id: each for each in known})
    for event in events:
        try:
            yield from [(event, problem) for problem in _compare(event, witnessed)]
        except (KeyError, TypeError, ValueError):
            yield event, "has a body that cannot be read"


def _compare(event: Event, witnessed: _Witnessed) -> Iterator[str]:
    """Say what is wrong with one event. Raises KeyError, TypeError or ValueError of its body."""
    body = orjson.loads(bytes(event.body))
    own = event.sequence, event.type, event.timestamp
    if (body["sequence"], body["type"], datetime.fromisoformat(body["timestamp"])) != own:
        yield "has the body of another event"
    elif event.type not in OF_DECISION.values():
        return
    elif (entry := witnessed.find_entry(event)) is None:
        yield f"about subject {event.subject} tells of entry {event.cause}, which is gone"
    elif wrong := [*_differing_facts(event, entry), *_differing_fields(event, body["data"], entry)]:
        number = f"entry {entry.subject_seq} of subject {entry.subject_id}"
        yield f"and {number} differ in {', '.join(dict.fromkeys(wrong))}"


def _differing_facts(event: Event, entry: LedgerEntry) -> Iterable[str]:
    facts = notices.build_facts(entry, decided=True)
    if event.type != OF_DECISION[entry.decision] or event.decision not in ("", entry.decision):
        yield "decision"
    if entry.brand_id not in (None, event.brand_id):
        yield "brand"
    yield from (name for name in FACTS if getattr(event, name) != getattr(facts, name))


def _differing_fields(event: Event, told: dict[str, Any], entry: LedgerEntry) -> Iterable[str]:
    wanted = {
        "entry": str(build_entry_id(entry.pk, uuid.UUID(told["subject"]["id"]))),
        "decision": entry.decision,
        "limit": notices.limit_of(entry.limit_max, entry.limit_per),
        "reason": entry.reason or None,
        "campaign": entry.campaign or None,
        "maker": entry.maker,
    }
    yield from (name for name, value in wanted.items() if told[name] != value)
    times = {"until": entry.until, "expires_at": entry.expires_at, "made_at": entry.made_at}
    if event.timestamp != entry.recorded_at and _read_time(told["made_at"]) == event.timestamp:
        del times["made_at"]  # what is told later, or of others, has the event's own time
    yield from (name for name, moment in times.items() if _read_time(told[name]) != moment)


def _read_time(text: str | None) -> datetime | None:
    """Read a time of a body, where it stands in the zone in which it was given."""
    return None if text is None else datetime.fromisoformat(text)
