"""The documentation, built once for all test processes, and again when its sources changed."""

from __future__ import annotations

import fcntl
from pathlib import Path

from devstack import documentation

FOLDER = documentation.ROOT / "var" / "test-docs"


def build_documentation() -> Path:
    """Return the folder with the pages. Raises CalledProcessError for any warning of Sphinx."""
    FOLDER.parent.mkdir(exist_ok=True)
    with (FOLDER.parent / "test-docs.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not documentation.is_current(FOLDER):
            documentation.build(FOLDER, *documentation.STRICT)
    return FOLDER
