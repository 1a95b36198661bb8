"""Apply the staged rows of an import in batches, each in one transaction.

Note [Imports]. A batch is the bulk form of `relationships.start_relationship` and
`ledger.record_choices`. Its entries are built, refused and chained by the same functions of
`ledger`; only what they need is read, and what they made is written, for all rows at once. The
batch finds or creates the people and locks them in the order of their ids (`known_data`). It
appends to the ledger and to the brand's event stream, and moves the cursor of its shard (Note
[Shards]). A worker that is killed loses its batch; the batch is repeated with the same result.

A person's own choices outrank everything that a brand imports. A grant over their own refusal is
rejected, listed and counted. So is a row about a relationship that they ended.
"""

from __future__ import annotations

import gc
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from itertools import groupby
from typing import Any, cast

from django.db import transaction
from django.db.models import F

from brands import events
from brands.events import NewEvent
from brands.models import Brand
from consent import brand_events, identity, ledger, preferences, reporting, rules
from consent.brand_events import CurrentState, EventTimes, Permissions, Recipient
from consent.decision import Basis, DecisionKind, Scope
from consent.imports import shards
from consent.imports.known_data import (
    GONE,
    KnownData,
    Slot,
    Staged,
    get_recorded_terms,
    read_known_data,
)
from consent.imports.shards import Shard
from consent.ledger import Actor, ChoiceTerms, LockedPerson, NewChoice
from consent.models import (
    HashKind,
    Import,
    ImportProblem,
    LedgerEntry,
    PastRelationship,
    Refusal,
    Relationship,
)
from core.db import Copying, new_id
from core.problem_details import write_sentence

ROWS = 1_000
RELATIONSHIPS = Copying(Relationship)


class Refused(Exception):
    """The row cannot be applied."""

    def __init__(self, name: str, code: str, detail: str) -> None:
        super().__init__(write_sentence(detail))
        self.name, self.code = name, code


@dataclass(slots=True)
class Counted:
    """The outcome of a batch, in numbers."""

    rows: int = 0
    people: int = 0
    choices: int = 0
    unchanged: int = 0
    refs_changed: int = 0
    lifts_refused: int = 0
    problems: list[ImportProblem] = field(default_factory=list)


def apply_batch(import_id: uuid.UUID, *, shard: int = 0, now: datetime, size: int = ROWS) -> int:
    """Apply the next rows of a shard. Return their number.

    Return 0 if no row is left, or if another worker holds the shard.
    """
    with transaction.atomic():
        if (held := shards.claim_shard(import_id, shard)) is None:
            return 0
        rows = [Staged._make(each) for each in held.list_rows(Staged._fields, size=size)]
        if rows:
            job = Import.objects.select_related("brand").get(pk=import_id)
            _apply_rows(job, held, rows, now)
        else:
            held.end(now=now)
    if not rows:
        finish_import(import_id, now=now)
    return len(rows)


@contextmanager
def _pause_garbage_collection() -> Iterator[None]:
    """Keep Python from looking for cycles meanwhile.

    A batch makes many thousand objects and drops none before its end, so each search is in vain.
    They took a fifth of its time. Accepted race: the batch of another thread ends the pause.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _apply_rows(job: Import, held: Shard, rows: Sequence[Staged], now: datetime) -> None:
    with _pause_garbage_collection():
        counted = _Batch(job, rows, now).apply()
    held.move([row.place for row in rows], now=now)
    # Last, because other shards wait for the import's row until this transaction ends.
    _count(job.pk, counted)
    if refused := counted.lifts_refused:
        reporting.count_refusal(job.brand, Refusal.Kind.LIFT, now=now, times=refused)


def try_row(job: Import, row: Staged, *, now: datetime) -> Counted:
    """Apply one row of an import that is not started. The caller must roll it back."""
    return _Batch(job, [row], now).apply()


def skip_row(import_id: uuid.UUID, *, shard: int = 0, now: datetime) -> None:
    """Skip the next row of a shard, which the database rejects, and list it as a problem."""
    with transaction.atomic():
        if (held := shards.claim_shard(import_id, shard)) is None:
            return
        ((place, *_),) = held.list_rows(["place"], size=1)
        problem = ImportProblem(
            job_id=import_id,
            place=place,
            field="",
            code="refused",
            detail="It could not be recorded.",
        )
        held.move([place], now=now)
        _count(held.job_id, Counted(rows=1, problems=[problem]))


def finish_import(import_id: uuid.UUID, *, now: datetime) -> None:
    """End the import if all its shards have ended."""
    with transaction.atomic():
        running = Import.objects.filter(pk=import_id, state=Import.State.APPLYING)
        job = running.exclude(shards=None).select_for_update().first()
        if job is None or shards.has_open_shard(import_id):
            return
        job.state, job.ended_at = Import.State.DONE, now
        job.save(update_fields=["state", "ended_at"])
        shards.delete_rows(import_id)


def _count(import_id: uuid.UUID, counted: Counted) -> None:
    ImportProblem.objects.bulk_create(counted.problems)
    Import.objects.filter(pk=import_id).update(
        applied=F("applied") + counted.rows - len(counted.problems),
        bad=F("bad") + len(counted.problems),
        people=F("people") + counted.people,
        choices=F("choices") + counted.choices,
        unchanged=F("unchanged") + counted.unchanged,
        refs_changed=F("refs_changed") + counted.refs_changed,
        lifts_refused=F("lifts_refused") + counted.lifts_refused,
    )


class _Batch:
    """Some rows of one import, the data that they need, and what applying them made."""

    def __init__(self, job: Import, rows: Sequence[Staged], now: datetime) -> None:
        self.job, self.rows, self.now = job, rows, now
        self.brand: Brand = job.brand
        self.by = Actor("brand_api", job.brand.pk)
        self.known: KnownData = read_known_data(job.brand, rows, now=now)
        self.counted = Counted(rows=len(rows))
        self.events: list[NewEvent] = []
        #: The causes of those events that are about earlier choices of the people themselves. They
        #: are delivered even if the import is history.
        self.pending_causes: set[uuid.UUID] = set()
        self.entries: list[LedgerEntry] = []
        self.begun: list[Relationship] = []
        #: The former states of the relationships that this batch changes.
        self.past: list[PastRelationship] = []
        self.changed: dict[uuid.UUID, Relationship] = {}
        self.sealed: list[tuple[uuid.UUID, uuid.UUID, str, bytes]] = []
        self.deadlines: dict[tuple[str | None, ...], datetime | None] = {}
        self.times = EventTimes(now)
        self.times.take_next()  # the first time belongs to the rows themselves
        #: Described once for all people of this batch who have the same one choice, or none.
        self.permissions: dict[tuple[Any, ...], Permissions] = {}
        self.read_defaults = cache(rules.read_regional_defaults)

    def apply(self) -> Counted:
        for row in self.rows:
            try:
                self._apply_row(row)
            except Refused as error:
                self._note_problem(row, error)
        self._write()
        return self.counted

    # -- One row -----------------------------------------------------------------------------------

    def _apply_row(self, row: Staged) -> None:
        subject_id = self._find_subject(row)
        person = self.known.people[subject_id]
        begun = self._relate(row, subject_id, person)
        relationship = self.known.relationships[subject_id]
        if row.sealed is not None:
            self.sealed.append((subject_id, relationship.pk, row.kind, row.sealed))
        recorded = bool(row.decision) and self._record(row, person, relationship)
        if not begun and not recorded:
            self.counted.unchanged += 1

    def _find_subject(self, row: Staged) -> uuid.UUID:
        if row.digest is not None:
            return self.known.subjects[bytes(row.digest)]
        if (known := self.known.by_ref.get(row.ref)) is None:
            raise Refused("ref", "no_relationship", "You have no relationship with this reference.")
        return known.subject_id

    # -- Its relationship --------------------------------------------------------------------------

    def _relate(self, row: Staged, subject_id: uuid.UUID, person: LockedPerson) -> bool:
        """Begin the relationship, or begin it again, and add what the row says about it.

        Return whether anything changed.

        Raises:
            Refused
        """
        found = self.known.relationships.get(subject_id)
        self._check_ref(row, subject_id)
        if found and found.ended_at is None:
            return self._update(found, row)
        if found and found.ended_by == "person":
            raise Refused(
                _contact_column(row),
                "person_ended_relationship",
                "The person ended this relationship.",
            )
        self._begin(found, row, subject_id, person)
        return True

    def _begin(
        self, found: Relationship | None, row: Staged, subject_id: uuid.UUID, person: LockedPerson
    ) -> None:
        if not found:
            found = Relationship(subject_id=subject_id, person_id=person.pk, brand=self.brand)
            self.begun.append(found)
        else:
            self.past.append(preferences.build_past_relationship(found, until=self.now))
            self.changed[found.pk] = found
        found.ended_at, found.ended_by, found.started_at = None, "", self.now
        found.origin, found.origin_note = "brand", row.note or self.job.note
        self.known.relationships[subject_id] = found
        self.known.active[person.pk].append(found)
        self._update(found, row)
        self.events.append(
            brand_events.build_relationship_started(
                self._build_state(found, person),
                origin="brand",
                contacts=(),
                at=self.now,
                cause=new_id(),
            )
        )
        self.counted.people += 1

    def _check_ref(self, row: Staged, subject_id: uuid.UUID) -> None:
        other = self.known.by_ref.get(row.ref) if row.ref else None
        if other and other.subject_id != subject_id:
            raise Refused("ref", "ref_taken", "This reference belongs to another person.")

    def _update(self, found: Relationship, row: Staged) -> bool:
        """Set the reference and the jurisdiction of the row. Return whether either is new."""
        before = found.ref, found.jurisdiction
        if row.jurisdiction not in (None, found.jurisdiction) and found.started_at < self.now:
            self.past.append(preferences.build_past_relationship(found, until=self.now))
        if row.ref and found.ref and row.ref != found.ref:
            self.counted.refs_changed += 1
            self.known.by_ref.pop(found.ref, None)  # a later row may give it to another person
        found.ref, found.jurisdiction = row.ref or found.ref, row.jurisdiction or found.jurisdiction
        if row.ref:
            self.known.by_ref[row.ref] = found
        if is_new := (found.ref, found.jurisdiction) != before:
            self.changed[found.pk] = found
        return is_new

    # -- Its choice --------------------------------------------------------------------------------

    def _record(self, row: Staged, person: LockedPerson, relationship: Relationship) -> bool:
        """Build the row's entry and its events. Return False if it was recorded before.

        The same file may be imported several times.
        """
        choice = self._build_choice(row, relationship)
        about = row.purpose, row.channel, row.topic
        slot = Slot(person.pk, choice.scope.contact_point, *about)
        before = self._find_newest(slot)
        if self._is_recorded(row, slot, before):
            return False
        choice = self._check(choice, person, relationship)
        if person.pk in self.known.pending:
            self._notify_of_pending(person)
        entry = ledger.build_entry(
            choice,
            person.chain,
            by=self.by,
            before=before.decision if before else "",
            campaign="",
            now=self.now,
        )
        self.entries.append(entry)
        self.known.newest[slot] = entry
        self.known.recorded.add((slot, get_recorded_terms(entry), entry.made_at))
        self.known.choices[person.pk].append(preferences.build_choice(entry, entry=entry.pk))
        self._notify(entry, relationship, person)
        self.counted.choices += 1
        return True

    def _build_choice(self, row: Staged, relationship: Relationship) -> NewChoice:
        # As in `ledger`: a choice that a brand records is about the one address that it named.
        point = self.known.contact_points.get(relationship.subject_id)
        return NewChoice(
            Scope(self.brand.pk, row.purpose, row.channel, row.topic, point),
            ChoiceTerms(
                cast(DecisionKind, row.decision),
                expires_at=row.expires_at,
                basis=cast(Basis, row.basis),
                ground=row.ground,
                evidence=row.evidence,
                notice=row.notice,
                made_at=row.made_at,
            ),
        )

    def _find_newest(self, slot: Slot) -> LedgerEntry | None:
        """Return the newest entry on this scope, about this address or about all."""
        both = slot, slot._replace(contact_point=None)
        found = [self.known.newest[each] for each in both if each in self.known.newest]
        return max(found, key=lambda each: each.subject_seq, default=None)

    def _is_recorded(self, row: Staged, slot: Slot, before: LedgerEntry | None) -> bool:
        """Return whether the brand has already recorded this row, word for word.

        A row with a time is compared with the entries of that time, any other with the newest
        entry. Erased texts count as equal to any. Otherwise a repeated import would show the brand
        that an account was erased.
        """
        same = {get_recorded_terms(row), (row.decision, row.basis, GONE, GONE)}
        if row.made_at:
            return any((slot, each, row.made_at) in self.known.recorded for each in same)
        return before is not None and before.maker == "brand" and get_recorded_terms(before) in same

    def _check(
        self, choice: NewChoice, person: LockedPerson, relationship: Relationship
    ) -> NewChoice:
        """Return the choice with the end that its term sets.

        Raises:
            Refused
        """
        try:
            ledger.refuse_lift(choice, self.known.choices[person.pk], now=self.now)
            residence = person.jurisdiction or relationship.jurisdiction
            return ledger.limit_by_term(choice, jurisdiction=residence, now=self.now)
        except ledger.LiftRefused as error:
            self.counted.lifts_refused += 1
            raise Refused(
                "decision", "person_said_no", "The person's own no is in force."
            ) from error
        except (
            ledger.FromTheFuture,
            rules.NoTerm,
            rules.TermOver,
            rules.BeyondTerm,
        ) as error:
            raise Refused(error.field or "", error.code, str(error)) from error

    # -- Its events --------------------------------------------------------------------------------

    def _notify(self, entry: LedgerEntry, named: Relationship, person: LockedPerson) -> None:
        """Add the events for the entry, beginning with the relationship that the row names."""
        recipients = [
            (state.recipient, state.permissions(self.now))
            for state in self._build_states(person, first=named)
            if brand_events.is_concerned(entry, state.recipient)
        ]
        self.events += ledger.build_entry_events(
            entry,
            recipients,
            times=self.times,
            now=self.now,
            is_direct=True,
            due=self._compute_deadline,
        )

    def _notify_of_pending(self, person: LockedPerson) -> None:
        """Add the events for the person's earlier choices that are still pending.

        Otherwise the brand would receive the import before choices that were made earlier.
        """
        for state in self._build_states(person):
            for event in ledger.build_pending_events(state, person.pk, self.times):
                if event.cause not in self.pending_causes:
                    self.pending_causes.add(event.cause)
                    self.events.append(event)

    def _build_states(
        self, person: LockedPerson, *, first: Relationship | None = None
    ) -> Iterator[CurrentState]:
        """Yield the current state for each active relationship of the person with the brand."""
        active = self.known.active[person.pk]
        for each in sorted(active, key=lambda one: first is None or one.pk != first.pk):
            yield self._build_state(each, person)

    def _build_state(self, relationship: Relationship, person: LockedPerson) -> CurrentState:
        residence = person.jurisdiction or relationship.jurisdiction
        recipient = Recipient(
            relationship.pk,
            self.brand.pk,
            self.brand.slug,
            relationship.subject_id,
            relationship.ref,
            relationship.jurisdiction,
            self.known.contact_points.get(relationship.subject_id),
        )
        choices = self.known.choices[person.pk]
        return CurrentState(recipient, choices, self.read_defaults(residence), self.permissions)

    def _compute_deadline(self, entry: LedgerEntry, start: datetime) -> datetime | None:
        """Return the deadline for applying a refusal; None if the import is history.

        The deadline is computed once for each decision, purpose and channel.
        """
        if not self.job.tells:
            return None
        kind = entry.decision, entry.purpose_id, entry.channel
        if kind not in self.deadlines:
            self.deadlines[kind] = brand_events.compute_event_deadline(entry, start)
        return self.deadlines[kind]

    def _note_problem(self, row: Staged, error: Refused) -> None:
        self.counted.problems.append(
            ImportProblem(
                job=self.job, place=row.place, field=error.name, code=error.code, detail=str(error)
            )
        )

    # -- Writing -----------------------------------------------------------------------------------

    def _write(self) -> None:
        self._write_relationships()
        ledger.append_entries(self.entries)
        persons = {person.pk: person for person in self.known.people.values()}
        ledger.move_chains([persons[pk].chain for pk in {e.subject_id for e in self.entries}])
        for is_history, group in groupby(self.events, key=self._is_history):
            events.append_events(self.brand.pk, list(group), history=is_history)
        # Set the references last, because an append locks the brand's head before those of
        # subjects. An event brings the reference of its time, which may have changed since.
        brought = {each.subject: each.data["subject"]["ref"] for each in self.events}
        refs = {
            each.subject_id: each.ref
            for each in self.changed.values()
            if brought.get(each.subject_id, "") != each.ref
        }
        events.set_references(self.brand.pk, refs)
        if self.job.tells or self.pending_causes:
            ledger.wake_brand(self.brand.pk)

    def _is_history(self, event: NewEvent) -> bool:
        return not self.job.tells and event.cause not in self.pending_causes

    def _write_relationships(self) -> None:
        begun = {each.pk for each in self.begun}
        changed = [each for pk, each in self.changed.items() if pk not in begun]
        Relationship.objects.filter(subject__in=[each.subject_id for each in changed]).bulk_update(
            changed,
            ["ref", "jurisdiction", "ended_at", "ended_by", "started_at", "origin", "origin_note"],
        )
        # After the changes, because a new relationship may take a reference that they release.
        RELATIONSHIPS.add(self.begun)
        PastRelationship.objects.bulk_create(self.past)
        identity.delete_former_hashes([*begun, *self.changed])
        identity.store_sealed_hashes(self.sealed)


def _contact_column(row: Staged) -> str:
    """Return the column of the file that identifies the person."""
    if row.digest is None:
        return "ref"
    return "sha256" if row.kind == HashKind.UNKNOWN else row.kind


def list_running_imports() -> list[uuid.UUID]:
    """Return the ids of the imports that are being applied, oldest first."""
    rows = Import.objects.filter(state="applying").order_by("pk")
    return list(rows.values_list("pk", flat=True))
