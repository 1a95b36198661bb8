"""TCP ports on 127.0.0.1 that stay the same from start to start, unless somebody took them."""

import secrets
import socket
from pathlib import Path

#: Below Linux' ephemeral range (32768…): there, any outgoing connection could sit on our port.
CHOICE = range(20_000, 32_000)


def is_free(port: int) -> bool:
    """Whether a server could bind it now.

    Raises PermissionError for a port that this user may not bind (below 1024).
    """
    with socket.socket() as probe:
        # As servers do; else the TIME_WAIT left by the previous run would look like a squatter.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError:
            raise
        except OSError:
            return False
    return True


def free() -> int:
    return next(port for port in iter(lambda: secrets.choice(CHOICE), None) if is_free(port))


def kept(path: Path) -> int:
    """The port that the file names; another one, written there, if it is none or taken."""
    text = path.read_text().strip() if path.exists() else ""
    if text.isdigit() and int(text) in CHOICE and is_free(int(text)):
        return int(text)
    port = free()
    path.write_text(f"{port}\n")
    return port
