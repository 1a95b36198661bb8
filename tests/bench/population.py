"""Many people with realistic skew, by COPY: `python -m tests.bench.population --preferences N`.

A quarter of the people have the brand `brand-0`; a person has 1 to 300 brands, most have few.
The hash chains only look like chains: this is a population to measure with, not to verify.
"""

from __future__ import annotations

import argparse
import os
import queue
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count, takewhile
from typing import Any

import django
from django.db import connection
from tqdm import tqdm

from tests.bench import streams

BRANDS = 2_000  # at most: a small population has fewer
MOST_BRANDS = 300
SHARE_OF_BIGGEST = 0.25
SHARE_OF_WIDE_NO = 0.03  # people who said no to marketing by any brand
TAIL = 1.15  # of the Pareto distribution of brands a person
BATCH = 5_000  # people
MAINTENANCE_MEMORY = "1GB"
NONE = r"\N"

#: Purpose, channel, decision.
Said = tuple[str, str, str]
YES: Said = ("marketing", "email", "grant")
NO: Said = ("marketing", "email", "deny")
NO_SMS: Said = ("marketing", "sms", "deny")
NO_AT_ALL: Said = ("marketing", NONE, "deny")
SURVEYS: Said = ("research", "email", "grant")
NO_PROFILE: Said = ("profiling", NONE, "deny")
#: What one person says of one brand; each line is as likely as another.
SAYINGS: tuple[tuple[Said, ...], ...] = (
    (YES,),
    (YES,),
    (YES,),
    (NO,),
    (NO,),
    (NO_AT_ALL,),
    (YES, NO_SMS),
    (NO, SURVEYS),
    (YES, NO_SMS, NO_PROFILE),
    (YES, SURVEYS, NO_PROFILE),
)
#: Of those who say no, how and why; those who used a link answer the month's campaign.
DOORS = ("portal", "portal", "link", "link", "link", "api", "gpc")
REASONS = ("", "", "", "too_many_from_brand", "not_relevant", "never_asked", "privacy")
DAYS = [f"2026-{month:02}-{day:02}T12:00:00Z" for month in range(1, 11) for day in range(1, 29)]

#: The columns that are filled, by table; the others take their default.
COLUMNS = {
    "consent_subject": "id last_seq chain_head created_at time_zone",
    "consent_identifier": "id digest subject_id created_at",
    "consent_relationship": (
        "id subject_id person_id brand_id ref origin origin_note started_at ended_at ended_by"
    ),
    "consent_ledgerentry": (
        "id subject_id subject_seq brand_id purpose_id channel decision maker basis source reason "
        "campaign before made_at recorded_at previous_hash hash"
    ),
    "consent_preference": (
        "subject_id brand_id purpose_id channel decision maker basis entry_id subject_seq made_at"
    ),
}


def email(number: int) -> str:
    """The address of the person with this number; their identifier has the number as its id."""
    return f"person{number}@example.org"


def subject_id(number: int) -> str:
    return f"019a0000-0000-7000-8000-{number:012x}"


@dataclass(frozen=True, slots=True)
class Filled:
    people: int
    preferences: int
    rows: int
    seconds: float

    def __str__(self) -> str:
        return (
            f"{self.preferences:,} preferences of {self.people:,} people, {self.rows:,} rows "
            f"in {self.seconds:.0f} s: {self.rows / self.seconds:,.0f} rows/s"
        )


@dataclass(slots=True)
class Batch:
    """Lines for COPY, by table."""

    lines: dict[str, list[str]] = field(default_factory=lambda: {name: [] for name in COLUMNS})
    people: int = 0

    @property
    def preferences(self) -> int:
        return len(self.lines["consent_preference"])

    @property
    def rows(self) -> int:
        return sum(map(len, self.lines.values()))


def fill(preferences: int, *, seed: int = 1, show: bool = True) -> Filled:
    """Fill the empty tables with people until there are so many preferences, or a few more."""
    began = time.monotonic()
    made = Batches(preferences, seed, _brand_ids(preferences), _digest())
    people = rows = done = 0
    with _replica():
        with _without_indexes(), tqdm(total=preferences, disable=not show) as bar:
            for batch in ahead(iter(made)):
                _copy(batch)
                people, rows = people + batch.people, rows + batch.rows
                done += batch.preferences
                bar.update(batch.preferences)
        _finish()
        streams.tell()
    return Filled(people, done, rows, time.monotonic() - began)


# -- Inventing ---------------------------------------------------------------------------------


class Batches:
    """Yields batches of invented people; the same seed invents the same ones."""

    def __init__(
        self, wanted: int, seed: int, brand_ids: list[int], digest: Callable[[str], bytes]
    ) -> None:
        self.wanted = wanted
        self.chance = random.Random(seed)
        self.brand_ids = brand_ids
        self.digest = digest

    def __iter__(self) -> Iterator[Batch]:
        number, left = 0, self.wanted
        while left > 0:
            batch = Batch()
            while batch.people < BATCH and batch.preferences < left:
                number += 1
                self._add_person(batch, number)
            left -= batch.preferences
            yield batch

    def _add_person(self, batch: Batch, number: int) -> None:
        batch.people += 1
        subject, day = subject_id(number), self.chance.choice(DAYS)
        record = _Record(batch, number, subject, day, self.chance)
        for brand in self._brands():
            record.relate(self.chance.getrandbits(128), brand)
            for said in SAYINGS[int(self.chance.random() * len(SAYINGS))]:
                record.say(str(brand), said)
        if self.chance.random() < SHARE_OF_WIDE_NO:
            record.say(NONE, NO_AT_ALL)
        record.finish(self.digest(email(number)).hex())

    def _brands(self) -> set[int]:
        """The biggest for a quarter of the people; of the others, low numbers more often."""
        wanted = min(MOST_BRANDS, int(self.chance.paretovariate(TAIL)))
        chosen = {0} if self.chance.random() < SHARE_OF_BIGGEST else set()
        while len(chosen) < wanted:
            chosen.add(1 + int((len(self.brand_ids) - 1) * self.chance.random() ** 2))
        return {self.brand_ids[place] for place in chosen}


class _Record:
    """One person's rows in the making."""

    __slots__ = ("chance", "day", "hash", "lines", "number", "seq", "subject")

    def __init__(
        self, batch: Batch, number: int, subject: str, day: str, chance: random.Random
    ) -> None:
        self.lines, self.number, self.subject, self.day = batch.lines, number, subject, day
        self.chance = chance
        self.seq, self.hash = 0, ""

    def relate(self, bits: int, brand: int) -> None:
        self.lines["consent_relationship"].append(
            f"{bits:032x}\t{self.subject}\t{self.subject}\t{brand}\t{NONE}\tperson\t\t{self.day}\t{NONE}\t\n"
        )

    def say(self, brand: str, said: Said) -> None:
        self.seq += 1
        entry = f"019b{self.number:012x}{self.seq:016x}"
        previous, self.hash = self.hash, entry * 2
        source, reason, campaign = self._why(said[2])
        scope = f"{brand}\t{said[0]}\t{said[1]}\t{said[2]}\tperson\texpress"
        self.lines["consent_ledgerentry"].append(
            f"{entry}\t{self.subject}\t{self.seq}\t{scope}\t{source}\t{reason}\t{campaign}\t\t{self.day}\t{self.day}"
            f"\t\\\\x{previous}\t\\\\x{self.hash}\n"
        )
        self.lines["consent_preference"].append(
            f"{self.subject}\t{scope}\t{entry}\t{self.seq}\t{self.day}\n"
        )

    def _why(self, decision: str) -> tuple[str, str, str]:
        """The source, reason and campaign."""
        if decision != "deny":
            return "portal", "", ""
        source = DOORS[int(self.chance.random() * len(DOORS))]
        reason = REASONS[int(self.chance.random() * len(REASONS))]
        return source, reason, f"news-{self.day[5:7]}" if source == "link" else ""

    def finish(self, digest: str) -> None:
        self.lines["consent_subject"].append(
            f"{self.subject}\t{self.seq}\t\\\\x{self.hash}\t{self.day}\t\n"
        )
        self.lines["consent_identifier"].append(
            f"{self.number}\t\\\\x{digest}\t{self.subject}\t{self.day}\n"
        )


def ahead(batches: Iterator[Batch]) -> Iterator[Batch]:
    """The same, made by a thread while the database takes in the one before."""
    ready: queue.Queue[Batch | None] = queue.Queue(maxsize=3)

    def make() -> None:
        for batch in batches:
            ready.put(batch)
        ready.put(None)

    threading.Thread(target=make, daemon=True).start()
    for batch in takewhile(lambda each: each is not None, (ready.get() for _ in count())):
        assert batch
        yield batch


def _brand_ids(preferences: int) -> list[int]:
    from brands.models import Brand

    size = max(MOST_BRANDS + 100, min(BRANDS, preferences // 10))
    wanted = [Brand(slug=f"brand-{n}", name=f"Brand {n}") for n in range(size)]
    Brand.objects.bulk_create(wanted, ignore_conflicts=True)
    known = dict(Brand.objects.filter(slug__startswith="brand-").values_list("slug", "pk"))
    return [known[brand.slug] for brand in wanted]


def _digest() -> Callable[[str], bytes]:
    from consent.identity import identifiers

    return identifiers.compute_identifier_digest


# -- Writing -----------------------------------------------------------------------------------


def _copy(batch: Batch) -> None:
    for table, lines in batch.lines.items():
        columns = ", ".join(COLUMNS[table].split())
        with (
            connection.cursor() as cursor,
            cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as to,
        ):
            to.write("".join(lines))


@contextmanager
def _replica() -> Iterator[None]:
    """Without the foreign keys' triggers: our rows agree, and checking each costs most of it."""
    _run(f"SET maintenance_work_mem = '{MAINTENANCE_MEMORY}'")
    _run("SET synchronous_commit = off")
    _run("SET session_replication_role = replica")
    try:
        yield
    finally:
        for name in ("session_replication_role", "synchronous_commit", "maintenance_work_mem"):
            _run(f"RESET {name}")


CONSTRAINTS = """
SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I', conrelid::regclass, conname),
       format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', conrelid::regclass, conname,
              pg_get_constraintdef(oid))
FROM pg_constraint held
WHERE conrelid = ANY(%s::regclass[]) AND contype IN ('p', 'u') AND NOT EXISTS (
    SELECT FROM pg_constraint other WHERE other.contype = 'f' AND other.conindid = held.conindid)
"""
INDEXES = """
SELECT format('DROP INDEX %%s', indexrelid::regclass), pg_get_indexdef(indexrelid)
FROM pg_index
WHERE indrelid = ANY(%s::regclass[])
    AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
"""


@contextmanager
def _without_indexes() -> Iterator[None]:
    """Drops what no foreign key needs, and makes each again, word for word, at the end."""
    tables = [list(COLUMNS)]
    changes = [*_ask(CONSTRAINTS, tables), *_ask(INDEXES, tables)]
    for drop, _ in changes:
        _run(drop)
    yield
    for _, make in tqdm(changes, desc="indexes", disable=None):
        _run(make)


def _finish() -> None:
    _run(
        "SELECT setval(pg_get_serial_sequence('consent_identifier', 'id'), max(id))"
        " FROM consent_identifier"
    )
    for table in (*COLUMNS, "brands_brand"):
        _run(f"ANALYZE {table}")


def _run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def _ask(query: str, values: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return list(cursor.fetchall())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--preferences", type=int, default=10_000_000)
    wanted = parser.parse_args().preferences
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    print(fill(wanted))
    _run("VACUUM")


if __name__ == "__main__":
    main()
