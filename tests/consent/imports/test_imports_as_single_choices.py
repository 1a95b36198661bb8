"""Random rows have the same effect as one import as they have by single calls, one after another.

Acme imports the rows in batches. Rival starts the relationships and records the choices singly,
for people of its own with the same past. Only ids and the times of later events may differ.
"""

from __future__ import annotations

import json
import operator
import uuid
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pytest
from django.db import transaction
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from brands.models import Brand, Event, SubjectHead
from consent import rules
from consent.decision.resolution import Limit, Scope
from consent.imports import applying, jobs
from consent.ledger import LiftRefused, entry_texts, hash_chain
from consent.ledger.recording import Actor
from consent.models import (
    Ending,
    Identifier,
    ImpliedTerm,
    Import,
    ImportProblem,
    ImportRow,
    LedgerEntry,
    PastRelationship,
    Preference,
    Relationship,
    Subject,
)
from consent.propagation import propagate
from consent.relationships import lifecycle, merging
from tests.factories import find_subject, record_choice
from tests.trying import tries

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
DAY = timedelta(days=1)
#: Ann's first address, her second, and Ben's.
ADDRESSES = ("ann", "second", "ben")
REFUSED = (
    LiftRefused,
    lifecycle.EndedByPerson,
    lifecycle.RefTaken,
    rules.NoTerm,
    rules.TermOver,
    rules.BeyondTerm,
)


# -- What is drawn --------------------------------------------------------------------------------


class Row(NamedTuple):
    """A row of a file. Without an address it names the person by the reference."""

    address: int | None
    ref: str | None
    jurisdiction: str | None
    decision: str
    purpose: str | None
    channel: str | None
    ground: str | None
    evidence: str
    notice: str
    days_ago: int | None
    lasts: int | None

    @property
    def made_at(self) -> datetime | None:
        return None if self.days_ago is None else NOW - self.days_ago * DAY

    @property
    def expires_at(self) -> datetime | None:
        return None if self.lasts is None else NOW + self.lasts * DAY

    def columns(self) -> dict[str, Any]:
        basis = "implied" if self.ground else "express"
        names = (
            "ref jurisdiction decision purpose channel ground evidence notice made_at expires_at"
        )
        return {name: getattr(self, name) for name in names.split()} | {"basis": basis}


def _draw_row(draw: st.DrawFn) -> Row:
    """Draw a row. Most are about one scope, so that they meet each other and the past."""
    address = draw(st.sampled_from([0, 0, 1, 1, 2, None]))
    decision = draw(st.sampled_from(["grant", "grant", "deny", "deny", ""]))
    says, is_yes = bool(decision), decision == "grant"
    return Row(
        address=address,
        ref=draw(st.sampled_from(["R1", "R2", None] if address is not None else ["R1", "R2"])),
        jurisdiction=draw(st.sampled_from([None, "DE", "US-CA"])),
        decision=decision,
        purpose="marketing" if says else None,
        channel=draw(st.sampled_from(["email", "email", "email", None])) if says else None,
        ground=draw(st.sampled_from([None, "purchase", "inquiry"])) if is_yes else None,
        evidence=draw(st.sampled_from(["form 1", "form 1", "form 2"])) if is_yes else "",
        notice=draw(st.sampled_from(["", "", "", "terms@1"])) if says else "",
        days_ago=draw(st.sampled_from([None, None, 0, 1, 100])) if says else None,
        lasts=draw(st.sampled_from([None, None, None, 30, 150])) if is_yes else None,
    )


class Step(NamedTuple):
    """Something that happened before the import."""

    what: str
    address: int
    is_wide: bool
    purpose: str | None
    channel: str | None
    is_about_address: bool


def _step(what: str, address: int = 0) -> Step:
    scope = {"is_wide": False, "purpose": "marketing", "channel": "email"}
    return Step(what, address, **scope, is_about_address=False)  # type: ignore[arg-type]


BEGINNINGS = [
    [_step("grant", 0), _step("deny", 2)],
    [_step("meet", 0), _step("report", 0), _step("erase", 0)],
    [_step("meet", 0), _step("meet", 1), _step("merge")],
    [_step("meet", 0), _step("merge"), _step("pause", 1), _step("meet", 2)],
    [_step("merge"), _step("meet", 1)],
]
STEPS = st.lists(
    st.builds(
        Step,
        what=st.sampled_from(
            "grant deny deny pause limit clear report erase brand_ends person_ends tell merge"
            .split()
        ),
        address=st.sampled_from([0, 0, 1, 2]),
        is_wide=st.sampled_from([False, False, True]),
        purpose=st.sampled_from(["marketing", "marketing", None]),
        channel=st.sampled_from(["email", "email", None]),
        is_about_address=st.sampled_from([False, False, True]),
    ),
    max_size=4,
)  # fmt: skip
PASTS = st.builds(operator.add, st.sampled_from(BEGINNINGS), STEPS)
ROWS = st.lists(st.composite(_draw_row)(), min_size=6, max_size=9)


# -- Two worlds -----------------------------------------------------------------------------------


@dataclass
class World:
    """A brand, and people whom only this brand knows."""

    brand: Brand
    subjects: list[uuid.UUID] = field(init=False)

    def __post_init__(self) -> None:
        self.subjects = [find_subject(f"{each}@{self.brand.slug}.example") for each in ADDRESSES]
        self.points = [self._identify(each).pk for each in self.subjects]
        self.by = Actor("brand_api", self.brand.pk)

    @staticmethod
    def _identify(subject_id: uuid.UUID) -> Identifier:
        return Identifier.objects.get(subject=subject_id)

    def live(self, steps: Iterable[Step]) -> None:
        for days_ago, step in enumerate(steps):
            with suppress(*REFUSED), transaction.atomic():
                self._take(step, NOW - (300 - days_ago) * DAY)

    def _take(self, step: Step, at: datetime) -> None:
        subject_id = self.subjects[step.address]
        match step.what:
            case "meet":
                lifecycle.start_relationship(subject_id, self.brand, by=self.by, now=at)
            case "brand_ends" | "person_ends":
                by = self.by if step.what == "brand_ends" else Actor("portal")
                for each in Relationship.objects.filter(subject=subject_id, brand=self.brand):
                    lifecycle.end_relationship(each, by=by, now=at)
            case "merge":
                merging.merge_subjects(self.subjects[1], into=self.subjects[0], now=at)
            case "tell":
                self.propagate(at)
            case "erase":
                entry_texts.erase_entry_texts(subject_id)
            case "report":
                scope = Scope(self.brand.pk, "marketing", step.channel)
                if Relationship.objects.active().filter(subject=subject_id).exists():
                    record_choice(subject_id, "grant", scope, by=self.by, now=at, evidence="form 1")
            case decision:
                self._choose(decision, step, at)

    def _choose(self, decision: str, step: Step, at: datetime) -> None:
        point = self.points[step.address] if step.is_about_address else None
        brand_id = None if step.is_wide else self.brand.pk
        scope = Scope(brand_id, step.purpose, step.channel, None, point)
        terms: dict[str, Any] = {
            "pause": {"until": NOW + 9 * DAY},
            "limit": {"limit": Limit(3, "week")},
        }
        record_choice(
            self.subjects[step.address], decision, scope, now=at, **terms.get(decision, {})
        )

    def propagate(self, at: datetime) -> None:
        for each in self.subjects:
            propagate.propagate_choices(each, now=at)


def import_rows(world: World, rows: list[Row], *, size: int) -> set[int]:
    """Apply the rows as an import. Return the numbers of the refused ones."""
    job = Import.objects.create(
        brand=world.brand, note="x", tells=True, state="applying", created_at=NOW
    )
    for place, row in enumerate(rows, start=1):
        digest = None
        if row.address is not None:
            digest = Identifier.objects.get(subject=world.subjects[row.address]).digest
        ImportRow.objects.create(job=job, place=place, digest=digest, **row.columns())
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(applying, "ROWS", size)
        jobs.run_import(job.pk, now=NOW)
    return set(ImportProblem.objects.filter(job=job).values_list("place", flat=True))


def record_singly(world: World, rows: list[Row]) -> set[int]:
    """Do what the rows say by single calls. Return the numbers of the refused ones."""
    refused = set[int]()
    for place, row in enumerate(rows, start=1):
        try:
            _record_one(world, row)
        except (*REFUSED, Relationship.DoesNotExist):
            refused.add(place)
    return refused


def _record_one(world: World, row: Row) -> None:
    if row.address is None:
        subject_id = Relationship.objects.get(brand=world.brand, ref=row.ref).subject_id
    else:
        subject_id = world.subjects[row.address]
    lifecycle.start_relationship(
        subject_id,
        world.brand,
        by=world.by,
        now=NOW,
        ref=row.ref,
        note="x",
        jurisdiction=row.jurisdiction,
    )
    if row.decision and not _is_repeated(world, subject_id, row):
        terms = {
            name: value
            for name, value in row.columns().items()
            if name in "basis ground evidence notice made_at expires_at".split()
        }
        scope = Scope(world.brand.pk, row.purpose, row.channel)
        record_choice(subject_id, row.decision, scope, by=world.by, now=NOW, **terms)


def _is_repeated(world: World, subject_id: uuid.UUID, row: Row) -> bool:
    """Return whether the brand recorded this before, as far as the texts are not erased."""
    subject = Subject.objects.get(pk=subject_id)
    said = LedgerEntry.objects.filter(
        subject=subject.merged_into_id or subject_id,
        brand=world.brand,
        purpose=row.purpose,
        channel=row.channel,
    ).order_by("-subject_seq")
    point = world.points[world.subjects.index(subject_id)]
    if row.made_at:
        found = [each for each in said.filter(contact_point=point) if each.made_at == row.made_at]
    else:
        found = [each for each in said if each.contact_point_id in (None, point)][:1]
    return any(each.maker == "brand" and _says(each, row) for each in found)


def _says(entry: LedgerEntry, row: Row) -> bool:
    columns = row.columns()
    if (entry.decision, entry.basis) != (row.decision, columns["basis"]):
        return False
    is_erased = entry.has_text and entry.kept_text is None
    return is_erased or (entry.evidence, entry.notice) == (row.evidence, row.notice)


# -- What came of it ------------------------------------------------------------------------------


SCOPE = "purpose_id channel topic trait_kind "
TERMS = "subject_seq decision until limit_max limit_per expires_at maker basis made_at"
ENTRY = "ground source reason campaign before recorded_at has_text evidence notice"
RELATIONSHIP = "ref jurisdiction started_at ended_at ended_by origin origin_note"
PAST = "started_at ended_at jurisdiction until"


def list_effects(world: World) -> dict[str, Any]:
    """Return all that is stored and sent, without ids and without the times of later events."""
    people = {subject: nth for nth, subject in enumerate(world.subjects)}
    points = {point: nth for nth, point in enumerate(world.points)} | {None: None}
    entries = LedgerEntry.objects.filter(subject__in=people)
    known = Relationship.objects.filter(brand=world.brand)
    told = Event.objects.filter(brand=world.brand).order_by("sequence")

    def tell(row: Any, names: str) -> tuple[Any, ...]:
        return tuple(getattr(row, name) for name in names.split())

    def tell_scope(row: LedgerEntry | Preference) -> tuple[Any, ...]:
        own = row.brand_id == world.brand.pk
        return people[row.subject_id], own, points[row.contact_point_id], *tell(row, SCOPE + TERMS)

    def sort(rows: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        return sorted(rows, key=str)

    return {
        "entries": sort((*tell_scope(each), *tell(each, ENTRY)) for each in entries),
        "preferences": sort(
            tell_scope(each) for each in Preference.objects.filter(subject__in=people)
        ),
        "endings": sort(
            (people[each.subject_id], each.entry.subject_seq, each.ends_at)
            for each in Ending.objects.filter(subject__in=people).select_related("entry")
        ),
        "relationships": sort(
            (people[each.subject_id], people[each.person_id], *tell(each, RELATIONSHIP))
            for each in known
        ),
        "past": sort(
            (people[each.subject_id], *tell(each, PAST))
            for each in PastRelationship.objects.filter(relationship__in=known)
            if each.started_at < each.until  # none of a moment
        ),
        "references": sort(
            (people[each.subject], each.ref, each.last_seq)
            for each in SubjectHead.objects.filter(brand=world.brand)
        ),
        "events": {
            nth: [
                _tell_event(each)
                for each in told.filter(subject=subject)
            ]
            for subject, nth in people.items()
        },
        "breaks": [
            each
            for subject in Subject.objects.filter(pk__in=people)
            for each in hash_chain.list_breaks(subject)
        ],
    }  # fmt: skip


def _tell_event(event: Event) -> tuple[Any, ...]:
    data = json.loads(bytes(event.body))["data"]
    del data["subject"]["id"], data["subject"]["ref"]
    for each in (data, *data.get("standing", ())):
        each.pop("entry", None)
        each.pop("scope", {}).pop("brand", None)
    facts = [event.purpose, event.channel, event.source, event.before, event.quiet]
    # What is drawn happens at full hours, and an event of its own time says so.
    is_later = event.timestamp.microsecond > 0
    # Of a person's pending choices, an import tells all of the person's relationships at once. A
    # single call tells the one it is about, and leaves the others to the worker.
    is_pending = data.get("maker") == "person"
    for name in ("honour_by", "made_at") if is_later or is_pending else ():
        data.pop(name, None)
    if is_pending:
        del data["permissions"]
        return event.type, data, *facts
    deadline = event.honour_by and event.honour_by.replace(microsecond=0, second=0)
    return event.type, is_later or event.timestamp, deadline, data, event.decision, *facts


# -- The test -------------------------------------------------------------------------------------


@pytest.fixture
def brands(acme: Brand, rival: Brand) -> tuple[Brand, Brand]:
    """Both brands, where a residence decides how long an implied consent lasts."""
    ImpliedTerm.objects.create(ground="purchase", jurisdiction="DE", months=6, law="x")
    ImpliedTerm.objects.create(ground="inquiry", jurisdiction="US-CA", months=3, law="x")
    return acme, rival


# Without shrinking, which would take minutes.
@settings(tries(12), derandomize=True, phases=[Phase.generate])
@given(steps=PASTS, rows=ROWS, size=st.sampled_from([1_000, 1_000, 2]))
def test_import_random_rows_equal_single_calls(
    brands: tuple[Brand, Brand], *, steps: list[Step], rows: list[Row], size: int
) -> None:
    with transaction.atomic():
        worlds = imported, single = [World(brand) for brand in brands]
        for world in worlds:
            world.live(steps)
        assert import_rows(imported, rows, size=size) == record_singly(single, rows)
        for world in worlds:
            world.propagate(NOW)
        effects = list_effects(imported)
        assert effects == list_effects(single)
        assert effects["breaks"] == []
        transaction.set_rollback(True)
