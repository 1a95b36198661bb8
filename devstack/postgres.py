"""A PostgreSQL of our own, in one folder, that any crash leaves startable."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

import psycopg

from config.postgres import roles
from core import binaries
from devstack import CannotRun, account, data_folder, logs, ports, private_files, processes
from devstack.lock import Lock


def _shared_megabytes() -> int:
    """A quarter of the machine's memory, within reason. It is taken up only as it is used."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min(max(memory // 4 // 2**20, 128), 8_192)


#: Given at each start, so that a folder made by an older version of this file gets them too.
SETTINGS = {
    "shared_buffers": f"{_shared_megabytes()}MB",
    "random_page_cost": "1.1",  # a place on an SSD is as near as the next one
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # no socket: no lock file of it to be left behind
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # A failing statement and its DETAIL hold people's addresses, which logs must not.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
#: For tests: a power cut may lose the database, a crash of its processes may not.
FAST_SETTINGS = {"fsync": "off", "full_page_writes": "off"}

#: Who owns the tables and migrates. It is initdb's superuser, so it cannot lose its rights: the
#: application has a role of its own.
OWNER = DATABASE = "cmr"
#: The roles besides, by the variable that has the URL of each. Note [Roles] in `config.postgres`.
ROLES = {"DATABASE_URL": "cmr_application", "MAINTENANCE_DATABASE_URL": "cmr_maintenance"}
BUILTIN_LOCALES_SINCE = 17
PROGRAMS = ("postgres",)
START_SECONDS = 300  # recovery after a crash in the middle of heavy writes takes a while
STOP_SECONDS = 30
ORPHAN_SECONDS = 2  # backends notice by themselves that their postmaster is gone
PORT_TRIES = 5


class PostgresFailed(CannotRun):
    """initdb or postgres ended with an error; its log says which."""


class WrongVersion(CannotRun):
    """The data folder was made by another major version. Nothing was touched."""


class PasswordLost(CannotRun):
    """There is a database, but the file with its password is gone."""


class _PortTaken(Exception):
    """Somebody bound the port between our look and the server's start."""


class Postgres:
    """`start()` and `stop()` the server of a folder; one at a time, whoever calls."""

    name = "PostgreSQL"

    def __init__(self, folder: Path, *, fast: bool = False) -> None:
        self.folder = folder.absolute()
        self.settings = SETTINGS | (FAST_SETTINGS if fast else {})
        self.home = self.folder
        #: Each role's URL, by the variable that names it; known once it is started.
        self.urls: dict[str, str] = {}
        self._lock: Lock | None = None
        self._server: subprocess.Popen[bytes] | None = None

    @property
    def version(self) -> str:
        return binaries.find_postgres().version

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def log(self) -> Path:
        return self.home / "log"

    def has_data(self) -> bool:
        return (data_folder.find_home(self.folder) / "data").exists()

    def alive(self) -> bool:
        return self._server is not None and self._server.poll() is None

    def start(self) -> str:
        """Returns the application's URL. Ends whatever a killed launcher left running there first.

        Raises lock.Busy if another living launcher has the folder, and the other CannotRun errors.
        """
        try:
            self._settle(binaries.find_postgres())
            self._end_leftovers()
            password = self._password()
            self._initialise(password)
            return self._serve(password)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Ends the server in an orderly way: SIGINT is PostgreSQL's fast shutdown."""
        if self._server is not None:
            self._server.send_signal(signal.SIGINT)
            _end(self._server, seconds=STOP_SECONDS)
            self._server = None
        self._release()

    def kill(self) -> None:
        """At once; the next start recovers."""
        if self._server is not None:
            self._server.send_signal(signal.SIGQUIT)
        processes.send(self._leftovers(), signal.SIGKILL)

    def _settle(self, binary: binaries.Binary) -> None:
        """Finds the files' place, the user and the programs, and takes the lock."""
        earlier = data_folder.find_home(self.folder) / "data"
        self._refuse_other_version(earlier, binary)
        self.account = account.server_account(earlier)
        self.home = data_folder.choose_home(self.folder, self.account)
        if self._lock is None:
            lock = Lock(self.home / "lock", purpose="postgres")
            lock.acquire()
            self._lock = lock
        self.binary = data_folder.make_runnable(binary, self.account, self.home)

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    @staticmethod
    def _refuse_other_version(data: Path, binary: binaries.Binary) -> None:
        mark = data / "PG_VERSION"
        made_by = mark.read_text().strip() if mark.exists() else binary.major
        if made_by != binary.major:
            raise WrongVersion(
                f"the database in {data} was made by PostgreSQL {made_by}, but this is "
                f"{binary.version} ({binary.path}). Nothing was touched. Install version "
                f"{made_by}; or dump with {made_by} and restore with {binary.major}; or move "
                "the folder away to begin with an empty database."
            )

    def _password(self) -> str:
        kept = self.home / "password"
        if self.data.exists() and not kept.exists():
            raise PasswordLost(
                f"{kept} is gone, and without it nobody gets into {self.data}. Put it back, "
                "or move the folder away to begin with an empty database."
            )
        return private_files.read_or_create_password(kept)

    def _password_of(self, role: str) -> str:
        """Return the role's password, made at the first start. A lost one is made anew."""
        return private_files.read_or_create_password(self.home / f"password-{role}")

    # -- What was left behind ----------------------------------------------------------------

    def _leftovers(self) -> list[int]:
        """Server processes on our data that are not ours to talk to, orphaned backends included."""
        if not self.data.exists():
            return []
        found = processes.working_in(self.data, names=PROGRAMS)
        return found if processes.HAS_PROC else self._recorded()

    def _recorded(self) -> list[int]:
        leader = processes.recorded(self.home / "pid")
        return [] if leader is None else [leader]

    def _named_in_pid_file(self) -> int:
        """0 if there is none; perhaps somebody else by now."""
        file = self.data / "postmaster.pid"
        first = file.read_text().partition("\n")[0] if file.exists() else ""
        return int(first) if first.isdigit() else 0

    def _end_leftovers(self) -> None:
        """Leaves no process on the data, and no pid file that names an unrelated one.

        We hold the folder's lock, so whatever runs there has lost its launcher. The pid file may
        go only once nothing runs: it is what keeps two servers from one folder.
        """
        if self._named_in_pid_file() in self._leftovers():
            processes.send([self._named_in_pid_file()], signal.SIGINT)
            processes.gone(self._leftovers, seconds=STOP_SECONDS)
        for signum in (signal.SIGQUIT, signal.SIGKILL):
            if not processes.gone(self._leftovers, seconds=ORPHAN_SECONDS):
                processes.send(self._leftovers(), signum)
        if not processes.gone(self._leftovers, seconds=ORPHAN_SECONDS):
            raise PostgresFailed(f"processes {self._leftovers()} on {self.data} cannot be ended")
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        shutil.rmtree(self.home / "data.new", ignore_errors=True)

    # -- A new database ----------------------------------------------------------------------

    def _initialise(self, password: str) -> None:
        """initdb in a folder beside, renamed when done: no crash leaves half a database."""
        if self.data.exists():
            return
        unfinished = self.home / "data.new"
        unfinished.mkdir(mode=0o700)
        self.account.own(unfinished)
        given = self.home / "initial-password"
        private_files.write_file(given, f"{password}\n")
        self.account.own(given)
        try:
            self._initdb(unfinished, given)
        finally:
            given.unlink()
        unfinished.rename(self.data)
        private_files.sync_folder(self.home)

    def _locale(self) -> list[str]:
        """Upper and lower case for every script, where PostgreSQL brings that along itself."""
        if int(self.binary.major) < BUILTIN_LOCALES_SINCE:
            return ["--locale=C"]
        return ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]

    def _initdb(self, data: Path, password_file: Path) -> None:
        began = logs.size(self.log)
        arguments = ["--auth=scram-sha-256", f"--pwfile={password_file}", f"--username={OWNER}"]
        arguments += ["--encoding=UTF8", *self._locale(), f"--pgdata={data}"]
        arguments += ["--no-sync"] if "fsync" in self.settings else []
        with logs.opened(self.log) as log:
            done = subprocess.run(
                [self.binary.path.parent / "initdb", *arguments],
                stdout=log,
                stderr=log,
                env=processes.bare_environment(),
                check=False,
                **self.account.popen(),
            )
        if done.returncode:
            raise self._failure("initdb failed", since=began)

    # -- Running -----------------------------------------------------------------------------

    def _serve(self, password: str) -> str:
        for _ in range(PORT_TRIES):
            port = ports.kept(self.home / "port")
            try:
                self._launch(port)
            except _PortTaken:
                continue
            passwords = {name: self._password_of(role) for name, role in ROLES.items()}
            _create_database(port, password, passwords)
            self.urls = {"OWNER_DATABASE_URL": _url(OWNER, password, port)} | {
                name: _url(role, passwords[name], port) for name, role in ROLES.items()
            }
            return self.urls["DATABASE_URL"]
        raise PostgresFailed("PostgreSQL found no free port", log=logs.tail(self.log))

    def _launch(self, port: int) -> None:
        began = logs.size(self.log)
        settings = self.settings | {"port": str(port)}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        with logs.opened(self.log) as log:
            self._server = processes.spawn_apart(
                [self.binary.path, "-D", self.data, *options],
                output=log,
                dying=signal.SIGINT,
                env=processes.bare_environment(),
                **self.account.popen(),
            )
        processes.record(self.home / "pid", self._server.pid)
        self._wait_until_ready(self._server, began)

    def _wait_until_ready(self, server: subprocess.Popen[bytes], began: int) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self._says_ready():
            if server.poll() is not None:
                self._server = None
                if "Address already in use" in logs.tail(self.log, since=began):
                    raise _PortTaken
                raise self._failure("PostgreSQL did not start", since=began)
            if time.monotonic() > deadline:
                raise self._failure(
                    f"PostgreSQL was not ready after {START_SECONDS} s", since=began
                )
            time.sleep(0.02)

    def _says_ready(self) -> bool:
        """The eighth line of the pid file, as pg_ctl reads it."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) > 7 and lines[7].strip() == "ready"

    def _failure(self, what: str, *, since: int) -> PostgresFailed:
        said = logs.tail(self.log, since=since)
        return PostgresFailed(logs.cause(what, said, self.home), log=said)


def _url(role: str, password: str, port: int) -> str:
    return f"postgres://{role}:{password}@127.0.0.1:{port}/{DATABASE}"


def _create_database(port: int, password: str, passwords: Mapping[str, str]) -> None:
    wanted = [roles.Role(role, passwords[name]) for name, role in ROLES.items()]
    with psycopg.connect(
        host="127.0.0.1", port=port, user=OWNER, password=password, dbname="postgres"
    ) as connection:
        connection.autocommit = True
        known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
        if known.fetchone() is None:
            connection.execute(f"CREATE DATABASE {DATABASE}")
        roles.create_roles(connection, wanted)


def _end(server: subprocess.Popen[bytes], *, seconds: float) -> None:
    for signum in (signal.SIGQUIT, signal.SIGKILL):
        try:
            server.wait(seconds)
            return
        except subprocess.TimeoutExpired:
            server.send_signal(signum)
    server.wait()
