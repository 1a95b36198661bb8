"""Shards: the same file in one shard and in several gives the same, each person's rows in order."""

from __future__ import annotations

import io
import random
import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from brands.models import Brand, Event
from consent.imports import applying, jobs, receiving, shards
from consent.ledger import hash_chain
from consent.models import (
    Import,
    ImportProblem,
    ImportRow,
    ImportShard,
    LedgerEntry,
    Preference,
    Relationship,
    Subject,
)
from consent.relationships import merging
from tests.factories import find_subject

pytestmark = pytest.mark.django_db

HEADINGS = "email,ref,purpose,channel,decision,made_at,evidence"
COUNTS = ("rows", "applied", "bad", "people", "choices", "unchanged", "refs_changed")


@pytest.fixture(autouse=True)
def several_shards(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.IMPORT_SHARDS = 3
    monkeypatch.setattr(shards, "ROWS_PER_SHARD", 1)


def start_import(brand: Brand, rows: Iterable[str]) -> Import:
    job = jobs.begin_import(brand, note="x", tells=False, now=timezone.now())
    body = io.BytesIO("\n".join([HEADINGS, *rows]).encode())
    receiving.receive_part(job, 1, body, form="csv", now=timezone.now())
    return jobs.start_import(job, now=timezone.now())


def write_row(email: str, ref: str, n: int, decision: str = "grant") -> str:
    return f"{email},{ref},marketing,email,{decision},2024-01-01T00:00:00Z,form {n}"


def take_turns(job: Import, *, size: int) -> None:
    """Apply the shards batch by batch, the last shard first."""
    shards.prepare_shards(job.pk)
    while numbers := shards.list_shards(job.pk):
        for number in reversed(numbers):
            applying.apply_batch(job.pk, shard=number, now=timezone.now(), size=size)


def list_effects(brand: Brand) -> dict[str, Any]:
    """Return what came of it, by reference, each person's entries and events in their order."""
    found: dict[str, Any] = defaultdict(list)
    refs = dict(Relationship.objects.filter(brand=brand).values_list("subject_id", "ref"))
    for entry in LedgerEntry.objects.filter(brand=brand).order_by("subject_seq"):
        found[f"entries {refs[entry.subject_id]}"].append(
            (entry.decision, entry.before, entry.evidence)
        )
    for event in Event.objects.filter(brand=brand).order_by("sequence"):
        found[f"events {refs[event.subject]}"].append((event.type, event.purpose))
    for each in Preference.objects.filter(brand=brand).order_by("decision"):
        found[f"preferences {refs[each.subject_id]}"].append((each.decision, each.made_at))
    return found


def list_problems(job: Import) -> list[tuple[int, str]]:
    return sorted(ImportProblem.objects.filter(job=job).values_list("place", "code"))


def assert_everything_holds(brand: Brand) -> None:
    numbers = Event.objects.filter(brand=brand).order_by("sequence")
    assert list(numbers.values_list("sequence", flat=True)) == list(range(1, len(numbers) + 1))
    assert all(not list(hash_chain.list_breaks(each)) for each in Subject.objects.all())
    assert not ImportRow.objects.exists()


def write_mixed_rows() -> Iterator[str]:
    """Yield rows in which people occur often, by address, by reference, and by both."""
    chance = random.Random(64)
    for n in range(240):
        who = chance.randrange(30)
        email, ref = f"p{who}@example.org", f"R{who}"
        decision = chance.choice(["grant", "deny"])
        match chance.randrange(6):
            case 0:
                yield write_row("", ref, n, decision)
            case 1:
                yield write_row(email, "", n, decision)
            case 2 if who < 4:
                # The reference moves to another person, or is refused: it depends on the order.
                yield write_row(email, f"R{chance.randrange(4)}", n, decision)
            case _:
                yield write_row(email, ref, n, decision)


@pytest.mark.parametrize("size", [1, 7, 1_000])
def test_import_in_shards_equals_import_in_one_shard(
    size: int, acme: Brand, rival: Brand, settings: Settings
) -> None:
    rows = list(write_mixed_rows())
    several = start_import(acme, rows)
    take_turns(several, size=size)
    settings.IMPORT_SHARDS = 1
    single = start_import(rival, rows)
    jobs.run_import(single.pk, now=timezone.now())
    several.refresh_from_db()
    single.refresh_from_db()
    assert (several.shards, single.shards) == (3, 1)
    assert (several.state, single.state) == ("done", "done")
    assert {name: getattr(several, name) for name in COUNTS} == {
        name: getattr(single, name) for name in COUNTS
    }
    assert list_problems(several) == list_problems(single)
    assert list_effects(acme) == list_effects(rival)
    assert_everything_holds(acme)


def find_shard(job: Import, n: int) -> int:
    """Return the shard of row *n*, counted from 1."""
    row = ImportRow.objects.get(job=job, place=(1 << 32) + n)
    return (row.bucket or 0) % Import.objects.get(pk=job.pk).shards  # type: ignore[operator]


def test_prepare_shards_shares_rows_out_by_address(acme: Brand) -> None:
    job = start_import(acme, (write_row(f"p{n % 50}@example.org", "", n) for n in range(150)))
    shards.prepare_shards(job.pk)
    found = [find_shard(job, n) for n in range(1, 151)]
    assert set(found) == {0, 1, 2}
    assert found[:50] == found[50:100] == found[100:]


def test_prepare_shards_puts_rows_by_address_and_by_reference_together(acme: Brand) -> None:
    rows = [write_row(f"p{n}@example.org", f"R{n}", n) for n in range(40)]
    rows += [write_row("", f"R{n}", n) for n in range(40)]
    job = start_import(acme, rows)
    shards.prepare_shards(job.pk)
    found = [find_shard(job, n) for n in range(1, 81)]
    assert found[:40] == found[40:] and set(found) == {0, 1, 2}


def test_prepare_shards_puts_people_of_one_reference_into_shard_0(acme: Brand) -> None:
    rows = [write_row(f"p{n}@example.org", "R", n) for n in range(9)]
    rows += [write_row(f"p{n}@example.org", "", n) for n in range(9)]
    job = start_import(acme, rows)
    shards.prepare_shards(job.pk)
    assert {find_shard(job, n) for n in range(1, 19)} == {0}


def test_prepare_shards_knows_references_of_before(acme: Brand) -> None:
    """A person's old reference may go to somebody else, once a row has replaced it."""
    people = [write_row(f"p{n}@example.org", f"R{n}", n) for n in range(9)]
    jobs.run_import(start_import(acme, people).pk, now=timezone.now())
    rows = [write_row(f"p{n}@example.org", f"N{n}", n) for n in range(9)]
    rows += [write_row(f"q{n}@example.org", f"R{n}", n) for n in range(9)]
    job = start_import(acme, rows)
    take_turns(job, size=1)
    job.refresh_from_db()
    assert (job.bad, job.people, job.refs_changed) == (0, 9, 9)


def test_prepare_shards_puts_addresses_of_a_merged_person_together(acme: Brand) -> None:
    pairs = [(f"p{n}@example.org", f"q{n}@example.org") for n in range(9)]
    for pair in pairs:
        into, other = map(find_subject, pair)
        merging.merge_subjects(other, into=into, now=timezone.now())
    rows = [write_row(each, "", n) for n, pair in enumerate(pairs) for each in pair]
    job = start_import(acme, rows)
    shards.prepare_shards(job.pk)
    found = [find_shard(job, n) for n in range(1, 19)]
    assert found[::2] == found[1::2]
    take_turns(job, size=2)
    assert_everything_holds(acme)


def test_prepare_shards_small_import_has_one_shard(
    acme: Brand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shards, "ROWS_PER_SHARD", 5)
    job = start_import(acme, [write_row(f"p{n}@example.org", "", n) for n in range(9)])
    shards.prepare_shards(job.pk)
    assert shards.list_shards(job.pk) == [0]


def test_import_begun_by_earlier_version_goes_on_at_its_cursor(acme: Brand) -> None:
    job = start_import(acme, [write_row(f"p{n}@example.org", "", n) for n in range(30)])
    ImportRow.objects.update(bucket=None)
    Import.objects.update(cursor=(1 << 32) + 20, applied=20)
    jobs.run_import(job.pk, now=timezone.now())
    job.refresh_from_db()
    assert (job.state, job.applied, job.people) == ("done", 30, 10)


def test_finish_import_waits_for_all_shards(acme: Brand) -> None:
    job = start_import(acme, [write_row(f"p{n}@example.org", "", n) for n in range(60)])
    shards.prepare_shards(job.pk)
    jobs.run_shard(job.pk, 1, now=timezone.now())
    job.refresh_from_db()
    assert job.state == "applying" and 0 < job.applied < 60
    jobs.run_shard(job.pk, 0, now=timezone.now())
    # A worker that is killed after its batch, before it ends the import.
    ImportShard.objects.filter(job=job, number=1).update(ended_at=None)
    jobs.run_shard(job.pk, 2, now=timezone.now())
    ImportShard.objects.filter(job=job).update(ended_at=timezone.now())
    jobs.run_import(job.pk, now=timezone.now())
    job.refresh_from_db()
    assert (job.state, job.applied) == ("done", 60)


def test_cancelled_import_applies_no_shard(acme: Brand) -> None:
    job = start_import(acme, [write_row(f"p{n}@example.org", "", n) for n in range(60)])
    shards.prepare_shards(job.pk)
    applied = applying.apply_batch(job.pk, shard=1, now=timezone.now(), size=3)
    jobs.cancel_import(job, now=timezone.now())
    assert jobs.run_import(job.pk, now=timezone.now()) == 0
    job.refresh_from_db()
    assert (applied, job.state, job.applied) == (3, "cancelled", 3)
    assert not ImportRow.objects.exists()


def test_list_idle_shards_names_the_longest_idle_first(acme: Brand) -> None:
    job = start_import(acme, [write_row(f"p{n}@example.org", "", n) for n in range(60)])
    now = timezone.now()
    assert jobs.list_idle_shards(job.pk, now=now) == [0, 1, 2]
    for shard, at in ((0, now), (2, now - timedelta(minutes=1))):
        applying.apply_batch(job.pk, shard=shard, now=at, size=1)
    assert jobs.list_idle_shards(job.pk, now=now) == [1, 2]
    assert jobs.list_idle_shards(uuid.uuid4(), now=now) == []
