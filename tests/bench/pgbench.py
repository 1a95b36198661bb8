"""The limit of a choice: the statements of 0.1.0 by pgbench, which does nothing between them."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core import binaries
from tests.bench.databases import Database

SCRIPT = Path(__file__).with_name("choice.sql")
CHOOSERS = """
DROP TABLE IF EXISTS bench_chooser;
CREATE TABLE bench_chooser (
    n int PRIMARY KEY, prefix text, subject_id uuid, brand_id bigint, slug text
)
"""
TPS = re.compile(r"^tps = ([\d.]+)", re.MULTILINE)


class NoPgbench(Exception):
    """PostgreSQL's own load generator is not on this machine."""


def program() -> str:
    """Where it is: beside the server that we start, else on the PATH. Raises NoPgbench."""
    beside = binaries.find_postgres().path.with_name("pgbench")
    found = str(beside) if beside.exists() else shutil.which("pgbench")
    if found is None:
        raise NoPgbench(f"there is no pgbench beside {beside.parent}, nor on the PATH")
    return found


def prepare(database: Database, choosers: Sequence[dict[str, Any]]) -> None:
    """Tell the script who chooses."""
    with database.connect() as connection, connection.cursor() as cursor:
        cursor.execute(CHOOSERS)
        cursor.executemany(
            "INSERT INTO bench_chooser VALUES (%s, %s, %s, %s, %s)",
            [
                (n, each["prefix"], each["subject"], each["brand_id"], each["brand"])
                for n, each in enumerate(choosers, start=1)
            ],
        )
        cursor.execute("ANALYZE bench_chooser")


def choices_per_second(database: Database, *, choosers: int, clients: int, seconds: float) -> float:
    options = f"-n -M prepared -c {clients} -j 2 -T {max(1, round(seconds))} -D choosers={choosers}"
    done = subprocess.run(
        [program(), *options.split(), "-f", str(SCRIPT), database.url],
        check=True,
        capture_output=True,
        text=True,
    )
    found = TPS.search(done.stdout)
    assert found, done.stdout
    return float(found[1])
