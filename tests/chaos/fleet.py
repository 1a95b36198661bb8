"""The real thing in pieces that can be killed: web, worker and broker as processes of their own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection

from devstack.valkey import Valkey

PATIENCE = 60.0  # seconds
WORKER = "-m celery -A config worker --pool threads -c 4 -Q delivery,records --without-mingle"
WEB = (
    "-m granian --interface asginl --http 1 --host 127.0.0.1 --http1-buffer-size 65536 "
    "config.asgi:application"
)
#: Short, so that a killed worker's lease is soon another's.
QUICK = {
    "WEB_THREADS": "4",
    "DELIVERY_DEADLINE_SECONDS": "2",
    "DELIVERY_BUDGET_SECONDS": "1",
    "DELIVERY_LEASE_SECONDS": "4",
    "SWEEP_SECONDS": "0.3",
}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def wait_until(holds: Callable[[], Any], what: str) -> None:
    until = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < until, f"not within {PATIENCE:g} s: {what}"
        time.sleep(0.05)


class Fleet:
    """Runs on the test's database, with a Valkey of its own or an address that nobody has."""

    def __init__(
        self,
        folder: Path,
        *,
        with_broker: bool = True,
        webs: int = 1,
        more: Mapping[str, str] | None = None,
    ) -> None:
        """*webs* is the number of web processes, *more* what they are told besides."""
        self.folder = folder
        self.webs = webs
        self.more = more or {}
        self.valkey = Valkey(folder / "valkey") if with_broker else None
        self.redis_url = self.valkey.start() if self.valkey else _nobody()
        self.port = free_port()
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str) -> None:
        argv = WORKER if name == "worker" else f"{WEB} --workers {self.webs} --port {self.port}"
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, *argv.split()],
                env=self._environment(),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _environment(self) -> dict[str, str]:
        own = {"DATABASE_URL": _database_url(), "REDIS_URL": self.redis_url}
        return {**os.environ, **QUICK, **own, **self.more}

    def kill(self, name: str) -> None:
        """SIGKILL to the process and all its children."""
        process = self.processes.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def kill_broker(self) -> None:
        assert self.valkey
        pid = int(_valkey_info(self.redis_url)["process_id"])
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not Path(f"/proc/{pid}/cmdline").exists() or _zombie(pid), "broker dead")

    def restart_broker(self) -> None:
        assert self.valkey
        assert self.valkey.start() == self.redis_url

    def stop(self) -> None:
        for name in list(self.processes):
            self.kill(name)
        if self.valkey:
            self.valkey.stop()

    def is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=5) as got:
                return bool(got.status == 200)
        except OSError:
            return False

    def post(self, path: str, body: Any, bearer: str) -> Any:
        """POST as a caller outside would; anything but 2xx is an error."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/api/v1/{path}",
            json.dumps(body).encode(),
            {"Content-Type": "application/json", "Authorization": f"Bearer {bearer}"},
        )
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return json.load(answer)


def _database_url() -> str:
    """Return the URL of the tests' database, with the application's own login."""
    path = f"/{connection.settings_dict['NAME']}"
    url: str = settings.DATABASE_URL
    return urlsplit(url)._replace(path=path).geturl()


def _nobody() -> str:
    return f"redis://127.0.0.1:{free_port()}/0"


def _valkey_info(url: str) -> dict[str, Any]:
    import redis

    info: dict[str, Any] = redis.Redis.from_url(url).info("server")
    return info


def _zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True
