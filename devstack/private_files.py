"""Small files that only their owner may read, replaced whole or not at all."""

import os
import secrets
from pathlib import Path


def write_file(path: Path, text: str) -> None:
    """Replaces the file's content, mode 600. After a crash there is the old text or the new."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Makes the rename itself survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read_or_create_password(path: Path) -> str:
    """Return the password in the file. If there is none, write a new one."""
    if not path.exists():
        write_file(path, secrets.token_urlsafe(24) + "\n")
    return path.read_text().strip()
