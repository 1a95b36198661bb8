"""One launcher per folder. The kernel lets go of the lock when its holder dies, however it dies."""

import fcntl
import os
from pathlib import Path

from devstack import CannotRun


class Busy(CannotRun):
    """Another living process holds the lock."""

    def __init__(self, holder: str, purpose: str) -> None:
        super().__init__(f"already running as pid {holder}")
        self.purpose = purpose


class Lock:
    """An flock on a file that says who holds it, and for what."""

    def __init__(self, path: Path, *, purpose: str) -> None:
        self.path = path
        self.purpose = purpose
        self._handle: int | None = None

    def acquire(self) -> None:
        """Raises Busy."""
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            raise Busy(*_holder(self.path)) from None
        os.ftruncate(handle, 0)
        os.write(handle, f"{os.getpid()} {self.purpose}\n".encode())
        self._handle = handle

    def release(self) -> None:
        # The file stays: were it removed, two processes could hold locks on two files of one name.
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


def _holder(path: Path) -> tuple[str, str]:
    pid, _, purpose = path.read_text().strip().partition(" ")
    return pid or "unknown", purpose
