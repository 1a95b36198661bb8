"""A database of an earlier release, or of before the first one, in front of this version."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from config.postgres import lineage
from tests.config.test_restore import empty, everybody_uses, manage
from tests.ownership import as_owner
from tests.project.releases import build

__all__ = ["empty"]
RELEASES = sorted(Path(build.__file__).parent.glob("*.dump"))


def test_the_initial_migrations_are_those_of_the_first_release() -> None:
    """They can only be added to: somebody has a database that they made."""
    assert lineage.compute_fingerprint() == lineage.FINGERPRINT


@pytest.mark.django_db
@pytest.mark.parametrize("command", ["database_age", "migrate"])
def test_a_database_of_before_the_first_release_is_refused(command: str) -> None:
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("COMMENT ON TABLE django_migrations IS NULL")
    with pytest.raises(CommandError, match=r"before 0\.1\.0"):
        call_command(command)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.stem)
def test_a_database_of_a_release_is_migrated(
    release: Path, empty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Restoring migrates it forward and verifies the ledger; nothing is lost or decided anew."""
    monkeypatch.setenv("IDENTIFIER_PEPPER", build.PEPPER)
    done = manage(empty, "restore", str(release))
    assert done.returncode == 0, done.stdout + done.stderr
    expected = json.loads(release.with_suffix(".json").read_text())
    with everybody_uses(empty):
        found = build.describe_database()
    assert found["permissions"] == expected["permissions"]
    assert {name: found["rows"][name] for name in expected["rows"]} == expected["rows"]
