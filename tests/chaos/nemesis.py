"""What goes wrong, one thing after the other, as the seed decides.

A part that was killed or stopped comes back a little later, while the next fault may already
happen: so a worker may be stopped, the broker dead and a secret new, all at the same time.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos.endpoints import Endpoints
from tests.chaos.lines import Follower, Lines
from tests.chaos.parts import LEASE, WORKERS, Parts

#: Seconds from one fault to the next.
GAP = (1.0, 2.5)
#: Seconds that a killed part stays dead.
DEAD = (0.1, 1.5)
#: Seconds to wait for a moment in which something is under way.
IN_THE_MIDDLE = 2.0
#: Seconds that a broker or a database is stopped; a worker is, for longer than its lease.
STOPPED = (0.5, 3.0)
LONGER_THAN_LEASE = (LEASE + 1, LEASE + 4)

#: Faults from one sign of life to the next.
SAID_EVERY = 50

#: How often each kind of fault is drawn.
KINDS = {
    "kill worker": 6,
    "kill web": 2,
    "kill web process": 2,
    "kill broker": 3,
    "kill database": 3,
    "stop worker": 6,
    "stop broker": 2,
    "stop database": 2,
    "wipe broker": 3,
    "cut connections": 3,
    "rotate": 3,
    "disable": 3,
    "seek": 3,
    "replay": 2,
    "kill example": 2,
}


@dataclass
class Recovery:
    due: float
    part: str
    act: Callable[[], None]


class UnderWay:
    """Who is being sent something, as far as the brands' log says."""

    def __init__(self, log: Path) -> None:
        self._log = Follower(log)
        self._came: dict[int, str] = {}

    def names(self) -> set[str]:
        for line in self._log.new():
            if "name" in line:
                self._came[line["number"]] = line["name"]
            else:
                self._came.pop(line["number"], None)
        return set(self._came.values())


@dataclass
class Nemesis:
    parts: Parts
    endpoints: Endpoints
    log: Lines
    random: random.Random
    done: Counter[str] = field(default_factory=Counter)
    recoveries: list[Recovery] = field(default_factory=list)
    under_way: UnderWay = field(init=False)

    def __post_init__(self) -> None:
        self.under_way = UnderWay(self.parts.folder / "brands.log")

    def run(self, kills: int) -> None:
        """Do *kills* faults, and undo each in its time."""
        for _ in range(kills):
            self._wait(self.random.uniform(*GAP))
            self.done[self._one_more()] += 1
            if self.done.total() % SAID_EVERY == 0:
                print(f"… {self.done.total()} faults", flush=True)
        self._wait(self.random.uniform(*GAP))

    def recover(self) -> None:
        """Bring back, now, whatever is still down."""
        while self.recoveries:
            self.recoveries.pop(0).act()
        self._look_after_web()
        self.endpoints.enable_all()

    def _one_more(self) -> str:
        """One fault that can happen now: a part that is down cannot be killed."""
        while True:
            kind = self.random.choices(list(KINDS), list(KINDS.values()))[0]
            at = time.monotonic()
            if what := getattr(self, kind.replace(" ", "_"))():
                self.log.write(kind=kind, what=what, at=at)
                return kind

    def _wait(self, seconds: float) -> None:
        """Sleep, bringing back what is due meanwhile."""
        until = time.monotonic() + seconds
        while (now := time.monotonic()) < until:
            for each in [each for each in self.recoveries if each.due <= now]:
                self.recoveries.remove(each)
                each.act()
            self._look_after_web()
            time.sleep(0.01)

    def _look_after_web(self) -> None:
        """The web server gives up when its processes die too often; who runs it starts it again."""
        if not self._is_down("web") and self.parts.has_ended("web"):
            self.parts.revive("web")

    def _is_down(self, *names: str) -> bool:
        return any(each.part in names for each in self.recoveries)

    def _later(self, seconds: tuple[float, float], part: str, act: Callable[[], None]) -> str:
        due = time.monotonic() + self.random.uniform(*seconds)
        self.recoveries.append(Recovery(due, part, act))
        return part

    # -- Killing -------------------------------------------------------------------------------

    def _kill(self, part: str) -> str | None:
        if self._is_down(part):
            return None
        self.parts.kill(part)
        return self._later(DEAD, part, lambda: self.parts.revive(part))

    def kill_worker(self) -> str | None:
        return self._kill(self.random.choice(WORKERS))

    def kill_web(self) -> str | None:
        return self._kill("web")

    def kill_web_process(self) -> str | None:
        if self._is_down("web") or not (pids := self.parts.web_processes()):
            return None
        self.parts.kill_process(self.random.choice(pids))
        return "web"

    def kill_broker(self) -> str | None:
        return self._kill("broker")

    def kill_database(self) -> str | None:
        return self._kill("database")

    def kill_example(self) -> str | None:
        return self._kill("example")

    # -- Stopping ------------------------------------------------------------------------------

    def _stop(self, part: str, seconds: tuple[float, float]) -> str | None:
        if self._is_down(part):
            return None
        self.parts.stop(part)
        return self._later(seconds, part, lambda: self._go_on(part))

    def _go_on(self, part: str) -> None:
        self.parts.go_on(part)
        self.log.write(kind="go on", what=part, at=time.monotonic())

    def stop_worker(self) -> str | None:
        """In the middle of sending; and it goes on in the middle of another's sending the same.

        One at a time: with both stopped nothing happens at all.
        """
        if self._is_down(*WORKERS):
            return None
        busy = self._some_under_way()
        worker = self.random.choice(WORKERS)
        self.parts.stop(worker)
        latest = time.monotonic() + LONGER_THAN_LEASE[1] + IN_THE_MIDDLE
        return self._later(LONGER_THAN_LEASE, worker, lambda: self._wake(worker, busy, latest))

    def _some_under_way(self) -> set[str]:
        """To whom something is being sent; it waits a little for there to be anybody."""
        until = time.monotonic() + IN_THE_MIDDLE
        while not (busy := self.under_way.names()) and time.monotonic() < until:
            time.sleep(0.01)
        return busy

    def _wake(self, worker: str, busy: set[str], latest: float) -> None:
        if busy and not busy & self.under_way.names() and time.monotonic() < latest:
            self._later((0, 0), worker, lambda: self._wake(worker, busy, latest))
        else:
            self._go_on(worker)

    def stop_broker(self) -> str | None:
        return self._stop("broker", STOPPED)

    def stop_database(self) -> str | None:
        return self._stop("database", STOPPED)

    # -- Taking away ---------------------------------------------------------------------------

    def wipe_broker(self) -> str | None:
        if self._is_down("broker"):
            return None
        self.parts.wipe_broker()
        return "broker"

    def cut_connections(self) -> str | None:
        if self._is_down("database"):
            return None
        self.parts.cut_connections()
        return "database"

    # -- By the API ----------------------------------------------------------------------------

    def _somebody(self) -> str | None:
        """A subscription to change, one that is being sent to; None if the API cannot be asked."""
        if self._is_down("web", "database") or not self.parts.is_ready():
            return None
        return self.random.choice(sorted(self._some_under_way()) or self.endpoints.names)

    def rotate(self) -> str | None:
        name = self._somebody()
        return name if name and self.endpoints.rotate(name) else None

    def disable(self) -> str | None:
        """Not with a worker stopped: what it holds half sent, nobody can call back."""
        name = self._somebody()
        if not name or self._is_down(*WORKERS, name) or not self.endpoints.disable(name):
            return None
        return self._later((0.5, 3.0), name, lambda: self._enable(name))

    def _enable(self, name: str) -> None:
        """Until it is answered: it may be repeated."""
        if not self.endpoints.enable(name):
            self._later((0.3, 0.3), name, lambda: self._enable(name))

    def seek(self) -> str | None:
        name = self._somebody()
        if not name or self._is_down(name):
            return None
        return name if self.endpoints.seek_back(name, self.random.randint(1, 20)) else None

    def replay(self) -> str | None:
        """Where somebody's events are parked."""
        if self._is_down("web", "database") or not self.parts.is_ready():
            return None
        names = self.random.sample(self.endpoints.names, len(self.endpoints.names))
        return next((name for name in names if self.endpoints.replay_parked(name)), None)
