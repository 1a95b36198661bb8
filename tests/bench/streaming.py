"""Does a stream of any length need the same memory? `make bench-stream LINES=5000000`.

Starts the real web server, sends contacts with one hand, reads decisions with the other, and
watches how much memory each of the server's worker processes holds.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tqdm import tqdm

from tests.bench import load, memory, servers
from tests.bench.__main__ import SMALL
from tests.bench.databases import callers, filled

USUAL = 200_000  # lines
TICK = 0.1  # seconds between two looks at the memory
PIECE = 1_000_000  # bytes
SETTLED = 2.0  # seconds after the end
ABOUT = "purpose=marketing&channel=email"
END = b"}\n"  # of each answer


@dataclass(slots=True)
class Memory:
    """What each worker process held, in bytes, by its process id."""

    before: dict[int, int]
    most: dict[int, int] = field(default_factory=dict)
    after: dict[int, int] = field(default_factory=dict)

    def look(self) -> None:
        for pid in self.before:
            self.most[pid] = max(self.most.get(pid, 0), memory.resident(pid))

    def __str__(self) -> str:
        return "\n".join(
            f"  worker {number}: {_mb(self.before[pid])} before, {_mb(self.most[pid])} at most, "
            f"{_mb(self.after[pid])} after"
            for number, pid in enumerate(self.before, start=1)
        )


def _mb(size: int) -> str:
    return f"{size / 1e6:.1f} MB"


@contextmanager
def watched(port: int) -> Iterator[Memory]:
    seen = Memory({pid: memory.resident(pid) for pid in memory.workers(port)})
    over = threading.Event()

    def look() -> None:
        while not over.wait(TICK):
            seen.look()

    looking = threading.Thread(target=look)
    seen.look()
    looking.start()
    try:
        yield seen
    finally:
        over.set()
        looking.join()
    time.sleep(SETTLED)
    seen.after = {pid: memory.resident(pid) for pid in seen.before}


def stream(port: int, key: str, contacts: list[bytes], lines: int, *, show: bool = True) -> float:
    """Ask about *contacts*, over and over, in one stream of so many lines; the seconds it took.

    Raises:
        load.Refused
    """
    block = b"".join(contacts)
    rounds, rest = divmod(lines, len(contacts))
    tail = b"".join(contacts[:rest])
    began = time.perf_counter()
    with socket.create_connection(("127.0.0.1", port), timeout=load.PATIENCE) as client:
        client.sendall(_head(key, rounds * len(block) + len(tail)))

        def send() -> None:
            for _ in range(rounds):
                client.sendall(block)
            client.sendall(tail)

        sending = threading.Thread(target=send)
        sending.start()
        answered = _count(client, lines, show=show)
        sending.join()
    assert answered == lines, f"{answered:,} answers to {lines:,} lines"
    return time.perf_counter() - began


def _head(key: str, length: int) -> bytes:
    path = f"/api/v1/checks/stream?{ABOUT}"
    whole = load.request(path, b"?", bearer=key, media_type="application/x-ndjson")
    return whole.removesuffix(b"?").replace(b"Length: 1\r", b"Length: %d\r" % length)


def _count(client: socket.socket, lines: int, *, show: bool) -> int:
    answer = http.client.HTTPResponse(client)
    answer.begin()
    if answer.status != http.HTTPStatus.OK:
        raise load.Refused(answer.status, answer.read())
    found, last = 0, b""
    with tqdm(total=lines, unit=" lines", unit_scale=True, disable=not show) as shown:
        while piece := answer.read1(PIECE):
            # An end may be cut in two by the pieces.
            more = piece.count(END) + (last == END[:1] and piece[:1] == END[1:])
            found, last = found + more, piece[-1:]
            shown.update(more)
    return found


def run(lines: int, folder: Path, server: str) -> None:
    database = filled(server, SMALL)
    with servers.running(folder, {"small": database}, bare="small", workers=2) as ports:
        asking = callers(database)
        contacts = [json.dumps({"email": each}).encode() + b"\n" for each in asking["emails"]]
        # So that what a worker needs once, for a stream of any length, is there before.
        for _ in range(10):
            stream(ports["small"], asking["key"], contacts, len(contacts), show=False)
        with watched(ports["small"]) as seen:
            seconds = stream(ports["small"], asking["key"], contacts, lines)
    print(f"{lines:,} lines in {seconds:.1f} s: {lines / seconds:,.0f} lines/s")
    print(seen)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.streaming", description=__doc__)
    parser.add_argument("--lines", type=int, default=USUAL)
    parser.add_argument("--folder", type=Path, default=Path("var/bench"))
    chosen = parser.parse_args()
    run(chosen.lines, chosen.folder.resolve(), os.environ["DATABASE_URL"])


if __name__ == "__main__":
    main()
