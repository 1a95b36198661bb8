"""Commands that run once and have to succeed, before the product runs or beside it."""

import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from config.services import CannotRun, logs, processes
from config.services.interruptions import Interruptions
from config.services.progress import stage

GRACE = 10.0  # seconds between SIGTERM and SIGKILL
SHOWN_LINES = 60


class StepFailed(CannotRun):
    """A step's command ended with an error; what it printed goes with it."""


@dataclass(frozen=True)
class Step:
    """A `manage.py` command."""

    title: str
    command: str

    @property
    def name(self) -> str:
        return self.command.split()[0]

    @property
    def argv(self) -> list[str]:
        return [sys.executable, "manage.py", *self.command.split()]


class Steps:
    """Runs steps in one directory and environment, and ends the running one if asked to stop."""

    def __init__(
        self,
        folder: Path,
        environment: Mapping[str, str],
        interruptions: Interruptions,
        *,
        working_directory: Path,
    ) -> None:
        self.folder = folder
        self.environment = environment
        self.interruptions = interruptions
        self.working_directory = working_directory
        self._running: subprocess.Popen[bytes] | None = None

    def run(self, step: Step) -> None:
        """Its output goes to a log. Raises StepFailed with it, StopRequested."""
        path = self.folder / "log" / f"{step.name}.log"
        with stage(step.title, "done"), logs.opened(path) as log:
            began = logs.size(path)
            code = self._finish(step, log)
            if code:
                raise StepFailed(
                    f"manage.py {step.command} failed (exit code {code}):",
                    log=logs.tail(path, lines=SHOWN_LINES, since=began),
                )

    def show(self, step: Step, *, meanwhile: Callable[[], None]) -> None:
        """Its output goes to the terminal. Raises StepFailed, StopRequested."""
        code = self._finish(step, None, meanwhile)
        if code:
            raise StepFailed(f"manage.py {step.command} failed (exit code {code})")

    def kill(self) -> None:
        if self._running is not None:
            processes.send_group(self._running.pid, signal.SIGKILL)

    def _finish(
        self, step: Step, log: BinaryIO | None, meanwhile: Callable[[], None] = lambda: None
    ) -> int:
        self._running = running = processes.spawn_apart(
            step.argv, output=log, cwd=self.working_directory, env=self.environment
        )
        try:
            while (code := running.poll()) is None:
                self.interruptions.check()
                meanwhile()
                time.sleep(0.05)
        finally:
            self._end(running)
        return code

    def _end(self, running: subprocess.Popen[bytes]) -> None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            running.terminate()
            running.wait(GRACE)
        self.kill()
        running.wait()
        self._running = None
