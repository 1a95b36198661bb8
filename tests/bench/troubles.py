"""Deliveries when something is wrong: `make bench-troubles`.

1. Ten endpoints hang until the deadline beside forty good ones: how long the good ones wait.
2. The broker is dead: how fast choices are answered, and when the sweep has delivered them.
"""

from __future__ import annotations

import argparse
import itertools
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

from devstack import ports, product
from devstack.interruptions import Interruptions
from devstack.supervisor import Process, Supervisor
from tests.bench import deliveries, load
from tests.bench.databases import Database, filled
from tests.bench.deliveries import Endpoint
from tests.bench.figures import quantile_ms
from tests.bench.work import Place

GOOD, HANGING = 40, 10
RATE = 5  # changes a second
#: What the broker is to a web server.
NORMAL, DEAD, HANGS = "lives", "dead", "hangs"


@dataclass(frozen=True, slots=True)
class Mode:
    """How much to measure."""

    preferences: int
    #: Changes that are delivered to good endpoints, and choices without a broker.
    changes: int
    outage: int
    rounds: int
    seconds: float


LONG = Mode(preferences=100_000, changes=100, outage=1_000, rounds=3, seconds=5)
BRIEF = Mode(preferences=2_000, changes=5, outage=20, rounds=1, seconds=0.5)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.troubles", description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("var/bench"))
    parser.add_argument("--brief", action="store_true", help="half a second each, as the tests do")
    chosen = parser.parse_args()
    mode, folder = BRIEF if chosen.brief else LONG, chosen.folder.resolve()
    database = filled(os.environ["DATABASE_URL"], mode.preferences)
    with deliveries.running(folder, database, events=0, seconds=0) as endpoint:
        _hanging(endpoint, mode)
    _no_broker(folder, database, mode)


# -- Endpoints that hang --------------------------------------------------------------------------


def _hanging(endpoint: Endpoint, mode: Mode) -> None:
    print(f"{GOOD} good endpoints, {mode.changes} changes at {RATE} a second, commit to receipt:")
    for _ in range(mode.rounds):
        for bad in (0, HANGING):
            waits = endpoint.spread(GOOD, bad, changes=mode.changes, rate=RATE)
            p50, p99 = quantile_ms(waits, 0.5), quantile_ms(waits, 0.99)
            print(f"  beside {bad:>2} that hang: p50 {p50} ms, p99 {p99} ms", flush=True)


# -- No broker ------------------------------------------------------------------------------------


def _no_broker(folder: Path, database: Database, mode: Mode) -> None:
    url = f"http://127.0.0.1:{ports.kept(folder / 'receiver.port')}/"
    endpoint = Endpoint(database, url, 0, 0)
    place = Place(database, 0)
    brands = sorted({each["brand_id"] for each in place.callers["choosers"]})
    database.run("tests.bench.listeners", "--url", url, "--brands", *map(str, brands))
    with _webs(folder, database) as at:
        _compare(place, at, mode)
        _outage(endpoint, place, at[DEAD], mode.outage)


def _compare(place: Place, ports_at: dict[str, int], mode: Mode) -> None:
    """The same people choose by web servers whose broker lives, is dead, or hangs."""
    rounds = [
        {name: _ends(place, port, mode.seconds) for name, port in ports_at.items()}
        for _ in range(mode.rounds + 1)
    ]
    for name in ports_at:
        for which, quantile in enumerate(("p50", "p99")):
            ours = [each[name][which] for each in rounds[1:]]  # the first warms up
            times = [each[name][which] / each[NORMAL][which] for each in rounds[1:]]
            print(f"choices, broker {name}: {quantile} {median(ours)} ms, × {median(times):.2f}")


def _ends(place: Place, port: int, seconds: float) -> tuple[float, float]:
    waits = sorted(place.choice(seconds, port).latencies)
    return quantile_ms(waits, 0.5) or 0.0, quantile_ms(waits, 0.99) or 0.0


def _outage(endpoint: Endpoint, place: Place, port: int, choices: int) -> None:
    """Choices made one after the other, without a broker anywhere, and delivered by the sweep."""
    endpoint.wait_for_silence()
    began = time.monotonic()
    for message in itertools.islice(place.choices, choices):
        load.send(port, message)
    chosen = time.monotonic()
    ended = endpoint.wait_for(choices).last
    print(
        f"{choices:,} choices in {chosen - began:.1f} s with the broker dead: all delivered by the "
        f"sweep {ended - chosen:.1f} s after the last, {ended - began:.1f} s after the first"
    )


@contextmanager
def _webs(folder: Path, database: Database) -> Iterator[dict[str, int]]:
    """Web servers by what their broker is; and a worker whose broker is dead."""
    at = {name: ports.kept(folder / f"web-{name}.port") for name in (NORMAL, DEAD, HANGS)}
    environment = {**database.serving_environment, **deliveries.DEVELOPMENT}
    supervisor = Supervisor(folder, environment, working_directory=product.ROOT)
    with socket.create_server(("127.0.0.1", 0), backlog=100) as silent:
        brokers = {
            NORMAL: os.environ["REDIS_URL"],
            DEAD: f"redis://127.0.0.1:{ports.free()}/0",
            HANGS: f"redis://127.0.0.1:{silent.getsockname()[1]}/0",
        }
        webs = [_web(name, at[name], folder, brokers[name]) for name in at]
        worker = deliveries.worker("delivery", product.DELIVERY)
        receiver = deliveries.receiver(ports.kept(folder / "receiver.port"))
        try:
            deaf = replace(worker, environment={"REDIS_URL": brokers[DEAD]})
            supervisor.start([receiver, *webs, deaf])
            with Interruptions() as interruptions:
                supervisor.wait_until_ready(interruptions, seconds=product.READY_SECONDS)
            yield at
        finally:
            supervisor.stop()


def _web(name: str, port: int, folder: Path, broker: str) -> Process:
    web = next(each for each in product.processes(port, folder) if each.name == "web")
    environment = {**web.environment, "REDIS_URL": broker}
    ready: Callable[[], bool] = lambda: product.is_ready(port)  # noqa: E731
    return replace(web, name=f"web-{name}", environment=environment, ready=ready)


if __name__ == "__main__":
    main()
