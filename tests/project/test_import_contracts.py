"""The one arrow holds, and the checker that says so can fail."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
APPS = ["mailbox_reader", "core", "brands", "consent", "cmr", "config", "devstack"]


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The code, to plant something in."""
    for app in APPS:
        shutil.copytree(ROOT / app, tmp_path / app)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    contracts = tmp_path / "tests/project"
    contracts.mkdir(parents=True)
    shutil.copy(ROOT / "tests/project/package_faces.py", contracts)
    return tmp_path


def test_the_arrow_holds() -> None:
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("file", "planted"),
    [
        ("core/db/prepared.py", "import brands.models"),
        ("brands/events/stream.py", "import consent.ledger"),
        ("brands/models/brand.py", "from cmr.models import User"),
        ("consent/ledger/recording.py", "import cmr.choices"),
        ("cmr/portal/home.py", "import config.settings"),
        ("consent/decision/resolution.py", "import consent.ledger"),
        ("consent/decision/quiet_hours.py", "from django.db import models"),
        ("brands/models/brand.py", "import brands.webhooks"),
        ("brands/webhooks/delivery/prepare.py", "import brands.webhooks.delivery.send"),
        ("brands/tasks.py", "import brands.webhooks.leases"),
        ("cmr/portal/home.py", "from brands.webhooks.delivery import worker"),
        ("brands/utils.py", ""),
        ("consent/helpers.py", ""),
        ("cmr/services.py", ""),
    ],
)
def test_what_breaks_it_is_found(copy: Path, file: str, planted: str) -> None:
    """An import against the arrow, and a module that no contract knows."""
    with (copy / file).open("a") as code:
        code.write(f"\n{planted}\n")
    done = lint(copy)
    assert done.returncode == 1, done.stdout
    assert "BROKEN" in done.stdout or "utils" in done.stdout + done.stderr or "not" in done.stdout


def test_the_top_level_is_what_was_agreed() -> None:
    """Code lives in core, the four apps and the tests: no other package has a contract."""
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert packages - {"tests"} == set(APPS)
    assert {path.name for path in ROOT.glob("*.py")} == {"manage.py"}
