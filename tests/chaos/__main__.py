"""`make chaos`: real parts, killed as a seed says, and what the logs outside say of it."""

from __future__ import annotations

import argparse
import random
import shutil
import tempfile
from pathlib import Path

from tests.chaos import report
from tests.chaos.rig import Rig
from tests.chaos.variants import VARIANTS


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    parser.add_argument("--kills", type=int, default=30, help="faults of all kinds together")
    parser.add_argument("--variant", choices=VARIANTS, help="a bug to plant, and to catch")
    parser.add_argument("--round", type=int, help="check after each so many faults")
    parser.add_argument("--report", type=Path, help="a file for the report besides")
    parser.add_argument("--folder", type=Path, help="for all logs; they are kept there")
    chosen = parser.parse_args()
    folder = chosen.folder or Path(tempfile.mkdtemp(prefix="cmr-chaos-"))
    folder.mkdir(parents=True, exist_ok=True)
    print(f"Seed {chosen.seed}, {chosen.kills} faults; logs in {folder}", flush=True)
    rig = Rig(folder, seed=chosen.seed, variant=chosen.variant)
    result = rig.run(chosen.kills, a_round=chosen.round)
    said = report.text(result)
    print(said)
    if chosen.report:
        chosen.report.write_text(said + "\n")
    if not result.violations and not chosen.folder:
        shutil.rmtree(folder)
    raise SystemExit(bool(result.violations))


if __name__ == "__main__":
    main()
