"""`var/run.env`: the secrets made once, and where the services are now."""

import os
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from pathlib import Path

from devstack import CannotRun, private_files

#: Made at the first start and kept. Without the pepper nobody can tell whose data is whose.
LOST_WITH_DATA = ("SECRET_KEY", "IDENTIFIER_PEPPER", "WEBHOOK_SECRETS_KEY")
#: Those that an installation of before may still lack are made when they are missed.
SECRETS = (
    *(*LOST_WITH_DATA, "LINKS_KEY", "RECEIPT_KEY", "CONTACT_HASHES_KEY"),
    *("SESSIONS_KEY", "SECOND_FACTOR_KEY"),
)
SECRET_BYTES = 32
HEADER = "# Written by devstack at each start. The secrets are kept: back this file up.\n"


def given() -> dict[str, str]:
    """The environment that we were started with; what is set to nothing counts as not set.

    Not os.environ: importing the package `config` may load the settings, which fill os.environ
    from run.env, and then our own services of yesterday would look like given ones.
    """
    initial = Path("/proc/self/environ")
    if not initial.exists():
        return {name: value for name, value in os.environ.items() if value}
    entries = os.fsdecode(initial.read_bytes()).split("\0")
    split = (entry.partition("=") for entry in entries)
    return {name: value for name, _, value in split if name and value}


class Unreadable(CannotRun):
    """The file is not what we write, so it is left alone: its secrets may still be rescued."""


class SecretsLost(CannotRun):
    """There is a database, but not the secrets that it was written with."""


def read(path: Path) -> dict[str, str]:
    """The values of a file of KEY=value lines; none if there is no file. Raises Unreadable."""
    if not path.exists():
        return {}
    lines = path.read_text(errors="replace").splitlines()
    said = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    if wrong := [number for number, line in enumerate(said, 1) if not _is_assignment(line)]:
        raise Unreadable(f"{path}: entry {wrong[0]} is not KEY=value; mend it or move it away")
    return {key: value for key, _, value in (line.partition("=") for line in said)}


def _is_assignment(line: str) -> bool:
    key, equals, _ = line.partition("=")
    return bool(equals) and key.isidentifier()


def write(path: Path, values: Mapping[str, str]) -> None:
    private_files.write_file(
        path, HEADER + "".join(f"{key}={value}\n" for key, value in values.items())
    )


def prepare(
    path: Path, *, has_data: bool, given: Mapping[str, str], **current: str
) -> dict[str, str]:
    """Writes the file with what it had, secrets where it has none, and `current` (URLs).

    A secret that is `given` is kept like one made here. Returns the file's values. Raises
    SecretsLost rather than make new secrets for an old database.
    """
    before = read(path)
    missing = [name for name in SECRETS if not before.get(name)]
    lost = [name for name in missing if name in LOST_WITH_DATA]
    if has_data and not given.keys() >= set(lost):
        raise SecretsLost(
            f"{path} lacks {', '.join(lost)}, which the database was written with. Put the "
            f"file back, or move {path.parent} away to begin anew."
        )
    made = {name: given.get(name) or _secret() for name in missing}
    values = before | made | {"CMR_ENVIRONMENT": "development"} | current
    if has_data and "SECOND_FACTOR_KEY" in missing:  # factors were encrypted with this one before
        values.setdefault("SECOND_FACTOR_OLD_KEYS", values["WEBHOOK_SECRETS_KEY"])
    write(path, values)
    return values


def _secret() -> str:
    return urlsafe_b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
