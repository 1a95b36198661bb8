"""Who connected to whom, counted twice: by those who listen, and by Python's own audit."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from typing import Any


class StaysHome(OSError):
    """Beyond this machine, or at a port that is not ours: counted, and stopped."""


class Trap:
    """Listens on every address of this machine, and counts who comes."""

    def __init__(self) -> None:
        self._peers: list[tuple[str, int]] = []
        self._arrived = threading.Condition()
        self._listeners = [socket.create_server(("0.0.0.0", 0), backlog=128)]
        self.port: int = self._listeners[0].getsockname()[1]
        if socket.has_ipv6:
            self._listeners.append(
                socket.create_server(("::", self.port), family=socket.AF_INET6, backlog=128)
            )
        for listener in self._listeners:
            threading.Thread(target=self._count, args=(listener,), daemon=True).start()

    def _count(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, peer = listener.accept()
            except OSError:
                return
            with self._arrived:
                self._peers.append(peer[:2])
                self._arrived.notify_all()
            connection.close()

    def count(self) -> int:
        """How many came until now. A connection of our own shows that none is still in a queue."""
        for listener in self._listeners:
            host = "127.0.0.1" if listener.family == socket.AF_INET else "::1"
            with socket.create_connection((host, self.port)) as own:
                name = own.getsockname()[:2]
            with self._arrived:
                self._arrived.wait_for(lambda own=name: own in self._peers, timeout=60)  # type: ignore[misc]
                self._peers.remove(name)
        return len(self._peers)

    def close(self) -> None:
        for listener in self._listeners:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()


class Connects:
    """Every call of a socket's `connect` by whichever thread, while it is counted.

    What would leave this machine, or reach a port of another program on it, is stopped there.
    """

    def __init__(self) -> None:
        self.made: list[tuple[str, int]] = []
        self.ours: set[int] = set()
        self._counts = False

    @contextmanager
    def counted(self) -> Iterator[list[tuple[str, int]]]:
        """What was tried within."""
        made: list[tuple[str, int]] = []
        self.made = made
        self._counts = True
        try:
            yield made
        finally:
            self._counts = False

    def hear(self, event: str, args: tuple[Any, ...]) -> None:
        if event != "socket.connect" or not self._counts or not isinstance(args[1], tuple):
            return
        host, port = args[1][:2]
        self.made.append((host, port))
        if not (_is_here(host) and port in self.ours):
            raise StaysHome(f"{host} port {port}")


def _is_here(host: str) -> bool:
    ip = ip_address(host.partition("%")[0])
    mapped = getattr(ip, "ipv4_mapped", None) or ip
    return mapped.is_loopback or mapped.is_unspecified


#: One for the process: a hook of the audit stays for good.
CONNECTS = Connects()
sys.addaudithook(CONNECTS.hear)
