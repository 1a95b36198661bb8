"""Each row of the bench can be measured, for a second: nothing of it rots unseen."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from tests.bench import work

ROOT = Path(__file__).resolve().parents[2]
ROWS = {
    "report_rebuild_10m",
    "import_1m",
    "check",
    "check_logged",
    "checks_10k",
    "checks_stream",
    "choice",
    "check_elsewhere",
    "checks_elsewhere",
    "check_scale_10m",
    *(f"report_{name}_10m" for name in work.REPORTS),
    "check_peer",
    "checks_peer",
    "choice_peer",
    "choice_peer_webhook",
    "deliver_backlog",
    "deliver_batches",
    "commit_to_receipt",
}


def run(module: str, folder: Path, *more: str) -> str:
    argv = [sys.executable, "-m", module, "--folder", str(folder), *more]
    # As `make bench` runs it, where nothing has named the settings.
    given = {name: text for name, text in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    done = subprocess.run(argv, cwd=ROOT, env=given, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def test_each_row_is_measured_beside_its_limit(tmp_path: Path) -> None:
    printed = run("tests.bench", tmp_path, "--brief", "--peers")
    rows = {each["name"]: each for each in json.loads((tmp_path / "bench.json").read_bytes())}
    assert rows.keys() == ROWS
    assert [name for name, row in rows.items() if not row["ours"] or not row["limit"]] == []
    assert all(name in printed for name in rows)


def test_troubles_are_measured_to_their_end(tmp_path: Path) -> None:
    printed = run("tests.bench.troubles", tmp_path, "--brief")
    assert re.search(r"beside 10 that hang: p50 [\d.]+ ms", printed)
    assert re.search(r"choices, broker hangs: p99 [\d.]+ ms", printed)
    assert "20 choices in" in printed and "delivered by the sweep" in printed


def test_pairs_measure_two_copies_in_turns(tmp_path: Path) -> None:
    size = "--pairs 1 --seconds 0.5 --preferences 2000 --workers 1".split()
    both = ["--before", str(ROOT), "--before-venv", sys.prefix, "--after-venv", sys.prefix]
    printed = run("tests.bench.pairs", tmp_path, *both, *size)
    ((before, after),) = json.loads((tmp_path / "pairs.json").read_bytes())
    assert before.keys() == after.keys()
    assert before["choices_per_second"] > 0 and after["choices_per_second"] > 0
    assert all(name in printed for name in before)
