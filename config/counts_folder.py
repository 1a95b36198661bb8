"""Where the web processes of one server share what they count (prometheus_client, multiprocess).

Whichever of them is asked for `/metrics` answers for all. Each writes to its own file, in a folder
of their server's process.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path


def prepare_folder(folder: Path) -> Path | None:
    """Return the folder, in *folder*, that this process shares with those of the same parent.

    None where nothing can be written: then each process answers for itself.
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
    """Delete the counts of servers that ended, and what processes that ended were doing.

    What such processes had counted stays until their server ends: a counter must not go down.
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
