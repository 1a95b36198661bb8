"""`make chaos`: real parts, killed as a seed says, and what the logs outside say of it."""

from __future__ import annotations

import argparse
import random
import shutil
import tempfile
from pathlib import Path

from tests.chaos import report
from tests.chaos.example import MISTAKES
from tests.chaos.rig import Rig
from tests.chaos.variants import VARIANTS

#: Of the product, and of the brand that is built from the docs.
BUGS = [*VARIANTS, *MISTAKES]
#: In a hunt, the checker looks after each so many faults, and it is over after so many.
HUNT_ROUND, HUNT_KILLS = 2, 60


def main() -> None:
    chosen = _parser().parse_args()
    folder = chosen.folder or Path(tempfile.mkdtemp(prefix="cmr-chaos-"))
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise SystemExit(f"{folder} is not empty: logs of two runs would be taken for one")
    failed = _hunt(chosen, folder) if chosen.hunt else _run(chosen, folder)
    if not failed and not chosen.folder:
        shutil.rmtree(folder)
    raise SystemExit(failed)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    parser.add_argument("--kills", type=int, help="faults of all kinds together")
    parser.add_argument("--variant", choices=BUGS, help="a bug to plant, and to catch")
    parser.add_argument("--round", type=int, help="check after each so many faults")
    parser.add_argument("--hunt", action="store_true", help="plant each bug, until it is caught")
    parser.add_argument("--report", type=Path, help="a file for the report besides")
    parser.add_argument("--folder", type=Path, help="for all logs; they are kept there")
    return parser


def _run(chosen: argparse.Namespace, folder: Path) -> bool:
    kills = chosen.kills or 30
    print(f"Seed {chosen.seed}, {kills} faults; logs in {folder}", flush=True)
    rig = Rig(folder, seed=chosen.seed, variant=chosen.variant)
    result = rig.run(kills, a_round=chosen.round)
    _say(report.text(result), chosen.report)
    return bool(result.violations)


def _hunt(chosen: argparse.Namespace, folder: Path) -> bool:
    """Whether any bug was not caught."""
    print(f"Seed {chosen.seed}; logs in {folder}\n{report.HUNTED}", flush=True)
    rows = []
    for variant in [chosen.variant] if chosen.variant else BUGS:
        own = folder / variant
        own.mkdir()
        rig = Rig(own, seed=chosen.seed, variant=variant)
        result = rig.run(chosen.kills or HUNT_KILLS, a_round=chosen.round or HUNT_ROUND)
        rows.append(report.hunted(result))
        print(rows[-1], flush=True)
    if chosen.report:
        chosen.report.write_text("\n".join([report.HUNTED, *rows]) + "\n")
    return any(report.NEVER in row for row in rows)


def _say(text: str, file: Path | None) -> None:
    print(text)
    if file:
        file.write_text(text + "\n")


if __name__ == "__main__":
    main()
