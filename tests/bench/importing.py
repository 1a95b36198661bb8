"""An import of many rows, printed as JSON: `python -m tests.bench.importing --rows N [--copy RUN]`.

Ours: the file is received, checked and staged by one process, and applied in shards, each by a
process of its own that is up already, as the workers are. `--copy`:
what an import with the name RUN wrote, by COPY into empty tables of the same columns, indexes and
constraints, but for foreign keys; it knows already what to write, checks nothing and locks nobody.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import resource
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from typing import IO, Any

import django
from django.conf import settings
from django.db import connection
from django.utils import timezone

HEADINGS = "email,ref,purpose,channel,decision,made_at,evidence"
FORMS = ("newsletter form 2024", "checkout with a box ticked", "paper card at the fair")


def write(file: IO[bytes], rows: int, run: str) -> None:
    """Everybody once, most of them with a yes."""
    file.write(f"{HEADINGS}\n".encode())
    for n in range(rows):
        decision = "deny" if n % 7 == 0 else "grant"
        day = f"2024-{1 + n % 12:02}-{1 + n % 28:02}T10:{n % 60:02}:00Z"
        file.write(
            f"person{n}@{run}.example.org,{run}-{n},marketing,email,{decision},{day},"
            f"{FORMS[n % 3]}\n".encode()
        )
    file.seek(0)


def ours(file: IO[bytes], run: str) -> dict[str, float]:
    from brands.models import Brand
    from consent.imports import jobs, receiving

    brand = Brand.objects.create(slug=run, name=run)
    with workers(settings.IMPORT_SHARDS) as others:
        job = jobs.begin_import(brand, note="bench", tells=False, now=timezone.now())
        part = timed(lambda: receiving.receive_part(job, 1, file, form="csv", now=timezone.now()))
        jobs.start_import(job, now=timezone.now())
        applied = timed(lambda: apply(job.pk, others))
    job.refresh_from_db()
    assert job.state == "done" and job.bad == 0, (job.state, job.bad)
    return {"received": part, "applied": applied}


def apply(job: uuid.UUID, others: list[subprocess.Popen[str]]) -> None:
    """Prepare the shards, and wait until each is applied by a worker."""
    from consent.imports import jobs

    shards = jobs.list_idle_shards(job, now=timezone.now())
    busy = list(zip(others, shards, strict=False))
    for worker, shard in busy:
        print(job, shard, file=worker.stdin, flush=True)
    for worker, _ in busy:
        assert worker.stdout and worker.stdout.readline() == "done\n"


@contextlib.contextmanager
def workers(count: int) -> Iterator[list[subprocess.Popen[str]]]:
    """Yield so many processes that are ready to apply a shard."""
    command = [sys.executable, "-m", "tests.bench.importing", "--worker"]
    found = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(count)
    ]
    for each in found:
        assert each.stdout and each.stdout.readline() == "ready\n"
    yield found
    for each in found:
        each.communicate()


def work() -> None:
    """Apply the shards that the standard input names, one after the other."""
    from consent.imports import jobs

    connection.ensure_connection()
    print("ready", flush=True)
    for line in sys.stdin:
        job, shard = line.split()
        jobs.run_shard(uuid.UUID(job), int(shard), now=timezone.now())
        print("done", flush=True)


#: The tables that an import writes, and which rows are of one brand.
WRITTEN = {
    "consent_subject": "id IN (SELECT subject_id FROM consent_relationship WHERE brand_id = %s)",
    "consent_identifier": (
        "subject_id IN (SELECT subject_id FROM consent_relationship WHERE brand_id = %s)"
    ),
    "consent_relationship": "brand_id = %s",
    "consent_brandreference": "brand_id = %s",
    "consent_contacthash": (
        "relationship_id IN (SELECT id FROM consent_relationship WHERE brand_id = %s)"
    ),
    "consent_ledgerentry": "brand_id = %s",
    "consent_preference": "brand_id = %s",
    "brands_event": "brand_id = %s",
    "brands_subjecthead": "brand_id = %s",
}


def copied(run: str) -> float:
    """Seconds that COPY takes for the rows alone."""
    from brands.models import Brand

    brand = Brand.objects.get(slug=run).pk
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA IF EXISTS copied CASCADE")
        cursor.execute("CREATE SCHEMA copied")
        seconds = sum(_copied(cursor, *each, brand) for each in WRITTEN.items())
        cursor.execute("DROP SCHEMA copied CASCADE")
    return seconds


def _copied(cursor: Any, table: str, which: str, brand: int) -> float:
    cursor.execute(f"CREATE TABLE copied.{table} (LIKE {table} INCLUDING ALL)")
    with tempfile.TemporaryFile() as file:
        query = f"COPY (SELECT * FROM {table} WHERE {which % brand}) TO STDOUT"
        with cursor.copy(query) as rows:
            for piece in rows:
                file.write(piece)
        file.seek(0)

        def copy() -> None:
            with cursor.copy(f"COPY copied.{table} FROM STDIN") as to:
                while piece := file.read(1 << 16):
                    to.write(piece)

        return timed(copy)


def timed(work: Callable[[], Any]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.importing", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--copy", help="an import's name")
    parser.add_argument("--worker", action="store_true", help="apply shards named in the input")
    chosen = parser.parse_args()
    if chosen.worker:
        work()
        return
    if chosen.copy:
        print(json.dumps({"seconds": copied(chosen.copy)}))
        return
    run = f"import-{time.time_ns():x}"
    with tempfile.TemporaryFile() as file:
        write(file, chosen.rows, run)
        before = peak()
        took = ours(file, run)
    print(json.dumps({"run": run, "took": took, "peak_mb": [before, peak()], "cpu": cpu()}))


def cpu() -> float:
    """The CPU seconds of this process and of the workers, without those of PostgreSQL."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def peak() -> float:
    """The most memory that this process has held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    django.setup()
    main()
