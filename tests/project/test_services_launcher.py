"""The launcher's command line and its supervisor, as processes that are really signalled."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from devstack import environment, ports, processes, product
from devstack.interruptions import Interruptions, StopRequested
from devstack.steps import Step, StepFailed, Steps
from devstack.supervisor import KeepsDying, NeverReady, Process, Supervisor, end_leftovers

ROOT = Path(__file__).resolve().parents[2]
linux = pytest.mark.skipif(not processes.HAS_PROC, reason="looks into /proc")

#: What the launcher would take from a developer's shell, or from the `exec` that runs these tests.
INHERITED = (
    "DATABASE_URL",
    "OWNER_DATABASE_URL",
    "MAINTENANCE_DATABASE_URL",
    "REDIS_URL",
    "CMR_ENVIRONMENT",
    "PORT",
    *environment.SECRETS,
)
CLEAN = {name: value for name, value in os.environ.items() if name not in INHERITED}


# -- The supervisor ----------------------------------------------------------------------------

#: A shell that forks, as granian does: ending the leader is not enough. It prints when it is up.
FAMILY = ("/bin/sh", "-c", "sleep 600 & wait")

LAUNCHER = """
import sys
from pathlib import Path
from devstack.interruptions import Interruptions, StopRequested
from devstack.steps import Step, StepFailed, Steps
from devstack.supervisor import Process, Supervisor, end_leftovers
folder, *command = sys.argv[1:]
folder = Path(folder)
with Interruptions() as interruptions:
    end_leftovers(folder)
    supervisor = Supervisor(folder, {"PATH": "/usr/bin:/bin"})
    try:
        supervisor.start([Process("one", command), Process("two", command)])
        print("up", flush=True)
        supervisor.watch(interruptions)
    except StopRequested:
        pass
    finally:
        supervisor.stop()
"""


@contextlib.contextmanager
def background(argv: list[str], says: bytes = b"") -> Iterator["subprocess.Popen[bytes]"]:
    """A process that has said its line, and that a failing test does not wait for."""
    pipe = subprocess.PIPE
    with subprocess.Popen(argv, stdin=pipe, stdout=pipe, cwd=ROOT, env=CLEAN) as process:
        try:
            assert process.stdout
            assert not says or process.stdout.readline() == says
            yield process
        finally:
            process.kill()


def launcher(folder: Path) -> contextlib.AbstractContextManager["subprocess.Popen[bytes]"]:
    return background([sys.executable, "-c", LAUNCHER, str(folder), *FAMILY], b"up\n")


def families(folder: Path) -> list[int]:
    records = [folder / "pids" / name for name in ("one", "two")]
    leaders = [int(record.read_text().split()[0]) for record in records]
    assert processes.gone(
        lambda: any(len(processes.group(leader)) < 2 for leader in leaders), seconds=20
    )
    return leaders


def living(leaders: list[int]) -> list[int]:
    return [pid for leader in leaders for pid in processes.group(leader)]


@linux
@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_asked_to_stop_it_leaves_nobody(tmp_path: Path, signum: signal.Signals) -> None:
    with launcher(tmp_path) as process:
        leaders = families(tmp_path)
        process.send_signal(signum)
        assert process.wait(20) == 0
        assert living(leaders) == []
        assert list((tmp_path / "pids").iterdir()) == []


@linux
def test_after_its_own_kill_9_the_next_start_finds_the_rest(tmp_path: Path) -> None:
    with launcher(tmp_path) as process:
        leaders = families(tmp_path)
        process.kill()
        process.wait()
        assert processes.gone(lambda: set(leaders) & set(living(leaders)), seconds=20)
        assert len(living(leaders)) == 2  # the grandchildren, whom no signal reached
        assert end_leftovers(tmp_path) == 2
        assert living(leaders) == []


@linux
def test_a_record_of_an_earlier_process_with_this_pid_harms_nobody(tmp_path: Path) -> None:
    with background(["setsid", "sleep", "600"]) as innocent:
        record = tmp_path / "pids" / "web"
        processes.record(record, innocent.pid)
        pid, _, born = record.read_text().partition(" ")
        record.write_text(f"{pid} {born.partition('/')[0]}/1\n")
        assert end_leftovers(tmp_path) == 0
        assert innocent.poll() is None


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    made = Supervisor(tmp_path, dict(os.environ))
    yield made
    made.stop()


def test_what_keeps_dying_ends_the_watch_with_its_last_words(supervisor: Supervisor) -> None:
    supervisor.start([Process("steady", FAMILY), Process("frail", ["sh", "-c", "echo alas"])])
    with pytest.raises(KeepsDying, match=r"frail ended by itself \(exit code 0, 5 times") as end:
        supervisor.watch(Interruptions())
    assert end.value.log == "\n".join(["alas"] * 5)


def test_what_is_not_to_be_restarted_ends_the_watch(supervisor: Supervisor) -> None:
    supervisor.start([Process("once", ["sh", "-c", "exit 3"], restart=False)])
    with pytest.raises(KeepsDying, match=r"once ended by itself \(exit code 3\)"):
        supervisor.watch(Interruptions())


@linux
def test_one_death_is_made_good(supervisor: Supervisor, tmp_path: Path) -> None:
    supervisor.start([Process("one", FAMILY), Process("two", FAMILY)])
    first, other = families(tmp_path)
    os.kill(first, signal.SIGKILL)

    def not_back() -> bool:
        supervisor.attend()
        return int((tmp_path / "pids" / "one").read_text().split()[0]) == first

    assert processes.gone(not_back, seconds=20)
    assert living([first]) == []
    assert other in living([other])


def test_not_ready_in_time_shows_the_log(supervisor: Supervisor, tmp_path: Path) -> None:
    said = tmp_path / "log" / "mute.log"
    mute = Process("mute", ["sh", "-c", "echo listening; sleep 600"], ready=lambda: False)
    supervisor.start([mute])
    assert processes.gone(lambda: not said.read_text(), seconds=20)
    with pytest.raises(NeverReady, match="mute made no progress") as failure:
        supervisor.wait_until_ready(Interruptions(), seconds=0)
    assert failure.value.log == "listening"


#: Each gets on for far longer than the waiting lasts without progress, and then is ready.
LOGS = "for i in $(seq 24); do echo $i; sleep 0.5; done; touch {done}; sleep 600"
SPIN = "import time; end = time.monotonic() + 12\nwhile time.monotonic() < end: pass"
WORKS = f"{sys.executable} -c '{SPIN}'; touch {{done}}; sleep 600"


@linux
@pytest.mark.parametrize("script", [LOGS, WORKS])
def test_what_makes_progress_is_waited_for(
    script: str, supervisor: Supervisor, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    done = tmp_path / "done"
    argv = ["sh", "-c", script.format(done=done)]
    supervisor.start([Process("slow", argv, ready=done.exists)])
    supervisor.wait_until_ready(Interruptions(), seconds=8)
    assert "waiting for slow" in capsys.readouterr().out


@linux
def test_what_is_busy_for_ever_is_given_up(supervisor: Supervisor) -> None:
    busy = Process("busy", ["sh", "-c", "while :; do :; done"], ready=lambda: False)
    supervisor.start([busy])
    with pytest.raises(NeverReady, match="busy went on for"):
        supervisor.wait_until_ready(Interruptions(), seconds=600, at_most=1)


def test_a_stop_is_noticed_while_waiting(supervisor: Supervisor) -> None:
    supervisor.start([Process("mute", FAMILY, ready=lambda: False)])
    with Interruptions() as interruptions:
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(StopRequested, match="SIGTERM"):
            supervisor.wait_until_ready(interruptions, seconds=600)


# -- Steps -------------------------------------------------------------------------------------


def steps(folder: Path, manage: str, interruptions: Interruptions) -> Steps:
    (folder / "manage.py").write_text(manage)
    return Steps(folder, dict(os.environ), interruptions, working_directory=folder)


def test_a_failing_step_shows_what_it_said_this_time(tmp_path: Path) -> None:
    failing = steps(tmp_path, "import sys; sys.exit('newer: ' + sys.argv[2])", Interruptions())
    for attempt in ("1st", "2nd"):
        with pytest.raises(StepFailed, match=r"check .* failed \(exit code 1\)") as failure:
            failing.run(Step("Check", f"check {attempt}"))
        assert failure.value.log == f"newer: {attempt}"


def test_a_stop_ends_the_step(tmp_path: Path) -> None:
    with Interruptions() as interruptions:
        asks = "import os, signal, time; os.kill(os.getppid(), signal.SIGTERM); time.sleep(600)"
        with pytest.raises(StopRequested):
            steps(tmp_path, asks, interruptions).run(Step("Check", "check"))


# -- exec --------------------------------------------------------------------------------------


def services(*arguments: str | Path, **variables: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "devstack", *map(str, arguments)],
        cwd=ROOT,
        env=CLEAN | variables,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def var() -> Iterator[Path]:
    """One folder for all, as making a database takes the longest."""
    with tempfile.TemporaryDirectory(prefix="cmr-test-") as made:
        Path(made).chmod(0o755)
        yield Path(made)


ASKS_BOTH = (
    "import os, psycopg, redis;"
    "print(psycopg.connect(os.environ['DATABASE_URL']).execute('SHOW fsync').fetchone()[0],"
    "redis.Redis.from_url(os.environ['REDIS_URL']).ping(), os.environ['CMR_ENVIRONMENT'],"
    "all(map(os.environ.get, ('SECRET_KEY', 'IDENTIFIER_PEPPER', 'WEBHOOK_SECRETS_KEY'))))"
)


def test_exec_gives_a_command_its_services(var: Path) -> None:
    done = services("exec", "--folder", var, "--fast", "--", sys.executable, "-c", ASKS_BOTH)
    assert (done.returncode, done.stdout) == (0, "off True development True\n"), done.stderr
    assert "PostgreSQL 1" in done.stderr  # stdout is the command's


@linux
def test_exec_passes_the_exit_code_on_and_leaves_nothing_running(var: Path) -> None:
    done = services("exec", "--folder", var, "--fast", "--", "sh", "-c", "exit 42")
    assert done.returncode == 42
    assert processes.working_in(var / "postgres" / "data", names=("postgres",)) == []


def test_exec_leaves_given_services_alone(tmp_path: Path) -> None:
    given = {"DATABASE_URL": "postgres://elsewhere/db", "REDIS_URL": "redis://elsewhere/0"}
    shown = ("sh", "-c", "echo $DATABASE_URL $REDIS_URL")
    done = services("exec", "--folder", tmp_path, "--", *shown, **given)
    assert done.stdout == "postgres://elsewhere/db redis://elsewhere/0\n"
    assert environment.read(tmp_path / "run.env").items() >= given.items()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run.env", "run.lock"]


@linux
def test_exec_passes_signals_on_and_then_stops_the_services(var: Path) -> None:
    counts_to_term = "trap 'exit 9' TERM; echo up; while :; do sleep 0.1; done"
    argv = [sys.executable, "-m", "devstack", "exec", "--folder", str(var), "--fast"]
    with background([*argv, "--", "sh", "-c", counts_to_term], b"up\n") as process:
        second = services("exec", "--folder", var, "--fast", "--", "true")
        assert (second.returncode, "already running as pid" in second.stderr) == (1, True)
        process.terminate()
        assert process.wait(30) == 9
    assert processes.working_in(var / "postgres" / "data", names=("postgres",)) == []


def test_exec_joins_the_services_of_a_run(tmp_path: Path) -> None:
    environment.write(tmp_path / "run.env", {"REDIS_URL": "redis://of-the-run/0"})
    with held(tmp_path / "run.lock"):
        done = services("exec", "--folder", tmp_path, "--", "sh", "-c", "echo $REDIS_URL")
    assert (done.returncode, done.stdout) == (0, "redis://of-the-run/0\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run.env", "run.lock"]


@contextlib.contextmanager
def held(path: Path) -> Iterator[int]:
    """A lock that another process holds, as `run` does; yields its pid."""
    holds = (
        "import sys; from pathlib import Path; from devstack.lock import Lock;"
        "Lock(Path(sys.argv[1]), purpose='run').acquire(); print('held', flush=True); input()"
    )
    with background([sys.executable, "-c", holds, str(path)], b"held\n") as holder:
        yield holder.pid


def test_an_unknown_command_is_said(tmp_path: Path) -> None:
    given = {"DATABASE_URL": "postgres://elsewhere/db", "REDIS_URL": "redis://elsewhere/0"}
    done = services("exec", "--folder", tmp_path, "--", "no-such-command", **given)
    assert done.returncode == 1
    assert "Cannot run: no-such-command: No such file or directory" in done.stderr
    assert "Traceback" not in done.stderr


# -- run ---------------------------------------------------------------------------------------


def test_run_says_that_the_port_is_taken_before_it_starts_anything(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as somebody:
        port = somebody.getsockname()[1]
        done = services("run", "--folder", tmp_path, PORT=str(port))
    advice = f"port {port} is taken; choose another with PORT={port + 1} make run"
    assert (done.returncode, done.stderr) == (1, f"Cannot run: {advice}\n")
    assert [path.name for path in tmp_path.iterdir()] == ["run.lock"]


@pytest.mark.parametrize("port", ["web", "0", "65536"])
def test_run_refuses_what_is_no_port(tmp_path: Path, port: str) -> None:
    done = services("run", "--folder", tmp_path, PORT=port)
    assert done.returncode == 2
    assert f"{port!r} is not a port" in done.stderr


def test_run_says_that_it_runs_already(tmp_path: Path) -> None:
    with held(tmp_path / "run.lock") as pid:
        done = services("run", "--folder", tmp_path, "--port", str(ports.free()))
    assert (done.returncode, done.stderr) == (1, f"Cannot run: already running as pid {pid}\n")


def test_too_full_a_disk_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(product, "FREE_BYTES", 10**18)
    with pytest.raises(product.DiskFull, match="MB are free on the disk that holds"):
        product.check_disk(tmp_path)


def test_run_says_that_its_folder_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = services("run", "--folder", tmp_path / "file" / "var", "--port", str(ports.free()))
    assert done.returncode == 1
    assert "var cannot be made: Not a directory" in done.stderr
