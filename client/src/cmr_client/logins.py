"""Address and key of the service: given, from the environment, or stored by `cmr login`."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

from cmr_client.problems import NotSignedIn


@dataclass(frozen=True)
class Login:
    url: str
    key: str = field(repr=False)


def chosen(url: str | None = None, key: str | None = None) -> Login:
    """Return the address and the key to use.

    They are given, or come from `CMR_URL` and `CMR_KEY`, or were stored by `cmr login`. A stored
    key is sent only to the service that it was stored for.

    Raises:
        NotSignedIn: the address or the key is missing.
    """
    found = load_login()
    url = _plain(url or os.environ.get("CMR_URL") or (found.url if found else ""))
    key = key or os.environ.get("CMR_KEY") or (found.key if found and found.url == url else "")
    if not url or not key:
        lacking = "key" if url else "address"
        raise NotSignedIn(
            "not_signed_in",
            f"There is no {lacking} to call with",
            f"no {lacking} to call with: give it, set CMR_URL and CMR_KEY, or run `cmr login`",
        )
    return Login(url, key)


def _plain(url: str) -> str:
    return url.rstrip("/").removesuffix("/api/v1")


def place() -> Path:
    """Return the path of the file of `cmr login`."""
    folder = os.environ.get("XDG_CONFIG_HOME")
    return (Path(folder) if folder else Path.home() / ".config") / "cmr" / "config.json"


def load_login() -> Login | None:
    """Return what `keep` stored, or None if there is no readable file."""
    try:
        said = json.loads(place().read_text())
        return Login(str(said["url"]), str(said["key"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def keep(login: Login) -> Path:
    """Store the address and the key, readable only by the owner. Return the file."""
    file = place()
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = file.with_suffix(f".{os.getpid()}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as writing:
        json.dump(asdict(Login(_plain(login.url), login.key)), writing)
    fresh.replace(file)
    return file


def forget() -> bool:
    """Delete the stored address and key. Return whether there were any."""
    try:
        place().unlink()
    except FileNotFoundError:
        return False
    return True
