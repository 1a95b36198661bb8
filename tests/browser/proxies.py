"""A proxy that keeps all that a browser sends, so that a test can search it."""

from __future__ import annotations

import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class LoggingProxy:
    """Passes connections on to a server on this machine, and keeps the bytes that go there."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://localhost:{self._listener.getsockname()[1]}"
        self._sent: list[bytearray] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def sent(self) -> bytes:
        """What was sent so far, one connection after the other."""
        return b"\n".join(bytes(each) for each in self._sent)

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                kept = bytearray()
                self._sent.append(kept)
                threading.Thread(target=self._pass_on, args=(client, kept), daemon=True).start()

    def _pass_on(self, client: socket.socket, kept: bytearray) -> None:
        with (
            client,
            socket.create_connection(("127.0.0.1", self._target)) as server,
            suppress(OSError),
        ):
            others = {client: server, server: client}
            while True:
                for ready in select.select(list(others), [], [])[0]:
                    piece = ready.recv(65_536)
                    if not piece:
                        return
                    if ready is client:
                        kept += piece
                    others[ready].sendall(piece)


@contextmanager
def log_requests(url: str) -> Iterator[LoggingProxy]:
    """Run a proxy before the server at *url*."""
    proxy = LoggingProxy(int(url.rpartition(":")[2].rstrip("/")))
    try:
        yield proxy
    finally:
        proxy.close()
