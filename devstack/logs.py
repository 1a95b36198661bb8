"""Log files: appended to by children, rotated when a start finds them big, quoted on failure."""

import shutil
from pathlib import Path
from typing import BinaryIO

ROTATE_AT = 10_000_000  # bytes
FULL = 100_000  # bytes free


def opened(path: Path) -> BinaryIO:
    """The file, ready to be handed to a child as its stdout and stderr."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > ROTATE_AT:
        path.replace(path.with_name(path.name + ".1"))
    return path.open("ab", buffering=0)


def size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def tail(path: Path, *, lines: int = 20, since: int = 0) -> str:
    """The last lines, of what was written after byte `since`."""
    if not path.exists():
        return ""
    with path.open("rb") as file:
        file.seek(max(since, size(path) - 64_000))
        text = file.read().decode(errors="replace")
    return "\n".join(text.splitlines()[-lines:])


def cause(what: str, said: str, folder: Path) -> str:
    """`what`, and that the disk is full if it is: the log may have had no room to say so."""
    if "No space left on device" in said or shutil.disk_usage(folder).free < FULL:
        return f"{what}: the disk that holds {folder} is full"
    return what
