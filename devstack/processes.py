"""Processes as the system sees them: whose they are, how they end, what was left behind.

Note: leftovers. A launcher that is killed with SIGKILL cannot clean up. On Linux its children get a
signal then (`spawn`), but their own children (granian's workers) may not. So every child
is recorded with its start time, and the next start ends what is left of the recorded groups. The
start time tells a leftover from an unrelated process that got the same pid since.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from devstack import private_files

PROC = Path("/proc")
HAS_PROC = (PROC / "self" / "stat").exists()
PR_SET_PDEATHSIG = 1

# Loaded here and not between fork and exec, where a lock held by nobody could be waited for.
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def spawn(
    argv: Sequence[str | Path], *, dying: signal.Signals = signal.SIGTERM, **options: Any
) -> subprocess.Popen[bytes]:
    """A child that gets the signal `dying` when we die, also by SIGKILL (Linux only).

    `options` are Popen's. The launcher has no threads, which is what makes preexec_fn safe.
    """
    return subprocess.Popen(argv, preexec_fn=_dies_with_us(dying), **options)  # noqa: PLW1509


def spawn_apart(
    argv: Sequence[str | Path], *, output: BinaryIO | None, **options: Any
) -> subprocess.Popen[bytes]:
    """The same in a session of its own, which no Ctrl-C in our terminal reaches."""
    return spawn(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        start_new_session=True,
        **options,
    )


def bare_environment() -> dict[str, str]:
    """For servers: none of our secrets nor of PostgreSQL's variables, and messages in English."""
    kept = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
    return {name: os.environ[name] for name in kept if name in os.environ} | {"LC_ALL": "C"}


def _dies_with_us(signum: signal.Signals) -> Callable[[], None]:
    """Python changes the user before it calls this; changing it afterwards would undo this."""
    parent = os.getpid()

    def ask_the_kernel() -> None:
        if _libc is not None:
            _libc.prctl(PR_SET_PDEATHSIG, int(signum), 0, 0, 0)
            if os.getppid() != parent:  # we died in between, so nobody would send it any more
                os._exit(1)

    return ask_the_kernel


def birth(pid: int) -> str | None:
    """When the process started, in a form that no other process has. None if it is not there."""
    if HAS_PROC:
        fields = _stat(pid)
        boot = PROC / "sys" / "kernel" / "random" / "boot_id"
        return f"{boot.read_text().strip()}/{fields[19]}" if fields else None
    asked = ["ps", "-o", "lstart=", "-p", str(pid)]
    shown = subprocess.run(asked, capture_output=True, text=True, check=False)
    return shown.stdout.strip().replace(" ", "-") or None


def _stat(pid: int) -> list[str]:
    """Linux: state, parent, group, session … (proc_pid_stat(5) from field 3 on)."""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def work_done(leader: int) -> int:
    """Linux: the CPU time of the group's living members, in ticks: it grows while they work."""
    stats = [_stat(pid) for pid in group(leader)] if HAS_PROC else []
    return sum(int(stat[11]) + int(stat[12]) for stat in stats if stat)


def _pids() -> list[int]:
    return [int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit()]


def group(leader: int) -> list[int]:
    """The living members of the process group; zombies do not count."""
    if not HAS_PROC:
        return [leader] if birth(leader) else []
    states = {pid: _stat(pid) for pid in _pids()}
    return [
        pid for pid, stat in states.items() if stat and stat[2] == str(leader) and stat[0] != "Z"
    ]


def working_in(folder: Path, *, names: Iterable[str]) -> list[int]:
    """Linux: the processes of these names whose working directory is the folder."""
    if not HAS_PROC:
        return []
    found = []
    for pid in _pids():
        with contextlib.suppress(OSError):
            if (PROC / str(pid) / "comm").read_text().strip() in names:
                found += [pid] if (PROC / str(pid) / "cwd").samefile(folder) else []
    return found


def send(pids: Iterable[int], signum: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signum)


def send_group(leader: int, signum: signal.Signals) -> None:
    # PermissionError is macOS' answer for a group of zombies.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signum)


def gone(living: Callable[[], object], *, seconds: float) -> bool:
    """Waits until `living()` is empty or false. Whether that came about in time."""
    deadline = time.monotonic() + seconds
    while living():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def record(path: Path, pid: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    private_files.write_file(path, f"{pid} {birth(pid)}\n")


def recorded(path: Path) -> int | None:
    """The recorded process, as leader of its group, if any of the group lives."""
    pid, _, born = path.read_text().strip().partition(" ") if path.exists() else ("", "", "")
    if not pid.isdigit() or not _same_boot(born):
        return None
    # A dead leader's pid is not given out again while its group lives (kernel), so a pid that
    # lives with another start time means that the group is gone.
    return int(pid) if birth(int(pid)) in (born, None) and group(int(pid)) else None


def _same_boot(born: str) -> bool:
    now = birth(os.getpid()) or ""
    return born.partition("/")[0] == now.partition("/")[0] if HAS_PROC else True


def end_recorded(path: Path, *, grace: float = 3.0) -> bool:
    """Ends what is left of a recorded group: SIGTERM, then SIGKILL. Whether there was anything."""
    leader = recorded(path)
    if leader is not None:
        send_group(leader, signal.SIGTERM)
        if not gone(lambda: group(leader), seconds=grace):
            send_group(leader, signal.SIGKILL)
            gone(lambda: group(leader), seconds=grace)
    path.unlink(missing_ok=True)
    return leader is not None
