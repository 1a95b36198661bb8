"""Commands that run once and have to succeed, before the product runs or beside it."""

import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from devstack import CannotRun, logs, processes
from devstack.interruptions import Interruptions
from devstack.progress import stage

GRACE = 10.0  # seconds between SIGTERM and SIGKILL
SHOWN_LINES = 60


class StepFailed(CannotRun):
    """A step's command ended with an error; what it printed goes with it."""


@dataclass(frozen=True)
class Step:
    """A `manage.py` command, or with "-m" as *program* a module."""

    title: str
    command: str
    program: str = "manage.py"

    @property
    def name(self) -> str:
        return self.command.split()[0].rpartition(".")[2]

    @property
    def argv(self) -> list[str]:
        return [sys.executable, self.program, *self.command.split()]

    @property
    def command_line(self) -> str:
        """Return the command as people write it."""
        return f"{self.program} {self.command}"


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
        self._running: list[subprocess.Popen[bytes]] = []

    def run(self, step: Step) -> None:
        """Run *step* with its output in a log. Raises StepFailed with it, StopRequested."""
        with self.beside(step):
            pass

    @contextlib.contextmanager
    def beside(self, step: Step) -> Iterator[None]:
        """Start *step*, and wait for it at the end of the block. Raises as `run` does."""
        path = self.folder / "log" / f"{step.name}.log"
        with logs.opened(path) as log:
            began = logs.size(path)
            with self._started(step, log) as running:
                yield
                with stage(step.title, "done"):
                    if code := self._wait(running):
                        raise StepFailed(
                            f"{step.command_line} failed (exit code {code}):",
                            log=logs.tail(path, lines=SHOWN_LINES, since=began),
                        )

    def show(self, step: Step, *, meanwhile: Callable[[], None]) -> None:
        """Run *step* with its output on the terminal. Raises StepFailed, StopRequested."""
        with self._started(step, None) as running:
            if code := self._wait(running, meanwhile):
                raise StepFailed(f"{step.command_line} failed (exit code {code})")

    def kill(self) -> None:
        for running in self._running:
            processes.send_group(running.pid, signal.SIGKILL)

    @contextlib.contextmanager
    def _started(self, step: Step, log: BinaryIO | None) -> Iterator[subprocess.Popen[bytes]]:
        """Run *step* for the length of the block, at most."""
        running = processes.spawn_apart(
            step.argv, output=log, cwd=self.working_directory, env=self.environment
        )
        self._running.append(running)
        try:
            yield running
        finally:
            self._end(running)

    def _wait(
        self, running: subprocess.Popen[bytes], meanwhile: Callable[[], None] = lambda: None
    ) -> int:
        while (code := running.poll()) is None:
            self.interruptions.check()
            meanwhile()
            time.sleep(0.05)
        return code

    def _end(self, running: subprocess.Popen[bytes]) -> None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            running.terminate()
            running.wait(GRACE)
        processes.send_group(running.pid, signal.SIGKILL)
        running.wait()
        self._running.remove(running)
