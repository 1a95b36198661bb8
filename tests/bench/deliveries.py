"""Deliveries, each beside its limit: a backlog, in single events and in batches, and a wake-up.

An endpoint (`receiver`) notes what it gets and when; the product's own worker process delivers.
"""

from __future__ import annotations

import http.client
import json
import os
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from devstack import ports, product
from devstack.interruptions import Interruptions
from devstack.supervisor import Process, Supervisor
from tests.bench import plain
from tests.bench.databases import Database
from tests.bench.figures import Sample

#: Changes a second, of those that `commit_to_receipt` measures.
RATE = 20
#: Seconds within which all that was told must have arrived.
PATIENCE = 60.0
SILENCE = 2.0  # seconds
DEVELOPMENT = {"CMR_ENVIRONMENT": "development"}


class NotInTime(Exception):
    """Something was not delivered within `PATIENCE`."""


class Arrival(NamedTuple):
    """How many events came, and when the first and the last did, by the machine's clock."""

    events: int
    first: float
    last: float

    @property
    def rate(self) -> float:
        """Return how many came a second."""
        return self.events / (self.last - self.first)


@dataclass(frozen=True)
class Endpoint:
    """The receiver, and the database whose worker delivers to it."""

    database: Database
    url: str
    events: int
    seconds: float

    def backlog(self, batch: int) -> Sample:
        """Ours: a worker carries the brand's whole stream to one endpoint."""
        self.marks()
        self._run("backlog", "--events", str(self.events), "--seek", str(batch))
        return Sample(self.wait_for(self.events).rate)

    def posted(self, batch: int) -> Sample:
        """The limit: a bare loop posts the same."""
        brand = json.loads(self._run("backlog", "--events", str(self.events)))["brand"]
        self.marks()
        self._run("posting", "--brand", str(brand), "--batch", str(batch))
        return Sample(self.wait_for(self.events).rate)

    def receipts(self, *more: str) -> Sample:
        """The time from each commit to the receipt, and their median in milliseconds."""
        self.marks()
        changes = str(int(self.seconds * RATE))
        committed = json.loads(
            self._run("changes", "--changes", changes, "--rate", str(RATE), *more)
        )
        came = self.entries(committed, times=1)
        waits = sorted(came[entry][0] - at for entry, at in committed.items())
        return Sample(1_000 * waits[len(waits) // 2], waits)

    def spread(self, good: int, hanging: int, *, changes: int, rate: int) -> list[float]:
        """The time from each commit to each receipt by *good* endpoints, in order of length."""
        told = ["--good", str(good), "--hanging", str(hanging)]
        self._run("listeners", *told)
        self.marks()
        numbers = ["--changes", str(changes), "--rate", str(rate), "--keep"]
        committed = json.loads(self._run("changes", *numbers))
        came = self.entries(committed, times=good)
        return sorted(
            at - committed[entry] for entry, all_of_it in came.items() for at in all_of_it
        )

    def marks(self) -> dict[str, Any]:
        with urllib.request.urlopen(f"{self.url}marks", timeout=PATIENCE) as answer:
            marks: dict[str, Any] = json.load(answer)
            return marks

    def _run(self, module: str, *arguments: str) -> str:
        return self.database.run(f"tests.bench.{module}", "--url", self.url, *arguments)

    def wait_for_silence(self) -> None:
        """Return when nothing has come for a while. Raises NotInTime."""
        last = time.monotonic()
        for marks in self._looks():
            last = marks["last"] or last
            if time.monotonic() - last > SILENCE:
                return
        raise NotInTime("events come and come")

    def wait_for(self, events: int) -> Arrival:
        """Return when so many events came. Raises NotInTime."""
        came, first, last = 0, 0.0, 0.0
        for marks in self._looks():
            came += marks["events"]
            first, last = first or marks["first"], marks["last"] or last
            if came >= events:
                return Arrival(came, first, last)
        raise NotInTime(f"{came:,} of {events:,} events came")

    def entries(self, wanted: dict[str, float], *, times: int) -> dict[str, list[float]]:
        """When each of the *wanted* entries came, all of them so many times."""
        came: dict[str, list[float]] = {entry: [] for entry in wanted}
        for marks in self._looks():
            for entry, at in marks["entries"].items():
                came.get(entry, []).extend(at)
            if all(len(at) >= times for at in came.values()):
                return came
        raise NotInTime("not every change came")

    def _looks(self) -> Iterator[dict[str, Any]]:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            yield self.marks()
            time.sleep(0.2)


@contextmanager
def running(folder: Path, database: Database, *, events: int, seconds: float) -> Iterator[Endpoint]:
    """The receiver, a worker of the product's on the database, and one that only posts."""
    (folder / "log").mkdir(parents=True, exist_ok=True)
    port = ports.kept(folder / "receiver.port")
    supervisor = Supervisor(
        folder, {**database.serving_environment, **DEVELOPMENT}, working_directory=product.ROOT
    )
    wanted = [
        receiver(port),
        worker("delivery", product.DELIVERY),
        worker("plain", plain.WORKER),
    ]
    try:
        supervisor.start(wanted)
        with Interruptions() as interruptions:
            supervisor.wait_until_ready(interruptions, seconds=product.READY_SECONDS)
        os.environ.update(DEVELOPMENT)  # for what is run on the database beside them
        yield Endpoint(database, f"http://127.0.0.1:{port}/", events, seconds)
    finally:
        supervisor.stop()


def receiver(port: int) -> Process:
    argv = [product.PY, "-m", "tests.bench.receiver", str(port)]
    return Process("receiver", argv, ready=lambda: _answers(port))


def worker(name: str, command: str) -> Process:
    return Process(name, [product.PY, "-m", *command.split()])


def _answers(port: int) -> bool:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        line.request("GET", "/marks")
        return line.getresponse().status == http.HTTPStatus.OK
    except OSError:
        return False
    finally:
        line.close()
