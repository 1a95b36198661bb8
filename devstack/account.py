"""The user that PostgreSQL runs as: ourselves, or, since it refuses root, somebody who exists."""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devstack import CannotRun

INSTEAD_OF_ROOT = ("postgres", "nobody")


class NoAccount(CannotRun):
    """Root, and neither of the usual users exists."""


@dataclass(frozen=True)
class Account:
    name: str
    uid: int
    gid: int

    def popen(self) -> dict[str, Any]:
        """Arguments with which subprocess starts a program as this user."""
        # PostgreSQL 15 looks up its working directory, which must be one that this user may enter.
        where: dict[str, Any] = {"cwd": "/"}
        if os.geteuid() == self.uid:
            return where
        return where | {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, path: Path) -> None:
        if os.geteuid() == 0:
            os.chown(path, self.uid, self.gid)

    def reaches(self, folder: Path) -> bool:
        """Whether this user may pass through every parent; tried, since bits do not show ACLs."""
        return self._succeeds(["/bin/sh", "-c", 'cd "$0"', str(folder)])

    def runs(self, program: Path) -> bool:
        """Whether this user can start the program, and so reaches its libraries too."""
        try:
            return self._succeeds([str(program), "--version"])
        except PermissionError:
            return False

    def _succeeds(self, argv: list[str]) -> bool:
        return not subprocess.run(argv, capture_output=True, check=False, **self.popen()).returncode


def server_account(data: Path) -> Account:
    """Who runs the server: the owner of its data if there is any. Raises NoAccount."""
    if os.geteuid() != 0:
        return _by_uid(os.geteuid())
    if data.exists() and data.stat().st_uid != 0:
        return _by_uid(data.stat().st_uid, gid=data.stat().st_gid)
    for name in INSTEAD_OF_ROOT:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    raise NoAccount(
        "PostgreSQL does not run as root, and there is neither a user postgres nor nobody. "
        "Run as an ordinary user, or set DATABASE_URL."
    )


def _by_uid(uid: int, gid: int | None = None) -> Account:
    """Containers run as uids that have no entry; PostgreSQL itself does not mind once it has -U."""
    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:
        name = str(uid)
    return Account(name, uid, os.getegid() if gid is None else gid)
