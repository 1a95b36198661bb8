"""`python -m devstack run`, the whole product, and `exec -- COMMAND`, a command with the
services up."""

import argparse
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from core.binaries import BinaryNotFound
from devstack import CannotRun, environment, processes, product
from devstack.backing import BackingServices
from devstack.interruptions import Interruptions, StopRequested
from devstack.lock import Busy, Lock
from devstack.progress import say, stage
from devstack.steps import Steps
from devstack.supervisor import Supervisor, end_leftovers

FOLDER = product.ROOT / "var"


class FolderUnusable(CannotRun):
    """The folder for everything that is kept cannot be made or written."""


def main(arguments: list[str] | None = None) -> int:
    chosen = _parser().parse_args(arguments)
    try:
        return run(chosen.folder, chosen.port) if chosen.do == "run" else execute(chosen)
    except CannotRun as problem:
        _explain(str(problem), problem.log)
    except BinaryNotFound as problem:
        _explain(str(problem), "")
    except OSError as problem:
        _explain(f"{problem.filename or 'system'}: {problem.strerror or problem}", "")
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m devstack", description=__doc__)
    commands = parser.add_subparsers(dest="do", required=True)
    whole = commands.add_parser("run", help="the whole product, until Ctrl-C")
    whole.add_argument("--port", type=_port, default=os.environ.get("PORT") or "8000")
    whole.add_argument("--folder", type=Path, default=FOLDER, help="where everything is kept")
    one = commands.add_parser("exec", help="one command with PostgreSQL and Valkey up")
    one.add_argument("--folder", type=Path, default=FOLDER, help="where everything is kept")
    one.add_argument("--fast", action="store_true", help="for tests: no fsync")
    one.add_argument("command", nargs="+", metavar="COMMAND", help="after --")
    return parser


def _port(text: str) -> int:
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port (1 to 65535)")
    return int(text)


def _explain(message: str, log: str) -> None:
    with contextlib.suppress(OSError):
        print(f"Cannot run: {message}", file=sys.stderr)
        if log:
            print("\n".join(f"  | {line}" for line in log.splitlines()), file=sys.stderr)


# -- run ---------------------------------------------------------------------------------------


def run(folder: Path, port: int) -> int:
    """The whole product until asked to stop, which is success. Raises CannotRun errors."""
    folder = _usable(folder)
    with _locked(folder, "run"), Interruptions() as interruptions:
        if ended := end_leftovers(folder):
            say(f"Ended {ended} processes that an earlier run left behind.")
        product.check_disk(folder)
        product.check_port(port)
        services = BackingServices(folder)
        interruptions.kill = services.kill
        with _stopping(services), contextlib.suppress(StopRequested):
            variables = services.start() | product.variables(port, folder)
            interruptions.check()
            _run(folder, port, variables, services, interruptions)
    say("Stopped.")
    return 0


def _run(
    folder: Path,
    port: int,
    variables: Mapping[str, str],
    services: BackingServices,
    interruptions: Interruptions,
) -> None:
    """Steps, then processes, then the main job, and then it stays. Raises StopRequested."""
    steps = Steps(folder, variables, interruptions, working_directory=product.ROOT)
    supervisor = Supervisor(folder, variables, working_directory=product.ROOT, also=services.revive)

    def kill() -> None:
        steps.kill()
        supervisor.kill()
        services.kill()

    interruptions.kill = kill
    with steps.beside(product.DOCUMENTATION):
        for step in product.STEPS:
            steps.run(step)
    try:
        with stage("Web and workers"):
            supervisor.start(product.processes(port, folder))
            supervisor.wait_until_ready(interruptions, seconds=product.READY_SECONDS)
        steps.show(product.MAIN_JOB, meanwhile=supervisor.attend)
        say(f"CMR runs at http://127.0.0.1:{port} (logs in {folder / 'log'}). Ctrl-C stops it.")
        supervisor.watch(interruptions)
    finally:
        say("Stopping …")
        supervisor.stop()


# -- exec --------------------------------------------------------------------------------------


def execute(chosen: argparse.Namespace) -> int:
    """Returns the command's exit code, as a shell would. Raises CannotRun errors.

    In the folder of a running `run` it uses the services that are there, and leaves them.
    """
    folder = _usable(chosen.folder)
    with Interruptions() as interruptions:
        try:
            with _locked(folder, "exec"):
                return _with_services(folder, chosen, interruptions)
        except Busy as busy:
            if busy.purpose != "run":
                raise
        return _foreground(chosen.command, _shared(folder), interruptions)


def _with_services(folder: Path, chosen: argparse.Namespace, interruptions: Interruptions) -> int:
    services = BackingServices(folder, fast=chosen.fast)
    # The command's stdout is the command's: what we say goes to stderr.
    with contextlib.redirect_stdout(sys.stderr), _stopping(services):
        variables = services.start()
        if interruptions.first is not None:
            return 128 + interruptions.first
        return _foreground(chosen.command, variables, interruptions)


def _shared(folder: Path) -> dict[str, str]:
    return environment.read(folder / "run.env") | environment.given()


def _foreground(
    command: list[str], variables: Mapping[str, str], interruptions: Interruptions
) -> int:
    """Runs it on our terminal, in our process group, and passes signals on."""
    try:
        child = processes.spawn(command, env=variables)
    except OSError as problem:
        raise CannotRun(f"{command[0]}: {problem.strerror}") from None
    interruptions.forward = lambda signum: _pass_on(child, signum)
    if interruptions.first is not None:
        _pass_on(child, interruptions.first)
    code = child.wait()
    interruptions.forward = None
    return code if code >= 0 else 128 - code


def _pass_on(child: "subprocess.Popen[bytes]", signum: int) -> None:
    # A Ctrl-C in the terminal reaches the whole group, so the child has it already.
    if signum != signal.SIGINT or not _in_foreground():
        child.send_signal(signum)


def _in_foreground() -> bool:
    try:
        return os.tcgetpgrp(0) == os.getpgrp()
    except OSError:
        return False


# -- both --------------------------------------------------------------------------------------


def _usable(folder: Path) -> Path:
    """The folder, made if need be. Raises FolderUnusable."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise FolderUnusable(f"{folder} cannot be made: {problem.strerror}") from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise FolderUnusable(f"{folder} is not writable for this user")
    return folder.resolve()


@contextlib.contextmanager
def _locked(folder: Path, purpose: str) -> Iterator[None]:
    """Raises Busy."""
    lock = Lock(folder / "run.lock", purpose=purpose)
    lock.acquire()
    try:
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def _stopping(services: BackingServices) -> Iterator[None]:
    try:
        yield
    finally:
        services.stop()


if __name__ == "__main__":
    sys.exit(main())
