"""Verification of the record: the chains, the preferences, and the brands' streams as witnesses.

Note [Witnesses]. A chain alone cannot show that its end was cut off, or rewritten together with its
head, or that the whole chain was removed. But each choice is also in the stream of every brand that
it concerned. So both are compared, in both directions. An event about a choice needs an entry with
the same content (`_find_false_events`). An entry needs an event for each relationship that
certainly existed when it was recorded (`_find_untold`).

Note [Snapshots]. People are read in batches of some hundred, each as of one moment
(`core.db.take_snapshot`). So what is recorded meanwhile cannot look like a break, and nobody waits
for a lock.

What this cannot detect is listed in docs/operations.md, "What verification cannot see".
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import orjson
from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from brands.events import TYPES_OF_DECISIONS, find_missing_events
from brands.models import Brand, Event
from consent import brand_events, ledger, preferences, rules
from consent.brand_events import Recipient, build_entry_id
from consent.models import (
    Ending,
    Identifier,
    LedgerEntry,
    Preference,
    Propagation,
    Relationship,
    Subject,
)
from core.db import take_snapshot

#: The number of people and of events that are read at once.
PEOPLE = 200
EVENTS = 1_000
#: A request's time is taken when it begins, but locks decide the order. So if two times are less
#: than this apart, it is not certain which came first.
UNCERTAIN = timedelta(minutes=10)
#: The facts of an event. Its decision may be empty: in a repeated event, or in imported history.
FACTS = ("purpose", "channel", "topic", "reason", "source", "campaign", "before")
#: The types of event that an import of history appends.
MAY_BE_QUIET = {*TYPES_OF_DECISIONS.values(), "relationship.started"}
TOLD = """
SELECT brand_id, cause FROM brands_event
JOIN unnest(%s::bigint[], %s::uuid[]) AS due (brand_id, cause) USING (brand_id, cause)
"""


@dataclass(frozen=True, slots=True)
class Break:
    """A place where the record is inconsistent."""

    where: str
    problem: str

    def __str__(self) -> str:
        return f"{self.where}: {self.problem}"


def verify_ledger(
    *, since: datetime | None = None, progress: Callable[[str], object] = lambda _: None
) -> Iterator[Break]:
    """Verify all people and all streams.

    With *since*, verify only the people with an entry recorded since then, and the events since
    then. Gaps in the numbering are always looked for in whole streams. *progress* receives a line
    from time to time.
    """
    verified = 0
    for subject_ids in _list_subjects(since):
        yield from _verify_people(subject_ids)
        verified += len(subject_ids)
        if verified % (10 * PEOPLE) == 0:
            progress(f"{verified} people verified")
    for brand in Brand.objects.order_by("pk").iterator():
        for gap in brand.stream_gaps.order_by("first"):
            skipped = (
                f"{gap.first} to {gap.last} were skipped by a restore ({gap.made_at:%Y-%m-%d})"
            )
            progress(f"stream of brand {brand.slug}: {skipped}")
        yield from _verify_stream(brand, since=since)
        progress(f"stream of brand {brand.slug} verified")


def verify_person(subject_id: uuid.UUID) -> Iterator[Break]:
    """Verify one person: the chains of all their subjects, the preferences, and the brands' events.

    Raises:
        Subject.DoesNotExist: no subject has this id.
    """
    return _verify_people([Subject.objects.get(pk=subject_id).pk])


def verify_events_about(subject_id: uuid.UUID) -> Iterator[Break]:
    """Verify the events about one person in all streams. Reads the person's brands' streams.

    Raises:
        Subject.DoesNotExist: no subject has this id.
    """
    person_id = Subject.objects.get(pk=subject_id).person_id
    known = Relationship.objects.filter(person=person_id).values("brand_id", "subject_id")
    for pair in known.order_by("brand_id", "subject_id"):
        brand = Brand.objects.get(pk=pair["brand_id"])
        events = Event.objects.filter(brand=brand, subject=pair["subject_id"])
        yield from _verify_events(brand, events, after=0)


def _list_subjects(since: datetime | None) -> Iterator[list[uuid.UUID]]:
    """Yield the subjects to verify in batches.

    A subject merged meanwhile is read with its person.
    """
    people = Subject.objects.order_by("pk")
    if since is None:
        people = people.filter(merged_into=None)
    else:
        entries = LedgerEntry.objects.filter(subject=OuterRef("pk"), recorded_at__gte=since)
        people = people.filter(Exists(entries))
    last = None
    while True:
        left = people if last is None else people.filter(pk__gt=last)
        if not (ids := list(left.values_list("pk", flat=True)[:PEOPLE])):
            return
        yield ids
        last = ids[-1]


# -- People ---------------------------------------------------------------------------------------


def _verify_people(subject_ids: Sequence[uuid.UUID]) -> Iterator[Break]:
    """Verify the people with these subjects, all as of one moment."""
    with take_snapshot():
        people = _read_people(subject_ids)
        found = [each for person in people for each in person.find_breaks()]
        untold = list(_find_untold(people))
    yield from found
    yield from untold


def _read_people(subject_ids: Sequence[uuid.UUID]) -> list[_Person]:
    """Read each person with one of these subjects, by the same few queries for all of them."""
    asked = Subject.objects.in_bulk(subject_ids).values()
    roots = {each.person_id for each in asked}
    subjects = Subject.objects.filter(Q(pk__in=roots) | Q(merged_into__in=roots)).order_by("pk")
    person_of = {each.pk: each.person_id for each in subjects}
    people = {root: _Person(root) for root in sorted(roots)}
    for subject in subjects:
        people[subject.person_id].subjects.append(subject)

    def find(subject_id: uuid.UUID) -> _Person:
        return people[person_of[subject_id]]

    ids = list(person_of)
    entries = LedgerEntry.objects.filter(subject__in=ids).select_related("text")
    for entry in entries.order_by("subject", "subject_seq"):
        find(entry.subject_id).entries.append(entry)
    for preference in Preference.objects.filter(subject__in=ids):
        find(preference.subject_id).held.append(preference)
    for relationship in Relationship.objects.filter(subject__in=ids):
        find(relationship.subject_id).relationships.append(relationship)
    for identifier in Identifier.objects.filter(subject__in=ids):
        find(identifier.subject_id).points[identifier.subject_id] = identifier.pk
    for way in Propagation.objects.filter(entry__subject__in=ids).select_related("entry"):
        find(way.entry.subject_id).told_by[way.entry_id] = way.done_at
    for ending in Ending.objects.filter(entry__subject__in=ids).select_related("entry"):
        find(ending.entry.subject_id).ends[ending.entry_id] = ending.ends_at
    return list(people.values())


def _find_untold(people: Iterable[_Person]) -> Iterator[Break]:
    """Yield each entry without an event that its brand must certainly have: Note [Witnesses]."""
    due = [(entry, each) for person in people for entry, each in person.list_due()]
    causes = [brand_events.build_cause(entry, each) for entry, each in due]
    with connection.cursor() as cursor:
        cursor.execute(TOLD, [[each.brand_id for _, each in due], causes])
        told = {*cursor.fetchall()}
    for (entry, each), cause in zip(due, causes, strict=True):
        if (each.brand_id, cause) not in told:
            problem = f"brand {each.brand_id} has no event of entry {entry.subject_seq}"
            yield _of_ledger(entry.subject_id, problem)


@dataclass(slots=True)
class _Person:
    """The rows of one person."""

    root: uuid.UUID
    #: All subjects of the person: the remaining one, and those merged into it.
    subjects: list[Subject] = field(default_factory=list)
    entries: list[LedgerEntry] = field(default_factory=list)
    held: list[Preference] = field(default_factory=list)
    relationships: list[Relationship] = field(default_factory=list)
    #: The identifier of each subject.
    points: dict[uuid.UUID, int] = field(default_factory=dict)
    #: When all brands had been notified of a choice about any brand; None while that is under way.
    told_by: dict[uuid.UUID, datetime | None] = field(default_factory=dict)
    #: When each choice ends by itself, as stored for the worker that notifies brands of it.
    ends: dict[uuid.UUID, datetime] = field(default_factory=dict)

    def find_breaks(self) -> Iterator[Break]:
        for subject in self.subjects:
            mine = [entry for entry in self.entries if entry.subject_id == subject.pk]
            yield from (
                _of_ledger(subject.pk, said) for said in ledger.find_chain_breaks(subject, mine)
            )
        deviations = preferences.find_projection_deviations(self.root, self.held, self.entries)
        yield from (_of_ledger(self.root, said) for said in deviations)
        for entry in self.entries:
            if entry.brand_id is None and entry.pk not in self.told_by:
                problem = f"entry {entry.subject_seq} is not on its way to the brands"
                yield _of_ledger(entry.subject_id, problem)
            if self.ends.get(entry.pk) != entry.ends_at:
                problem = f"the end of entry {entry.subject_seq} is missing or was altered"
                yield _of_ledger(entry.subject_id, problem)

    def list_due(self) -> list[tuple[LedgerEntry, Relationship]]:
        """List each entry with the relationships whose brand certainly has its event."""
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
            # An import starts the relationship and records the choice at the same time. A brand's
            # choice names the relationship's own address.
            return entry.contact_point_id is not None and entry.subject_id == each.subject_id
        joined = [each.started_at]
        if each.subject_id != entry.subject_id:
            if entry.subject_id != self.root:
                return False
            # We do not store when a twice merged subject came to this person, so take the last
            # merge.
            joined += [subject.merged_at for subject in self.subjects if subject.merged_at]
        return max(joined) + UNCERTAIN < entry.recorded_at


def _of_ledger(subject_id: uuid.UUID, problem: str) -> Break:
    return Break(f"ledger of subject {subject_id}", problem)


# -- One stream -----------------------------------------------------------------------------------


def _verify_stream(brand: Brand, *, since: datetime | None) -> Iterator[Break]:
    yield from (_of_stream(brand, problem) for problem in find_missing_events(brand))
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
    while some := list(events.filter(sequence__gt=after).order_by("sequence")[:EVENTS]):
        for event, problem in _find_false_events(brand, some):
            yield _of_stream(brand, f"event {event.sequence} {problem}")
        after = some[-1].sequence


def _of_stream(brand: Brand, problem: str) -> Break:
    return Break(f"stream of brand {brand.slug}", problem)


#: The subject that an event names, and its cause.
Told = tuple[uuid.UUID, uuid.UUID]


def _find_false_events(brand: Brand, events: Sequence[Event]) -> Iterator[tuple[Event, str]]:
    """Yield each event whose choice is in no entry, or differs from it: Note [Witnesses]."""
    choices = [event for event in events if event.type in TYPES_OF_DECISIONS.values()]
    entries = LedgerEntry.objects.in_bulk([event.cause for event in choices])
    witnessed = {(entry.subject_id, entry.pk): entry for entry in entries.values()}
    witnessed |= _derive(brand, {each.subject for each in choices if each.cause not in entries})
    known = _find_recipients(brand, {each.subject for each in events})
    for event in events:
        try:
            entry = witnessed.get((event.subject, event.cause))
            recipient = known.get(event.subject)
            yield from [(event, problem) for problem in _compare(event, entry, recipient)]
        except (KeyError, TypeError, ValueError):
            yield event, "has a body that cannot be read"


def _derive(brand: Brand, subject_ids: Iterable[uuid.UUID]) -> dict[Told, LedgerEntry]:
    """Return the entries behind derived causes, for the persons of these subjects.

    The keys are the subject and the cause of the brand's event.
    """
    known = Relationship.objects.filter(brand=brand, subject__in=subject_ids)
    persons = {each.person_id for each in known}
    subjects = Subject.objects.filter(Q(pk__in=persons) | Q(merged_into__in=persons))
    person_of = {each.pk: each.person_id for each in subjects}
    about = Q(brand=None) | Q(brand=brand)
    entries: dict[uuid.UUID, list[LedgerEntry]] = {}
    for entry in LedgerEntry.objects.filter(about, subject__in=list(person_of)):
        entries.setdefault(person_of[entry.subject_id], []).append(entry)
    return {
        (each.subject_id, brand_events.build_cause(entry, each)): entry
        for each in Relationship.objects.filter(brand=brand, person__in=persons)
        for entry in entries.get(each.person_id, ())
    }


def _find_recipients(brand: Brand, subject_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Recipient]:
    """Return the present recipient of the brand's events about each subject."""
    known = list(Relationship.objects.filter(brand=brand, subject__in=subject_ids))
    subjects = [each.subject_id for each in known]
    # A subject keeps its Identifier row even if its address has passed to another person.
    rows = Identifier.objects.filter(subject__in=subjects).values_list("subject", "pk")
    points = dict(rows)
    return {
        each.subject_id: Recipient(
            each.pk,
            brand.pk,
            brand.slug,
            each.subject_id,
            each.ref,
            each.jurisdiction,
            points.get(each.subject_id),
        )
        for each in known
    }


def _compare(event: Event, entry: LedgerEntry | None, recipient: Recipient | None) -> Iterator[str]:
    """Yield what is wrong with one event.

    Raises:
        KeyError, TypeError, ValueError: the event's body cannot be read.
    """
    body = orjson.loads(bytes(event.body))
    told = body["data"]
    own = event.sequence, event.type, event.timestamp
    if (body["sequence"], body["type"], datetime.fromisoformat(body["timestamp"])) != own:
        yield "has the body of another event"
        return
    wrong = list(_differing_columns(event, told, recipient))
    if event.type not in TYPES_OF_DECISIONS.values():
        if wrong:
            yield f"was altered in {', '.join(wrong)}"
    elif entry is None:
        yield f"about subject {event.subject} tells of entry {event.cause}, which is gone"
    elif wrong := [
        *_differing_facts(event, entry),
        *_differing_fields(event, told, entry),
        *_differing_scope(told["scope"], entry, recipient),
        *wrong,
    ]:
        number = f"entry {entry.subject_seq} of subject {entry.subject_id}"
        yield f"and {number} differ in {', '.join(dict.fromkeys(wrong))}"


def _differing_columns(
    event: Event, told: dict[str, Any], recipient: Recipient | None
) -> Iterator[str]:
    """Compare the fields that every event has with the event's columns and the relationship."""
    if recipient is None or told["subject"]["id"] != str(recipient.id):
        yield "subject"
    if told["subject"]["ref"] is not None:  # the reference is added when the event is read
        yield "ref"
    if _read_time(told.get("honour_by")) != event.honour_by:
        yield "honour_by"
    if event.quiet and event.type not in MAY_BE_QUIET:
        yield "quiet"


def _differing_scope(
    told: dict[str, Any], entry: LedgerEntry, recipient: Recipient | None
) -> Iterator[str]:
    if recipient is None:
        return
    wanted = rules.describe_scope_for_brand(preferences.read_scope(entry), slug=recipient.slug)
    yield from (name for name, value in wanted.items() if told[name] != value)
    if entry.contact_point_id not in (None, recipient.contact_point):
        yield "contact point"  # the entry is about another address of the person


def _differing_facts(event: Event, entry: LedgerEntry) -> Iterable[str]:
    facts = brand_events.build_facts(entry, decided=True)
    if event.type != TYPES_OF_DECISIONS[entry.decision] or event.decision not in (
        "",
        entry.decision,
    ):
        yield "decision"
    if entry.brand_id not in (None, event.brand_id):
        yield "brand"
    yield from (name for name in FACTS if getattr(event, name) != getattr(facts, name))
    if event.honour_by and entry.decision not in brand_events.TAKES_AWAY:
        yield "honour_by"
    if event.quiet and (event.decision or event.honour_by or entry.maker != "brand"):
        yield "quiet"  # only what a brand imports as history is quiet


def _differing_fields(event: Event, told: dict[str, Any], entry: LedgerEntry) -> Iterable[str]:
    wanted = {
        "entry": str(build_entry_id(entry.pk, uuid.UUID(told["subject"]["id"]))),
        "decision": entry.decision,
        "limit": brand_events.describe_limit(entry.limit_max, entry.limit_per),
        "reason": entry.reason or None,
        "campaign": entry.campaign or None,
        "maker": entry.maker,
    }
    yield from (name for name, value in wanted.items() if told[name] != value)
    times = {"until": entry.until, "expires_at": entry.expires_at, "made_at": entry.made_at}
    if event.timestamp != entry.recorded_at and _read_time(told["made_at"]) == event.timestamp:
        # A later event, and one of a choice that also concerns others, has the event's own time.
        del times["made_at"]
    yield from (name for name, moment in times.items() if _read_time(told[name]) != moment)


def _read_time(text: str | None) -> datetime | None:
    """Parse a time of a body, which has the UTC offset in which it was given."""
    return None if text is None else datetime.fromisoformat(text)
