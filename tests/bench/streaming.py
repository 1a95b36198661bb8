"""How much memory a stream of very many lines takes: `python -m tests.bench.streaming --lines N`.

One thread sends, another reads, and the memory of every web process is looked at before, all the
time, and after.
"""

from __future__ import annotations

import argparse
import http.client
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tqdm import tqdm

from config.services import processes
from tests.bench import servers
from tests.bench.databases import callers, filled

PREFERENCES = 200_000
AT_ONCE = 5_000  # lines
EVERY = 0.2  # seconds
MEGABYTE = 1_000_000


def resident(pid: int) -> int:
    """Bytes of the process that are in memory."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Watch:
    """The memory of some processes: at first, at most, and now."""

    def __init__(self, pids: list[int]) -> None:
        self.first = {pid: resident(pid) for pid in pids}
        self.most = dict(self.first)

    def look(self) -> dict[int, int]:
        now = {pid: resident(pid) for pid in self.first}
        self.most = {pid: max(now[pid], most) for pid, most in self.most.items()}
        return now

    @contextmanager
    def all_the_time(self) -> Iterator[None]:
        over = threading.Event()

        def watch() -> None:
            while not over.wait(EVERY):
                self.look()

        watching = threading.Thread(target=watch)
        watching.start()
        try:
            yield
        finally:
            over.set()
            watching.join()


def ask(port: int, key: str, emails: list[str], lines: int) -> float:
    """Stream so many questions through; the seconds it took."""
    some = b"".join(b'{"email":"%b"}\n' % emails[n % len(emails)].encode() for n in range(AT_ONCE))
    with socket.create_connection(("127.0.0.1", port), timeout=60) as line:
        sending = threading.Thread(target=_send, args=(line, key, some, lines // AT_ONCE))
        began = time.monotonic()
        sending.start()
        answer = http.client.HTTPResponse(line)
        answer.begin()
        assert answer.status == http.HTTPStatus.OK, answer.read()
        count = sum(1 for _ in tqdm(answer, total=lines, unit="line", unit_scale=True))
        sending.join()
    assert count == lines, f"{count} answers to {lines} lines"
    return time.monotonic() - began


def _send(line: socket.socket, key: str, some: bytes, times: int) -> None:
    head = (
        "POST /api/v1/checks/stream?purpose=marketing&channel=email HTTP/1.1\r\n"
        f"Host: 127.0.0.1\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: application/x-ndjson\r\nContent-Length: {len(some) * times}\r\n\r\n"
    )
    line.sendall(head.encode())
    for _ in range(times):
        line.sendall(some)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=5_000_000)
    parser.add_argument("--folder", type=Path, default=Path("var/bench"))
    chosen = parser.parse_args()
    lines = chosen.lines // AT_ONCE * AT_ONCE
    database = filled(os.environ["DATABASE_URL"], PREFERENCES)
    folder = chosen.folder.resolve()
    with servers.running(folder, {"large": database}, bare="large") as ports:
        known = callers(database)
        for _ in range(8):  # until every thread has its connection
            ask(ports["large"], known["key"], known["emails"], AT_ONCE)
        leader = processes.recorded(folder / "pids" / "large")
        assert leader is not None
        watch = Watch(processes.group(leader))
        with watch.all_the_time():
            seconds = ask(ports["large"], known["key"], known["emails"], lines)
        after = watch.look()
    print(f"{lines:,} lines in {seconds:.0f} s: {lines / seconds:,.0f} lines/s")
    for pid in watch.first:
        sizes = (watch.first[pid], watch.most[pid], after[pid])
        before, most, end = (f"{size / MEGABYTE:.1f}" for size in sizes)
        print(f"web process {pid}: {before} MB before, {most} MB at most, {end} MB after")


if __name__ == "__main__":
    main()
