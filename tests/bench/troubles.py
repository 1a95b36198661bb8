"""Deliveries when something is wrong: `make bench-troubles`.

1. Ten endpoints hang until the deadline beside forty good ones: how long the good ones wait.
2. The broker is dead: how fast choices are answered, and when the sweep has delivered them.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

from config.services import ports, product
from config.services.interruptions import Interruptions
from config.services.supervisor import Process, Supervisor
from tests.bench import deliveries
from tests.bench.databases import Database, filled
from tests.bench.deliveries import Endpoint
from tests.bench.figures import quantile_ms
from tests.bench.work import Place

GOOD, HANGING = 40, 10
CHANGES, RATE = 100, 5
OUTAGE = 1_000  # choices
SMALL = 100_000  # preferences
ROUNDS = 3
#: What the broker is to a web server.
NORMAL, DEAD, HANGS = "lives", "dead", "hangs"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.troubles", description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("var/bench"))
    folder = parser.parse_args().folder.resolve()
    database = filled(os.environ["DATABASE_URL"], SMALL)
    with deliveries.running(folder, database, events=0, seconds=0) as endpoint:
        _hanging(endpoint)
    _no_broker(folder, database)


# -- Endpoints that hang --------------------------------------------------------------------------


def _hanging(endpoint: Endpoint) -> None:
    print(f"{GOOD} good endpoints, {CHANGES} changes at {RATE} a second, commit to receipt:")
    for _ in range(ROUNDS):
        for bad in (0, HANGING):
            waits = endpoint.spread(GOOD, bad, changes=CHANGES, rate=RATE)
            p50, p99 = quantile_ms(waits, 0.5), quantile_ms(waits, 0.99)
            print(f"  beside {bad:>2} that hang: p50 {p50} ms, p99 {p99} ms", flush=True)


# -- No broker ------------------------------------------------------------------------------------


def _no_broker(folder: Path, database: Database) -> None:
    url = f"http://127.0.0.1:{ports.kept(folder / 'receiver.port')}/"
    endpoint = Endpoint(database, url, 0, 0)
    place = Place(database, 0)
    brands = sorted({each["brand_id"] for each in place.callers["choosers"]})
    database.run("tests.bench.listeners", "--url", url, "--brands", *map(str, brands))
    with _webs(folder, database) as at:
        _compare({name: replace(place, port=port) for name, port in at.items()})
        _outage(endpoint, place, at[DEAD])


def _compare(places: dict[str, Place]) -> None:
    """The same people choose by web servers whose broker lives, is dead, or hangs."""
    rounds = [{name: _ends(place) for name, place in places.items()} for _ in range(ROUNDS + 1)]
    for name in places:
        for which, quantile in enumerate(("p50", "p99")):
            ours = [each[name][which] for each in rounds[1:]]  # the first warms up
            times = [each[name][which] / each[NORMAL][which] for each in rounds[1:]]
            print(f"choices, broker {name}: {quantile} {median(ours)} ms, × {median(times):.2f}")


def _ends(place: Place) -> tuple[float, float]:
    waits = sorted(place.choice(5).latencies)
    return quantile_ms(waits, 0.5) or 0.0, quantile_ms(waits, 0.99) or 0.0


def _outage(endpoint: Endpoint, place: Place, port: int) -> None:
    """Choices made one after the other, without a broker anywhere, and delivered by the sweep."""
    endpoint.marks()
    began = time.monotonic()
    entries = [_choose(port, message) for message in _messages(place)]
    chosen = time.monotonic()
    came = endpoint.entries(dict.fromkeys(entries, 0.0), times=1)
    ended = max(at[0] for at in came.values())
    print(
        f"{OUTAGE:,} choices in {chosen - began:.1f} s with the broker dead: all delivered by the "
        f"sweep {ended - chosen:.1f} s after the last, {ended - began:.1f} s after the first"
    )


def _messages(place: Place) -> Iterator[tuple[str, bytes]]:
    choosers: Sequence[dict[str, Any]] = place.callers["choosers"]
    for number in range(OUTAGE):
        chooser = choosers[number % len(choosers)]
        scope = {"brand": chooser["brand"], "purpose": "marketing", "channel": "email"}
        decision = ("deny", "grant")[number // len(choosers) % 2]
        yield chooser["token"], json.dumps({"scope": scope, "decision": decision}).encode()


def _choose(port: int, message: tuple[str, bytes]) -> str:
    token, body = message
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    line.request("POST", "/api/v1/me/choices", body, headers)
    made = json.load(line.getresponse())
    line.close()
    entry: str = made["data"][0]["entry"]
    return entry


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
