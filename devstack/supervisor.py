"""Processes that run together: started in order, watched, ended in reverse, none left behind."""

import contextlib
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from devstack import CannotRun, logs, processes
from devstack.interruptions import Interruptions
from devstack.progress import say
from devstack.restart_limit import LIMIT, WITHIN, RestartLimit

FIRST_PAUSE = 0.2  # seconds before a restart; doubles with each recent death
GRACE = 10.0  # seconds between SIGTERM and SIGKILL
TICK = 0.1  # seconds
LONGEST_START = 900.0  # seconds until everything is ready, however busy it is
TELL_EVERY = 10.0  # seconds between two words about what is waited for


class KeepsDying(CannotRun):
    """A process ended by itself once too often; its log says why."""


class NeverReady(CannotRun):
    """A process runs, but does not answer as it should."""


@dataclass(frozen=True)
class Process:
    """What to run. `ready` says when it can be used; `restart` whether to revive it."""

    name: str
    argv: Sequence[str]
    ready: Callable[[], bool] | None = None
    restart: bool = True
    environment: Mapping[str, str] = field(default_factory=dict)


class Supervisor:
    """Runs processes with logs in `folder/log` and records of their pids in `folder/pids`."""

    def __init__(
        self,
        folder: Path,
        environment: Mapping[str, str],
        *,
        working_directory: Path | None = None,
        also: Callable[[], None] | None = None,
    ) -> None:
        self.folder = folder
        self.environment = environment
        self.working_directory = working_directory
        self._also = also  # looked after on each round, such as the databases
        self._children: list[_Child] = []

    def start(self, processes: Sequence[Process]) -> None:
        for process in processes:
            child = _Child(process, self)
            self._children.append(child)
            child.launch()

    def attend(self) -> None:
        """One round: revive what died. Raises KeepsDying."""
        if self._also:
            self._also()
        for child in self._children:
            child.attend()

    def wait_until_ready(
        self, interruptions: Interruptions, *, seconds: float, at_most: float = LONGEST_START
    ) -> None:
        """Wait as long as what is not ready yet makes progress: it logs, or uses the CPU.

        Give up after *seconds* without progress, and after *at_most* seconds in all: whatever
        answers that it is not ready uses the CPU for that, too.

        Raises: NeverReady, KeepsDying, StopRequested.
        """
        ends = time.monotonic() + at_most
        for child in self._children:
            self._wait_for(child, interruptions, seconds=seconds, ends=ends)

    def _wait_for(
        self, child: "_Child", interruptions: Interruptions, *, seconds: float, ends: float
    ) -> None:
        began = moved = told = time.monotonic()
        done = child.progress()
        while not child.ready():
            now = time.monotonic()
            if (newly := child.progress()) != done:
                done, moved = newly, now
            elif now > moved + seconds:
                raise child.never_ready(f"made no progress for {seconds:.0f} s")
            if now > ends:
                raise child.never_ready(f"went on for {now - began:.0f} s")
            if now > told + TELL_EVERY:
                told = now
                say(f"waiting for {child.process.name} ({now - began:.0f} s) … ", end="")
            self._round(interruptions)

    def watch(self, interruptions: Interruptions) -> None:
        """Stays until asked to stop. Raises StopRequested, KeepsDying."""
        while True:
            self._round(interruptions)

    def _round(self, interruptions: Interruptions) -> None:
        interruptions.check()
        self.attend()
        time.sleep(TICK)

    def stop(self) -> None:
        """SIGTERM in reverse order, SIGKILL after GRACE for all together."""
        deadline = time.monotonic() + GRACE
        for child in reversed(self._children):
            child.terminate()
        for child in reversed(self._children):
            child.finish(deadline)
        self._children.clear()

    def kill(self) -> None:
        for child in self._children:
            child.kill()


class _Child:
    """One process through its lives."""

    def __init__(self, process: Process, supervisor: Supervisor) -> None:
        self.process = process
        self.supervisor = supervisor
        self.log = supervisor.folder / "log" / f"{process.name}.log"
        self.record = supervisor.folder / "pids" / process.name
        self._popen: subprocess.Popen[bytes] | None = None
        self._exits = RestartLimit()
        self._due = 0.0

    def launch(self) -> None:
        with logs.opened(self.log) as log:
            self._popen = processes.spawn_apart(
                self.process.argv,
                output=log,
                cwd=self.supervisor.working_directory,
                env={**self.supervisor.environment, **self.process.environment},
            )
        processes.record(self.record, self._popen.pid)

    def progress(self) -> tuple[int, int]:
        """Return what changes while the process gets on: its log, and its CPU time."""
        work = processes.work_done(self._popen.pid) if self._popen else 0
        return logs.size(self.log), work

    def never_ready(self, why: str) -> NeverReady:
        text = f"{self.process.name} {why} and was not ready; the end of {self.log}:"
        return NeverReady(text, log=logs.tail(self.log))

    def ready(self) -> bool:
        return self._popen is not None and (self.process.ready is None or self.process.ready())

    def attend(self) -> None:
        """Raises KeepsDying."""
        if self._popen is None:
            if time.monotonic() >= self._due:
                self.launch()
        elif self._popen.poll() is not None:
            self._bury(self._popen)

    def _bury(self, popen: subprocess.Popen[bytes]) -> None:
        """Notes a death and when to try again."""
        self.kill()  # what it had forked, which may still hold its port
        self._popen = None
        recent = self._exits.count_exit()
        if not self.process.restart or recent >= LIMIT:
            raise KeepsDying(
                f"{self.process.name} ended by itself (exit code {popen.returncode}"
                + (f", {recent} times in {WITHIN:.0f} s" if self.process.restart else "")
                + f"); the end of {self.log}:",
                log=logs.tail(self.log),
            )
        self._due = time.monotonic() + FIRST_PAUSE * 2 ** (recent - 1)

    def terminate(self) -> None:
        # Only the leader: granian and celery end their own children, and would take one that
        # ended by itself for a crash.
        if self._popen is not None:
            with contextlib.suppress(ProcessLookupError):
                self._popen.terminate()

    def finish(self, deadline: float) -> None:
        if self._popen is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._popen.wait(max(0.0, deadline - time.monotonic()))
            self.kill()
            self._popen.wait()
        self.record.unlink(missing_ok=True)

    def kill(self) -> None:
        if self._popen is not None:
            processes.send_group(self._popen.pid, signal.SIGKILL)


def end_leftovers(folder: Path) -> int:
    """Ends what a killed supervisor left running; how many process groups that were."""
    records = sorted((folder / "pids").glob("[!.]*"))
    return sum(processes.end_recorded(record) for record in records)
