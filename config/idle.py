"""Closes connections on which nothing moves, so that nobody holds a thread by doing nothing.

The web server waits without an end for a body that does not come, and for a client that does not
read, each time in one of its few threads. A WSGI application can interrupt neither, and is not
told which connection is its own; but the kernel knows which of them are quiet.
"""

from __future__ import annotations

import logging
import os
import socket
import struct
import threading
import time
from collections.abc import Iterator

log = logging.getLogger(__name__)

TICK = 1.0  # seconds; less where the limit is short
ESTABLISHED, CLOSE_WAIT, LISTEN = 1, 8, 10  # states in linux/tcp_states.h
# struct tcp_info of linux/tcp.h: the state, and how long ago data last left and last came.
LAST_SENT, LAST_RECEIVED, LENGTH = 44, 52, 104
INTERNET = (socket.AF_INET, socket.AF_INET6)


def watch(*, seconds: float) -> None:
    """From now on close every client's connection of this process that is quiet for so long."""
    threading.Thread(target=_watch, args=(seconds,), name="idle", daemon=True).start()


def _watch(seconds: float) -> None:
    while True:
        time.sleep(min(TICK, seconds / 10))
        try:
            close_quiet(seconds=seconds)
        except Exception:  # or nobody would watch until the next start
            log.exception("looking for quiet connections")


def close_quiet(*, seconds: float) -> int:
    """How many there were. Whoever waits for one of them is told by the server that it is gone."""
    ports = {each.getsockname()[1] for each in _sockets() if _state(each)[0] == LISTEN}
    closed = 0
    for each in _sockets():
        state, quiet = _state(each)
        # By its port a client's, and not ours to PostgreSQL or Redis.
        if state in (ESTABLISHED, CLOSE_WAIT) and quiet > seconds:
            closed += each.getsockname()[1] in ports and _shut(each)
    return closed


def _sockets() -> Iterator[socket.socket]:
    """This process's own TCP sockets, as duplicates: none can become another one meanwhile."""
    for name in os.listdir("/proc/self/fd"):
        try:
            duplicate = os.dup(int(name))
        except OSError:
            continue  # closed since it was listed
        try:
            found = socket.socket(fileno=duplicate)
        except OSError:  # not a socket
            os.close(duplicate)
            continue
        with found:
            if found.type == socket.SOCK_STREAM and found.family in INTERNET:
                yield found


def _state(of: socket.socket) -> tuple[int, float]:
    """The state, and for how many seconds no data went either way."""
    info = of.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, LENGTH)
    sent, received = (struct.unpack_from("=I", info, at)[0] for at in (LAST_SENT, LAST_RECEIVED))
    return info[0], min(sent, received) / 1000


def _shut(client: socket.socket) -> bool:
    try:
        client.shutdown(socket.SHUT_RDWR)
    except OSError:
        return False  # it ended by itself
    return True
