"""Builds the documentation with Sphinx, and only when its sources changed.

`python -m devstack.documentation` builds it where the web server looks for it.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ROOT / "docs"
TARGET = Path(os.environ.get("CMR_FOLDER", ROOT / "var")) / "docs"
NOT_SOURCES = ("screenshots", "__pycache__")
TOOLS = ("sphinx", "furo", "myst-parser")
#: Options of Sphinx that make a dead link, or any warning, an error.
STRICT = ("--fail-on-warning", "--keep-going")
#: Holds the fingerprint of the sources that a folder was built from.
STAMP = ".fingerprint"


def is_current(target: Path) -> bool:
    """Tell whether *target* was built from the sources as they are now."""
    stamp = target / STAMP
    return stamp.exists() and stamp.read_text() == compute_fingerprint()


def compute_fingerprint() -> str:
    """Return a digest of all sources and of the versions of the tools."""
    digest = hashlib.sha256(" ".join(map(version, TOOLS)).encode())
    for file in sorted(_list_sources()):
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        digest.update(f"{file.relative_to(ROOT)} {content}\n".encode())
    return digest.hexdigest()


def _list_sources() -> Iterator[Path]:
    yield ROOT / "CHANGELOG.md"
    for path in SOURCES.rglob("*"):
        if path.is_file() and not set(NOT_SOURCES) & set(path.parts):
            yield path


def build(target: Path, *options: str) -> None:
    """Build into *target*, which is replaced as a whole. Raises CalledProcessError."""
    fingerprint = compute_fingerprint()
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        built = Path(folder, "built")
        command = [sys.executable, "-m", "sphinx", "--quiet", *options, "-d", f"{folder}/doctrees"]
        subprocess.run([*command, SOURCES, built], check=True)
        (built / STAMP).write_text(fingerprint)
        shutil.rmtree(target, ignore_errors=True)
        built.rename(target)


def main() -> int:
    """Build what is not current, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m devstack.documentation")
    parser.add_argument("--strict", action="store_true", help="fail on a dead link, any warning")
    strict = parser.parse_args().strict
    if is_current(TARGET) and not strict:
        return 0
    try:
        build(TARGET, *(STRICT if strict else ()))
    except subprocess.CalledProcessError as failure:
        return failure.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
