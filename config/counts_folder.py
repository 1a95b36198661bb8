"""The folder in which the web processes of one server share their metrics.

It is for prometheus_client's multiprocess mode: any of them can answer `/metrics` for all. Each
process writes to its own file, in a folder of their server's process.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path


def prepare_folder(folder: Path) -> Path | None:
    """Return the folder within *folder* that this process shares with its sibling processes.

    Return None if it cannot be written; then each process reports only its own metrics.
    """
    own = folder / str(os.getppid())
    try:
        own.mkdir(parents=True, exist_ok=True)
        _delete_ended(folder, own)
    except OSError as error:
        print(f"/metrics counts each web process by itself: {error}", file=sys.stderr)  # noqa: T201
        return None
    return own


def _delete_ended(folder: Path, own: Path) -> None:
    """Delete the metrics of ended servers, and the live gauges of ended processes.

    Counters of ended processes stay until their server ends, because they must not decrease.
    """
    for each in folder.iterdir():
        if each.name.isdecimal() and not _is_alive(int(each.name)):
            shutil.rmtree(each, ignore_errors=True)
    for file in own.glob("gauge_live*_*.db"):
        pid = file.stem.rpartition("_")[2]
        if pid.isdecimal() and (int(pid) == os.getpid() or not _is_alive(int(pid))):
            file.unlink(missing_ok=True)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):  # no process has so large a number
        return False
    except PermissionError:
        return True
    return True
