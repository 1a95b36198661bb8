"""The worker processes of the web server at a port, and how much memory they hold."""

from __future__ import annotations

from pathlib import Path

LISTENING = "0A"  # as /proc/net/tcp writes it


def workers(port: int) -> list[int]:
    """Their process ids. The process that only starts them listens to nothing."""
    listening = _inodes(local=port)
    return sorted(pid for pid in _pids() if _sockets(pid) & listening)


def worker_of(client_port: int, among: list[int]) -> int | None:
    """Which of them has taken the connection that comes from *client_port*."""
    wanted = _inodes(remote=client_port)
    return next((pid for pid in among if _sockets(pid) & wanted), None)


def resident(pid: int) -> int:
    """Bytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) * 1024


def _pids() -> list[int]:
    return [int(path.name) for path in Path("/proc").glob("[0-9]*")]


def _inodes(*, local: int | None = None, remote: int | None = None) -> set[str]:
    """Of the sockets that listen at *local*, or whose other end is at *remote*."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {
        row[9]
        for row in rows
        if (_port(row[1]) == local and row[3] == LISTENING) or _port(row[2]) == remote
    }


def _port(address: str) -> int:
    return int(address.partition(":")[2], 16)


def _sockets(pid: int) -> set[str]:
    """The inodes of a process's sockets; none of one that ended, or that is not ours to look at."""
    found = set()
    for path in _listed(Path(f"/proc/{pid}/fd")):
        try:
            target = str(path.readlink())
        except OSError:
            continue
        if target.startswith("socket:["):
            found.add(target[8:-1])
    return found


def _listed(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []
