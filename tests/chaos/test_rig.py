"""A short run with real parts: faults of all kinds, and nothing lost; a planted bug is caught.

`make chaos KILLS=300` is the long one.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos import report
from tests.chaos.rig import Result, Rig

KILLS = 8
SEED = 1


def run(folder: Path, kills: int, variant: str | None = None) -> Result:
    result = Rig(folder, seed=SEED, variant=variant).run(kills)
    print(report.text(result))
    return result


def test_nothing_is_lost_whatever_is_killed(tmp_path: Path) -> None:
    result = run(tmp_path, KILLS)
    assert result.violations == []
    assert result.faults.total() == KILLS
    assert result.acknowledged > 0


@pytest.mark.parametrize("variant", ["unordered"])
def test_a_planted_bug_is_caught(variant: str, tmp_path: Path) -> None:
    assert run(tmp_path, 2, variant).violations
