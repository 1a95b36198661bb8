"""What the Makefile starts can be started, in a process where nothing is set up."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests.conftest import ROOT

MAKEFILE = (ROOT / "Makefile").read_text()
MODULES = sorted(set(re.findall(r"-m (tests(?:\.\w+)+)", MAKEFILE)))


def find_module(name: str) -> str:
    """Return the module that `python -m name` runs."""
    is_package = (ROOT / name.replace(".", "/")).is_dir()
    return f"{name}.__main__" if is_package else name


@pytest.mark.parametrize("name", MODULES)
def test_module_of_target_is_imported(name: str) -> None:
    argv = [sys.executable, "-c", f"import {find_module(name)}"]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
