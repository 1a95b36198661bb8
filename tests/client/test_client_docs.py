"""The guide's lines do what it says, one after the other, on a running service."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import cmr_client
from consent.models import LedgerEntry, Relationship
from tests.client.conftest import PATIENCE, ROOT

pytestmark = pytest.mark.django_db(transaction=True)

GUIDE = ROOT / "docs" / "client.md"  # whose other lines are run with those of all documents
README = ROOT / "client" / "README.md"
BLOCK = re.compile(r"^```(sh|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PROGRAM = f'#!/bin/sh\nexec {sys.executable} -m cmr_client.command "$@"\n'


@pytest.fixture
def folder(environment: dict[str, str], tmp_path: Path) -> Path:
    """With the command installed on the path."""
    program = tmp_path / "bin" / "cmr"
    program.parent.mkdir()
    program.write_text(PROGRAM)
    program.chmod(0o755)
    environment["PATH"] = os.pathsep.join([str(program.parent), environment["PATH"]])
    return tmp_path


@pytest.mark.usefixtures("at_work")
def test_every_block_of_the_readme_runs(
    folder: Path, environment: dict[str, str], met: Relationship
) -> None:
    blocks = BLOCK.findall(README.read_text())
    assert len(blocks) >= 2
    for language, text in blocks:
        program = ["bash", "-euc"] if language == "sh" else [sys.executable, "-c"]
        done = subprocess.run(
            [*program, text],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"


def test_the_guide_names_every_error() -> None:
    exported = {name: getattr(cmr_client, name) for name in cmr_client.__all__}
    errors = [
        name
        for name, each in exported.items()
        if isinstance(each, type) and issubclass(each, cmr_client.CMRError)
    ]
    assert "NotSignedIn" in errors
    assert [name for name in errors if f"`{name}`" not in GUIDE.read_text()] == []


@pytest.mark.usefixtures("at_work")
def test_the_guides_file_is_imported(folder: Path, environment: dict[str, str]) -> None:
    (block,) = [text for _, text in BLOCK.findall(GUIDE.read_text()) if "cmr import" in text]
    subprocess.run(["bash", "-euc", block], cwd=folder, env=environment, check=True)
    assert LedgerEntry.objects.get().evidence == "newsletter form of 2024"
    assert Relationship.objects.get().ref == "N-7"
