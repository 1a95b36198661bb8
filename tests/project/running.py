"""`make run`, started by a test as a newcomer starts it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devstack import ports

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 600.0  # seconds; a slow machine needs minutes for the migrations
NOT_OURS = (
    "DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE", "CMR_", "SECRET_KEY", "PUBLIC_URL",
    "OWNER_DATABASE_URL", "MAINTENANCE_DATABASE_URL",
)  # fmt: skip


@dataclass(frozen=True)
class Product:
    """Everything, running; `shown` is what it printed."""

    folder: Path
    port: int
    shown: Path
    process: subprocess.Popen[bytes]

    @property
    def paper(self) -> dict[str, Any]:
        said: dict[str, Any] = json.loads((self.folder / "demo.json").read_text())
        return said

    def wait_for(self, text: str) -> str:
        until = time.monotonic() + PATIENCE
        while text not in (printed := self.shown.read_text()):
            assert self.process.poll() is None, f"it ended:\n{printed}"
            assert time.monotonic() < until, f"no {text!r} in:\n{printed}"
            time.sleep(0.1)
        return printed


def environment() -> dict[str, str]:
    """Ours, without what the tests' own services put there."""
    return {k: v for k, v in os.environ.items() if not k.startswith(NOT_OURS)}


@contextmanager
def product(place: Path) -> Iterator[Product]:
    folder, port, shown = place / "var", ports.free(), place / "shown"
    folder.mkdir()
    argv = [sys.executable, "-m", "devstack", "run", "--port", str(port)]
    with shown.open("wb") as output:
        process = subprocess.Popen(
            [*argv, "--folder", str(folder)],
            cwd=ROOT,
            env=environment(),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    running = Product(folder, port, shown, process)
    try:
        running.wait_for("Ctrl-C stops it")
        yield running
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
    assert _left_over(folder) == []


def _left_over(folder: Path) -> list[str]:
    """The command lines of processes that name *folder*: nothing may outlive the launcher."""
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            continue
    return [line for line in lines if str(folder) in line]
