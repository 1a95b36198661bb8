"""Apply the staged rows of an import in batches, each in one transaction.

Note [Imports]. A batch has the same effect as calling `relationships.start` and `ledger.record` for
each row. Where these need one statement a row, the batch needs one for all rows. It finds or
creates the people, locks them in the order of their ids and extends their hash chains. It then
updates the projected preferences, appends to the brand's event stream and moves the import's
cursor. A worker that is killed loses its batch; the batch is repeated with the same result.

A person's own choices outrank everything that a brand imports. A grant over their own refusal is
rejected, listed and counted. So is a row about a relationship that they ended.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import F, Q

from brands import events
from brands.events import NewEvent
from brands.models import Brand
from consent import brand_events, identity, ledger, preferences, reporting, rules
from consent.brand_events import CurrentState, EventTimes, Recipient
from consent.decision import Choice, Scope, find_standing_refusal
from consent.models import (
    Ending,
    HashKind,
    Identifier,
    Import,
    ImportProblem,
    ImportRow,
    LedgerEntry,
    PastRelationship,
    Preference,
    Propagation,
    Refusal,
    Relationship,
    Subject,
)
from core.db import Copying, match_any, new_id

ROWS = 1_000

#: A scope within one brand: purpose, channel and topic.
About = tuple[str | None, str | None, str | None]


class Place(NamedTuple):
    """The scope of a choice: person, contact point, purpose, channel and topic."""

    person: uuid.UUID
    contact_point: int | None
    purpose: str | None
    channel: str | None
    topic: str | None


#: What a brand records about one scope: decision, basis, evidence and notice.
Words = tuple[str, str, str, str]
#: Replaces erased texts in comparisons. No row can contain it.
GONE = "\0"


SUBJECTS = Copying(
    Subject, ["id", "last_seq", "chain_head", "created_at", "time_zone", "made_up_by_id"]
)
RELATIONSHIPS, ENTRIES = Copying(Relationship), Copying(LedgerEntry)
IDENTIFY = """
INSERT INTO consent_identifier (digest, subject_id, created_at)
SELECT digest, subject, %s FROM unnest(%s::bytea[], %s::uuid[]) new(digest, subject)
ORDER BY digest ON CONFLICT (digest) DO NOTHING
"""


class Refused(Exception):
    """The row cannot be applied."""

    def __init__(self, name: str, code: str, detail: str) -> None:
        super().__init__(detail)
        self.name, self.code = name, code


class Staged(NamedTuple):
    """The columns that are read of a staged row."""

    place: int
    digest: bytes | None
    kind: str
    sealed: bytes | None
    ref: str | None
    note: str
    jurisdiction: str | None
    purpose: str | None
    channel: str | None
    topic: str | None
    decision: str
    basis: str
    ground: str | None
    evidence: str
    notice: str
    made_at: datetime | None
    expires_at: datetime | None


class Moved(Exception):
    """Some of the people were merged while the batch was read; a retry finds the merged person."""


@dataclass(slots=True)
class _Person:
    """A locked subject with the end of its hash chain."""

    pk: uuid.UUID
    last_seq: int
    chain_head: bytes
    jurisdiction: str | None


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


def apply_batch(import_id: uuid.UUID, *, now: datetime, size: int = ROWS) -> int:
    """Apply the next rows. Return their number.

    Return 0 if no row is left, or if another worker holds the import.
    """
    with transaction.atomic():
        jobs = Import.objects.select_for_update(skip_locked=True, of=("self",))
        job = jobs.select_related("brand").filter(pk=import_id, state="applying").first()
        if job is None:
            return 0
        staged = ImportRow.objects.filter(job=job, place__gt=job.cursor).order_by("place")
        rows = [Staged._make(each) for each in staged.values_list(*Staged._fields)[:size]]
        if not rows:
            _finish(job, now)
            return 0
        counted = _Batch(job, rows, now).apply()
        _count(job, rows[-1].place, counted)
        if refused := counted.lifts_refused:
            reporting.count_refusal(job.brand, Refusal.Kind.LIFT, now=now, times=refused)
    return counted.rows


def try_row(job: Import, row: Staged, *, now: datetime) -> Counted:
    """Apply one row of an import that is not started. The caller must roll it back."""
    return _Batch(job, [row], now).apply()


def skip(import_id: uuid.UUID) -> None:
    """Skip the next row, which the database rejects, and list it as a problem."""
    with transaction.atomic():
        job = Import.objects.select_for_update().get(pk=import_id)
        staged = ImportRow.objects.filter(job=job, place__gt=job.cursor).order_by("place")
        place = staged.values_list("place", flat=True)[0]
        problem = ImportProblem(
            job=job, place=place, field="", code="refused", detail="It could not be recorded."
        )
        _count(job, place, Counted(rows=1, problems=[problem]))


def _finish(job: Import, now: datetime) -> None:
    job.state, job.ended_at = Import.State.DONE, now
    job.save(update_fields=["state", "ended_at"])
    ImportRow.objects.filter(job=job).delete()


def _count(job: Import, place: int, counted: Counted) -> None:
    ImportProblem.objects.bulk_create(counted.problems)
    Import.objects.filter(pk=job.pk).update(
        cursor=place,
        applied=F("applied") + counted.rows - len(counted.problems),
        bad=F("bad") + len(counted.problems),
        people=F("people") + counted.people,
        choices=F("choices") + counted.choices,
        unchanged=F("unchanged") + counted.unchanged,
        refs_changed=F("refs_changed") + counted.refs_changed,
        lifts_refused=F("lifts_refused") + counted.lifts_refused,
    )


class _Batch:
    """Some rows of one import, with all data that they need, read once."""

    def __init__(self, job: Import, rows: Sequence[Staged], now: datetime) -> None:
        self.job, self.rows, self.now = job, rows, now
        self.brand: Brand = job.brand
        self.counted = Counted(rows=len(rows))
        self.told: list[NewEvent] = []
        #: Events for choices about all brands that this brand has not received yet. They come
        #: first.
        self.told_before: list[NewEvent] = []
        self.entries: list[LedgerEntry] = []
        self.begun: list[Relationship] = []
        #: The former states of the relationships that this batch changes.
        self.past: list[PastRelationship] = []
        self.changed: dict[uuid.UUID, Relationship] = {}
        self.known_by: list[tuple[uuid.UUID, uuid.UUID, str, bytes]] = []
        self.ends: dict[tuple[str | None, ...], datetime | None] = {}
        self.times = EventTimes(now)
        self.times.take_next()  # the first time belongs to the rows themselves
        self.read_defaults = cache(rules.read_regional_defaults)

    def apply(self) -> Counted:
        self._find_people()
        self._find_relationships()
        self._find_choices()
        for row in self.rows:
            try:
                self._apply(row)
            except Refused as error:
                self._note(row, error)
        self._write()
        return self.counted

    # -- Reading ---------------------------------------------------------------------------------

    def _find_people(self) -> None:
        """Find or create the subject of each digest, and lock all of their rows."""
        wanted = sorted({bytes(row.digest) for row in self.rows if row.digest is not None})
        self.subjects = self._known(wanted)
        if new := [digest for digest in wanted if digest not in self.subjects]:
            self._make(new)
            self.subjects |= self._known(new)
        refs = match_any((row.ref for row in self.rows if row.ref), "text")
        named = Relationship.objects.of_references(self.brand.pk, refs)
        self.by_ref = {each.ref: each for each in named}
        ids = {*self.subjects.values(), *(each.subject_id for each in self.by_ref.values())}
        self.people = self._locked(ids)

    @staticmethod
    def _known(digests: Sequence[bytes]) -> dict[bytes, uuid.UUID]:
        rows = Identifier.objects.filter(digest__in=match_any(digests, "bytea"))
        return {bytes(digest): subject for digest, subject in rows.values_list("digest", "subject")}

    def _make(self, digests: Sequence[bytes]) -> None:
        """Create a subject for each digest.

        If another worker was faster, its subject counts and ours stays empty.
        """
        ids = [new_id() for _ in digests]
        made_up_by = self.brand.pk if self.brand.test else None
        SUBJECTS.add_values((each, 0, b"", self.now, "", made_up_by) for each in ids)
        with connection.cursor() as cursor:
            values: list[Any] = [self.now, list(digests), ids]
            cursor.execute(IDENTIFY, values)

    @staticmethod
    def _locked(ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, _Person]:
        """Return for each subject id the person it belongs to after merges, locked in id order."""
        known = Subject.objects.filter(pk__in=match_any(ids, "uuid"))
        merged = dict(known.values_list("pk", "merged_into"))
        wanted = {other or pk for pk, other in merged.items()}
        rows = Subject.objects.select_for_update(no_key=True).filter(
            pk__in=match_any(wanted, "uuid")
        )
        fields = "pk", "last_seq", "chain_head", "jurisdiction", "merged_into"
        found = list(rows.order_by("pk").values_list(*fields))
        if moved := [pk for pk, *_, into in found if into]:  # merged since the first query
            raise Moved(moved)
        locked = {row[0]: _Person(*row[:4]) for row in found}
        return {pk: locked[other or pk] for pk, other in merged.items()}

    def _find_relationships(self) -> None:
        """Find the relationships by subject, and the active ones of each person.

        All active relationships of a person receive each new choice.
        """
        persons = {person.pk for person in self.people.values()}
        mine = Relationship.objects.filter(brand=self.brand, person__in=match_any(persons, "uuid"))
        self.relationships = {}
        self.active: dict[uuid.UUID, list[Relationship]] = defaultdict(list)
        for each in mine:
            self.relationships[each.subject_id] = each
            if each.ended_at is None:
                self.active[each.person_id].append(each)
        subjects = {*self.people, *self.relationships}
        known = Identifier.objects.filter(subject__in=match_any(subjects, "uuid"))
        self.points = dict(known.values_list("subject", "pk"))

    def _recipient(self, of: Relationship) -> Recipient:
        point = self.points.get(of.subject_id)
        return Recipient(
            of.pk, self.brand.pk, self.brand.slug, of.subject_id, of.ref, of.jurisdiction, point
        )

    def _standing(self, relationship: Relationship, person: _Person) -> CurrentState:
        place = person.jurisdiction or relationship.jurisdiction
        recipient = self._recipient(relationship)
        return CurrentState(recipient, self.said[person.pk], self.read_defaults(place))

    def _find_choices(self) -> None:
        """Find the people's choices that concern this brand, and each scope's newest entry."""
        # Include people without an entry of their own: the choices of a merged address are theirs.
        ids = {person.pk for person in self.people.values()}
        self.said: dict[uuid.UUID, list[Choice]] = defaultdict(list)
        mine = Q(brand=self.brand) | Q(brand=None)
        known = Preference.objects.filter(mine, subject__in=match_any(ids, "uuid"))
        for each in known if ids else ():
            self.said[each.subject_id].append(preferences.build_choice(each, entry=each.entry_id))
        waiting = Propagation.objects.filter(subject__in=match_any(ids, "uuid"), done_at=None)
        self.pending = set(waiting.values_list("subject", flat=True)) if ids else set()
        newest = LedgerEntry.objects.without_traits().filter(
            subject__in=match_any(ids, "uuid"), brand=self.brand
        )
        scope = "subject", "contact_point", "purpose", "channel", "topic"
        rows = (
            newest.select_related("text").order_by(*scope, "-subject_seq").distinct(*scope)
            if ids
            else ()
        )
        self.newest: dict[Place, LedgerEntry] = {_place(each): each for each in rows}
        self.said_then = self._said_then(ids) if ids else set()

    def _said_then(self, ids: Iterable[uuid.UUID]) -> set[tuple[Place, Words, datetime]]:
        """Return what the brand had recorded before for the exact times of these rows."""
        times = {row.made_at for row in self.rows if row.made_at}
        entries = LedgerEntry.objects.without_traits().select_related("text").filter(
            subject__in=match_any(ids, "uuid"), brand=self.brand, maker="brand",
            made_at__in=match_any(times, "timestamptz"),
        )  # fmt: skip
        return {(_place(each), _words(each), each.made_at) for each in entries}

    # -- One row -----------------------------------------------------------------------------------

    def _apply(self, row: Staged) -> None:
        subject_id = self._subject(row)
        person = self.people[subject_id]
        begun = self._relate(row, subject_id, person)
        relationship = self.relationships[subject_id]
        if row.sealed is not None:
            self.known_by.append((subject_id, relationship.pk, row.kind, row.sealed))
        said = bool(row.decision) and self._say(row, person, relationship)
        if not begun and not said:
            self.counted.unchanged += 1

    def _subject(self, row: Staged) -> uuid.UUID:
        if row.digest is not None:
            return self.subjects[bytes(row.digest)]
        if (known := self.by_ref.get(row.ref)) is None:
            raise Refused("ref", "no_relationship", "you have nobody with this reference")
        return known.subject_id

    def _relate(self, row: Staged, subject_id: uuid.UUID, person: _Person) -> bool:
        """Begin the relationship, or begin it again, and add what the row says about it.

        Return whether anything changed.

        Raises:
            Refused
        """
        found = self.relationships.get(subject_id)
        self._check_ref(row, subject_id)
        if found and found.ended_at is None:
            return self._add_to(found, row)
        if found and found.ended_by == "person":
            raise Refused(_contact_column(row), "person_ended_relationship", "the person ended it")
        if not found:
            found = Relationship(subject_id=subject_id, person_id=person.pk, brand=self.brand)
            self.begun.append(found)
        else:
            self.past.append(preferences.build_past_relationship(found, until=self.now))
            self.changed[found.pk] = found
        found.ended_at, found.ended_by, found.started_at = None, "", self.now
        found.origin, found.origin_note = "brand", row.note or self.job.note
        self.relationships[subject_id] = found
        self.active[person.pk].append(found)
        self._add_to(found, row)
        standing = self._standing(found, person)
        self.told.append(
            brand_events.build_relationship_started(
                standing, origin="brand", contacts=(), at=self.now, cause=new_id()
            )
        )
        self.counted.people += 1
        return True

    def _check_ref(self, row: Staged, subject_id: uuid.UUID) -> None:
        if row.ref and (other := self.by_ref.get(row.ref)) and other.subject_id != subject_id:
            raise Refused("ref", "ref_taken", "this reference stands for another person")

    def _add_to(self, found: Relationship, row: Staged) -> bool:
        before = found.ref, found.jurisdiction
        if row.jurisdiction not in (None, found.jurisdiction) and found.started_at < self.now:
            self.past.append(preferences.build_past_relationship(found, until=self.now))
        self.counted.refs_changed += bool(row.ref and found.ref and row.ref != found.ref)
        found.ref, found.jurisdiction = row.ref or found.ref, row.jurisdiction or found.jurisdiction
        if row.ref:
            self.by_ref[row.ref] = found
        if is_new := (found.ref, found.jurisdiction) != before:
            self.changed[found.pk] = found
        return is_new

    def _say(self, row: Staged, person: _Person, relationship: Relationship) -> bool:
        """Record the row's choice. Return False if it was recorded before.

        The same file may be imported several times.
        """
        point = self.points.get(relationship.subject_id)
        about: About = (row.purpose, row.channel, row.topic)
        place, any_address = Place(person.pk, point, *about), Place(person.pk, None, *about)
        found = [self.newest[each] for each in (place, any_address) if each in self.newest]
        before = max(found, key=lambda each: each.subject_seq, default=None)
        if self._was_said(row, place, before):
            return False
        scope = Scope(self.brand.pk, *about, point)
        if row.decision == "grant" and find_standing_refusal(self.said[person.pk], scope, self.now):
            self.counted.lifts_refused += 1
            raise Refused("decision", "person_said_no", "the person's own no stands")
        if person.pk in self.pending:
            self._tell_before(person)
        entry = self._entry(row, person, relationship, before.decision if before else "")
        self.newest[place] = entry
        self.said_then.add((place, _words(entry), entry.made_at))
        self.said[person.pk].append(preferences.build_choice(entry, entry=entry.pk))
        self._tell(entry, relationship, person)
        self.counted.choices += 1
        return True

    def _was_said(self, row: Staged, place: Place, before: LedgerEntry | None) -> bool:
        """Return whether the brand has already recorded this row, word for word.

        A row with a time is compared with the entries of that time, any other with the newest
        entry. Erased texts count as equal to any. Otherwise a repeated import would show the brand
        that an account was erased.
        """
        same = {_words(row), (row.decision, row.basis, GONE, GONE)}
        if row.made_at:
            return any((place, words, row.made_at) in self.said_then for words in same)
        return before is not None and before.maker == "brand" and _words(before) in same

    def _tell(self, entry: LedgerEntry, named: Relationship, person: _Person) -> None:
        """Add the events for the entry, beginning with the relationship that the row names.

        A choice about one contact point is sent to its own relationship only. The brand must not
        learn which other addresses belong to the person.
        """
        for each in sorted(self.active[person.pk], key=lambda one: one.pk != named.pk):
            standing = self._standing(each, person)
            if not brand_events.is_concerned(entry, standing.recipient):
                continue
            is_named = each.pk == named.pk
            at = self.now if is_named else self.times.take_next()
            self.told.append(
                brand_events.build_choice_event(
                    entry,
                    standing.recipient,
                    standing.permissions(self.now),
                    at=at,
                    direct=is_named,
                    again=not is_named,
                    due=self._due,
                )
            )

    def _tell_before(self, person: _Person) -> None:
        """Add the events for the person's earlier choices that are still pending.

        Otherwise the brand would receive the import before choices that were made earlier.
        """
        told = {notice.cause for notice in self.told_before}
        for each in self.active[person.pk]:
            standing = self._standing(each, person)
            pending = ledger.build_pending_events(standing, person.pk, self.times)
            self.told_before += [each for each in pending if each.cause not in told]

    def _entry(
        self, row: Staged, person: _Person, relationship: Relationship, before: str
    ) -> LedgerEntry:
        made_at = row.made_at or self.now
        entry = LedgerEntry(
            subject_id=person.pk,
            subject_seq=person.last_seq + 1,
            brand_id=self.brand.pk,
            purpose_id=row.purpose,
            channel=row.channel,
            topic=row.topic,
            # As in `ledger`: a choice that a brand records is about the one address that it named.
            contact_point_id=self.points.get(relationship.subject_id),
            decision=row.decision,
            expires_at=self._expiry(row, person, relationship, made_at),
            maker="brand",
            maker_brand_id=self.brand.pk,
            basis=row.basis,
            ground=row.ground,
            source="brand_api",
            before=before,
            made_at=made_at,
            recorded_at=self.now,
            previous_hash=bytes(person.chain_head),
        )
        ledger.attach_texts(entry, evidence=row.evidence, notice=row.notice)
        entry.hash = ledger.compute_entry_hash(bytes(person.chain_head), entry)
        person.last_seq, person.chain_head = entry.subject_seq, entry.hash
        self.entries.append(entry)
        return entry

    def _due(self, entry: LedgerEntry, start: datetime) -> datetime | None:
        """Return the deadline for applying a refusal; None if the import is history.

        The deadline is computed once for each decision, purpose and channel.
        """
        if not self.job.tells:
            return None
        kind = entry.decision, entry.purpose_id, entry.channel
        if kind not in self.ends:
            self.ends[kind] = brand_events.compute_event_deadline(entry, start)
        return self.ends[kind]

    def _expiry(
        self, row: Staged, person: _Person, relationship: Relationship, made_at: datetime
    ) -> datetime | None:
        if row.ground is None:
            return row.expires_at
        try:
            return rules.compute_expiry(
                row.ground,
                jurisdiction=person.jurisdiction or relationship.jurisdiction,
                made_at=made_at,
                wanted=row.expires_at,
                now=self.now,
            )
        except (rules.NoTerm, rules.TermOver, rules.BeyondTerm) as error:
            raise Refused(error.field, TERM_CODES[type(error)], str(error)) from error

    def _note(self, row: Staged, error: Refused) -> None:
        self.counted.problems.append(
            ImportProblem(
                job=self.job, place=row.place, field=error.name, code=error.code, detail=str(error)
            )
        )

    # -- Writing -----------------------------------------------------------------------------------

    def _write(self) -> None:
        begun = {each.pk for each in self.begun}
        RELATIONSHIPS.add(self.begun)
        changed = [each for pk, each in self.changed.items() if pk not in begun]
        Relationship.objects.filter(subject__in=[each.subject_id for each in changed]).bulk_update(
            changed,
            ["ref", "jurisdiction", "ended_at", "ended_by", "started_at", "origin", "origin_note"],
        )
        PastRelationship.objects.bulk_create(self.past)
        identity.delete_former_hashes([*begun, *self.changed])
        identity.store_sealed_hashes(self.known_by)
        ENTRIES.add(self.entries)
        ledger.write_many_texts(self.entries)
        preferences.project_entries(self.entries)
        Ending.objects.bulk_create(
            Ending(entry=each, subject_id=each.subject_id, ends_at=each.ends_at)
            for each in self.entries
            if each.ends_at
        )
        self._move_chains()
        events.append_events(self.brand.pk, self.told_before)
        events.append_events(self.brand.pk, self.told, history=not self.job.tells)
        # Set the references last, because an append locks the brand's head before those of
        # subjects.
        refs = {each.subject_id: each.ref for each in self.changed.values()}
        events.set_references(self.brand.pk, refs)
        if self.job.tells or self.told_before:
            ledger.wake_brand(self.brand.pk)

    def _move_chains(self) -> None:
        with connection.cursor() as cursor:
            subjects = list({each.subject_id for each in self.entries})
            cursor.execute(MOVE, [subjects, [each.pk for each in self.entries]])


#: Move the end of each person's chain to the newest of these entries.
MOVE = """
UPDATE consent_subject held SET last_seq = new.subject_seq, chain_head = new.hash
FROM (
    SELECT DISTINCT ON (subject_id) subject_id, subject_seq, hash FROM consent_ledgerentry
    WHERE subject_id = ANY(%s::uuid[]) AND id = ANY(%s::uuid[])
    ORDER BY subject_id, subject_seq DESC
) new WHERE held.id = new.subject_id
"""

TERM_CODES: dict[type[Exception], str] = {
    rules.NoTerm: "no_term",
    rules.TermOver: "term_over",
    rules.BeyondTerm: "beyond_term",
}


def _contact_column(row: Staged) -> str:
    """Return the column of the file that identifies the person."""
    if row.digest is None:
        return "ref"
    return "sha256" if row.kind == HashKind.UNKNOWN else row.kind


def _place(entry: LedgerEntry) -> Place:
    point = entry.contact_point_id
    return Place(entry.subject_id, point, entry.purpose_id, entry.channel, entry.topic)


def _words(said: LedgerEntry | Staged) -> Words:
    if isinstance(said, LedgerEntry) and said.has_text and said.kept_text is None:
        return said.decision, said.basis, GONE, GONE
    return said.decision, said.basis, said.evidence, said.notice


def list_running_imports() -> list[uuid.UUID]:
    """Return the ids of the imports that are being applied, oldest first."""
    rows = Import.objects.filter(state="applying").order_by("pk")
    return list(rows.values_list("pk", flat=True))
