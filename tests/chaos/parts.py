"""Everything that runs in a run, each part a process or a few, to be killed, stopped and revived.

Note [Whose child]. PostgreSQL and Valkey get a signal when the thread that started them ends, so
whoever starts and revives them has to be the process's main thread.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import redis

from core import binaries
from devstack import environment, ports, processes, product
from devstack.postgres import Postgres
from devstack.valkey import Valkey
from tests.chaos.example import MISTAKES, Example

PATIENCE = 90.0  # seconds
#: Short, so that a killed worker's lease is soon another's, and a failed try soon repeated.
SETTINGS = {
    "WEB_THREADS": "4",
    "DELIVERY_DEADLINE_SECONDS": "2",
    "DELIVERY_BUDGET_SECONDS": "1",
    "DELIVERY_LEASE_SECONDS": "4",
    "DELIVERY_SCHEDULE": "0.5,1,2",
    "SWEEP_SECONDS": "0.3",
    "LOG_LEVEL": "WARNING",
    "PYTHONUNBUFFERED": "1",
    "CMR_ENVIRONMENT": "development",
    "DJANGO_SETTINGS_MODULE": "config.settings",
}
DEADLINE = float(SETTINGS["DELIVERY_DEADLINE_SECONDS"])
LEASE = float(SETTINGS["DELIVERY_LEASE_SECONDS"])
WORKER = f"{product.WORKER} --queues delivery,records --concurrency 6 --hostname"
WORKERS = ["worker-1", "worker-2"]
#: Where a variant is planted: the names of the apps, and of those with the bug.
PLANTED = {
    "config": "tests.chaos.planted",
    "config.asgi:application": "tests.chaos.planted_web:application",
}


class NotInTime(Exception):
    """Something did not come about within `PATIENCE`."""


def wait_until(holds: Callable[[], Any], what: str, *, seconds: float = PATIENCE) -> None:
    """Raises NotInTime."""
    until = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > until:
            raise NotInTime(f"not within {seconds:g} s: {what}")
        time.sleep(0.05)


class Parts:
    """The product on a PostgreSQL and a Valkey of its own, the fake brands, and the driver."""

    def __init__(self, folder: Path, *, seed: int, variant: str | None = None) -> None:
        self.folder = folder
        self.seed = seed
        self.example = Example(folder / "example.sqlite", ports.free())
        if variant in MISTAKES:
            self.example.mistake, variant = variant, None
        self.variant = variant
        self.postgres = Postgres(folder / "postgres")
        self.valkey = Valkey(folder / "valkey")
        self.port, self.brands_port = ports.free(), ports.free()
        self.environment: dict[str, str] = {}
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    # -- Starting ------------------------------------------------------------------------------

    def start_services(self) -> None:
        """PostgreSQL with its tables, and Valkey."""
        made = {name: secrets.token_hex(16) for name in environment.SECRETS}
        self.database_url, self.redis_url = self.postgres.start(), self.valkey.start()
        urls = {"DATABASE_URL": self.database_url, "REDIS_URL": self.redis_url}
        owner = {"OWNER_DATABASE_URL": self.postgres.urls["OWNER_DATABASE_URL"]}
        own = {"CMR_FOLDER": str(self.folder), "PORT": str(self.port)}
        planted = {"CHAOS_VARIANT": self.variant} if self.variant else {}
        planted |= {f"CHAOS_{name}": url for name, url in owner.items() if self.variant}
        self.environment = {**os.environ, **SETTINGS, **made, **urls, **own, **planted}
        self.output("-m", "django", "migrate", "--no-input", "--verbosity", "0", **owner)

    def start(self, name: str) -> None:
        with (self.folder / f"{name}.out").open("ab") as log:
            self.running[name] = processes.spawn_apart(
                [sys.executable, *self._argv(name)],
                output=log,
                dying=signal.SIGKILL,
                env=self._environment_of(name),
                cwd=product.ROOT,
            )

    def _environment_of(self, name: str) -> dict[str, str]:
        """The example is no part of ours: it knows what a brand's programmer would tell it."""
        if name != "example":
            return self.environment
        return {**os.environ, **self.example.told(f"http://127.0.0.1:{self.port}")}

    def _argv(self, name: str) -> list[str]:
        if name in WORKERS:
            return self._planted(f"{WORKER} {name}@%h")
        if name == "web":
            return self._planted(f"{product.WEB} --port {self.port}")
        if name == "example":
            return [str(self.example.program())]
        if name == "driver":
            return ["-m", "tests.chaos.driver", str(self.folder)]
        numbers = [str(self.brands_port), str(self.seed), str(DEADLINE)]
        return ["-m", "tests.chaos.brands", str(self.folder), *numbers]

    def _planted(self, command: str) -> list[str]:
        """The product's own command; with a variant, the app that it is planted in instead."""
        argv = ["-m", *command.split()]
        if self.variant:
            argv = [PLANTED.get(word, word) for word in argv]
            assert set(argv) & set(PLANTED.values()), f"nothing to plant into: {command}"
        return argv

    def output(self, *argv: str, **more: str) -> bytes:
        """What a Python process in our environment, and *more*, prints.

        Raises:
            CalledProcessError
        """
        done = subprocess.run(
            [sys.executable, *argv],
            env=self.environment | more,
            cwd=product.ROOT,
            stdout=subprocess.PIPE,
            check=True,
        )
        return done.stdout

    def look(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.output("-m", "tests.chaos.world", "look"))
        return found

    # -- Faults --------------------------------------------------------------------------------

    def pids(self, name: str) -> list[int]:
        """All processes of a part."""
        if name == "database":
            return processes.working_in(self.postgres.data, names=("postgres",))
        if name == "broker":
            return processes.working_in(self.valkey.data, names=binaries.VALKEY_NAMES)
        return processes.group(self.running[name].pid) if name in self.running else []

    def kill(self, name: str) -> None:
        """SIGKILL; of PostgreSQL only the postmaster is hit, and its backends notice."""
        if name == "database":
            leader = (self.postgres.data / "postmaster.pid").read_text().split()[0]
            processes.send([int(leader)], signal.SIGKILL)
        else:
            processes.send(self.pids(name), signal.SIGKILL)
        wait_until(lambda: not self.pids(name), f"{name} dead")
        if name in self.running:
            self.running.pop(name).wait()

    def has_ended(self, name: str) -> bool:
        """Whether it ended by itself."""
        return self.running[name].poll() is not None

    def revive(self, name: str) -> None:
        """Start it again, over the same folder and on the same port."""
        if name == "database":
            assert self.postgres.start() == self.database_url
        elif name == "broker":
            assert self.valkey.start() == self.redis_url
        else:
            self.start(name)

    def stop(self, name: str) -> None:
        processes.send(self.pids(name), signal.SIGSTOP)

    def go_on(self, name: str) -> None:
        processes.send(self.pids(name), signal.SIGCONT)

    def web_processes(self) -> list[int]:
        """The web server's own children, which it starts anew when they die."""
        leader = self.running["web"].pid
        return [pid for pid in self.pids("web") if pid != leader and _parent(pid) == leader]

    def kill_process(self, pid: int) -> None:
        processes.send([pid], signal.SIGKILL)

    def is_ready(self) -> bool:
        return product.is_ready(self.port)

    def wipe_broker(self) -> None:
        with redis.Redis.from_url(self.redis_url, socket_timeout=2) as broker:
            broker.flushall()

    def cut_connections(self) -> None:
        self.ask(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND datname = current_database()"
        )

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        owner = self.postgres.urls["OWNER_DATABASE_URL"]
        with psycopg.connect(owner, connect_timeout=5) as database:
            return list(database.execute(sql).fetchall())

    def be_calm(self) -> None:
        """From here on the brands answer everything, at once."""
        self.running["brands"].send_signal(signal.SIGUSR1)

    def be_wild(self) -> None:
        self.running["brands"].send_signal(signal.SIGUSR2)

    # -- The end -------------------------------------------------------------------------------

    def stop_driver(self) -> None:
        """Let it finish what it is at."""
        driver = self.running.pop("driver")
        driver.terminate()
        driver.wait(PATIENCE)

    def end(self) -> None:
        for name in [*self.running, "database", "broker"]:
            self.go_on(name)
        for name in list(self.running):
            processes.send(self.pids(name), signal.SIGKILL)
            self.running.pop(name).wait()
        with contextlib.suppress(OSError):
            self.valkey.stop()
        self.postgres.stop()
        if self.postgres.home != self.postgres.folder:  # see devstack.data_folder
            shutil.rmtree(self.postgres.home, ignore_errors=True)


def _parent(pid: int) -> int:
    with contextlib.suppress(OSError):
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return 0
