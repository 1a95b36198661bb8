"""What a change of the code does to a choice: two working copies of the repository, in turns.

`python -m tests.bench.pairs --before PATH --after PATH` fills a database for each copy by its own
code, runs its web server from its own folder, and measures the row `choice` of both, pair by pair:
choices a second, and the CPU time of a choice, which depends less on what else the machine does.
"""

from __future__ import annotations

import argparse
import json
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from statistics import median, quantiles

from tqdm import tqdm

from devstack import ports, product
from devstack.interruptions import Interruptions
from devstack.supervisor import Supervisor
from tests.bench import databases, figures, memory, servers
from tests.bench.databases import ROOT, Database
from tests.bench.work import Place

TICKS = os.sysconf("SC_CLK_TCK")  # a second
#: Places among the fields that follow the name in /proc/PID/stat.
PARENT, OWN, OF_ENDED_CHILDREN = 1, (11, 12), (13, 14)


@dataclass(frozen=True, slots=True)
class Round:
    """What one round of one side measured."""

    choices_per_second: float
    #: CPU time of a choice, in milliseconds: of the web processes, and of all of PostgreSQL.
    web_ms: float
    postgres_ms: float


@dataclass(frozen=True, slots=True)
class Side:
    """A working copy that is served: its callers, its web processes and PostgreSQL's first."""

    place: Place
    workers: list[int]
    postmaster: int

    def measure(self, seconds: float) -> Round:
        """Raises AssertionError: an answer that recorded nothing."""
        web, postgres = self._read_web(), read_tree(self.postmaster)
        sample = self.place.choice(seconds)
        a_choice = 1_000 / TICKS / len(sample.latencies)
        return Round(
            sample.figure,
            a_choice * (self._read_web() - web),
            a_choice * (read_tree(self.postmaster) - postgres),
        )

    def _read_web(self) -> int:
        return sum(count_ticks(pid, OWN) for pid in self.workers)


def count_ticks(pid: int, places: tuple[int, ...]) -> int:
    """Return the CPU time of a process, in ticks."""
    stat = _read_stat(pid)
    return sum(int(stat[place]) for place in places)


def read_tree(parent: int) -> int:
    """Return the CPU time of a process and of its children, also of those that ended, in ticks."""
    ticks = count_ticks(parent, OWN + OF_ENDED_CHILDREN)
    for path in Path("/proc").glob("[0-9]*"):
        try:
            stat = _read_stat(int(path.name))
        except OSError:  # it ended, and its parent has its time
            continue
        if int(stat[PARENT]) == parent:
            ticks += sum(int(stat[place]) for place in OWN)
    return ticks


def find_postmaster(database: Database) -> int:
    """Return the process whose children serve connections. PostgreSQL is on this machine."""
    with database.connect() as connection:
        row = connection.execute("SELECT pg_backend_pid()").fetchone()
        assert row
        return int(_read_stat(row[0])[PARENT])


def _read_stat(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


@contextmanager
def serving(folder: Path, database: Database, workers: int) -> Iterator[Side]:
    """The web server of the database's working copy, from its folder."""
    (folder / "log").mkdir(parents=True, exist_ok=True)
    port = ports.kept(folder / "web.port")
    web = servers.with_workers(servers.build_product("web", port, database, folder), workers)
    environment = {**database.serving_environment, "CMR_FOLDER": str(folder)}
    supervisor = Supervisor(folder, environment, working_directory=database.root)
    try:
        supervisor.start([web])
        with Interruptions() as interruptions:
            supervisor.wait_until_ready(interruptions, seconds=product.READY_SECONDS)
        yield Side(Place(database, port), memory.workers(port), find_postmaster(database))
    finally:
        supervisor.stop()


def prepare(server: str, name: str, copy: Path, venv: Path | None, preferences: int) -> Database:
    """Fill a database for the working copy, anew in each run, so that both begin alike."""
    python = (venv or copy / ".venv").absolute() / "bin" / "python"
    if not python.exists():
        raise SystemExit(f"There is no {python}: pass --{name}-venv.")
    database = replace(databases.locate(server, f"bench_{name}"), root=copy, python=str(python))
    databases.fill_anew(server, database, preferences)
    return database


def measure_pairs(before: Side, after: Side, pairs: int, seconds: float) -> list[list[Round]]:
    """Return pairs of rounds, before and after. Which goes first turns; one more pair warms up."""
    measured = []
    for nth in tqdm(range(pairs + 1), desc="measuring", unit="pair"):
        order = (before, after) if nth % 2 else (after, before)
        rounds = {id(side): side.measure(seconds) for side in order}
        measured.append([rounds[id(before)], rounds[id(after)]])
    return measured[1:]


def format_table(pairs: list[list[Round]]) -> str:
    """Return a line a figure: the medians of both, and of the pairs' ratios with the quartiles."""
    lines = [f"{'':20}{'before':>10}{'after':>10}   after / before, median of {len(pairs)} pairs"]
    for field in fields(Round):
        before, after = ([getattr(each[side], field.name) for each in pairs] for side in (0, 1))
        ratios = [two / one if one else math.nan for one, two in zip(before, after, strict=True)]
        middle = quantiles(ratios, n=4) if len(ratios) > 1 else ratios * 3
        medians = "".join(f"{figures.rounded(median(side)):>10g}" for side in (before, after))
        spread = f"{middle[1]:.3f} (half of them from {middle[0]:.3f} to {middle[2]:.3f})"
        lines.append(f"{field.name:20}{medians}   {spread}")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.pairs", description=__doc__)
    parser.add_argument("--before", type=Path, required=True, help="a working copy")
    parser.add_argument("--after", type=Path, default=ROOT, help="another one; this one, if none")
    parser.add_argument("--before-venv", type=Path, help="instead of its .venv")
    parser.add_argument("--after-venv", type=Path, help="instead of its .venv")
    parser.add_argument("--pairs", type=int, default=30)
    parser.add_argument("--seconds", type=float, default=4, help="of a round")
    parser.add_argument("--preferences", type=int, default=200_000, help="of each database")
    parser.add_argument("--workers", type=int, default=2, help="processes of each web server")
    parser.add_argument("--folder", type=Path, default=Path("var/bench"))
    chosen = parser.parse_args()
    server, folder = os.environ["DATABASE_URL"], chosen.folder.resolve()
    copies = {
        "before": (chosen.before.resolve(), chosen.before_venv),
        "after": (chosen.after.resolve(), chosen.after_venv),
    }
    one, two = (prepare(server, name, *copy, chosen.preferences) for name, copy in copies.items())
    with (
        serving(folder / "before", one, chosen.workers) as before,
        serving(folder / "after", two, chosen.workers) as after,
    ):
        pairs = measure_pairs(before, after, chosen.pairs, chosen.seconds)
    print(format_table(pairs))
    kept = [[asdict(each) for each in pair] for pair in pairs]
    (folder / "pairs.json").write_text(json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    main()
