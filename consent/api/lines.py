"""Reading lines from a request of any length in constant memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

#: Bytes per read, and lines per batch.
CHUNK = 65_536
BATCH = 2_000
#: A longer line is cut just above this length, so that the caller can see that it is too long.
LONGEST = 10_000


class ByteSource(Protocol):
    def read(self, size: int) -> bytes: ...


def batch_lines(source: ByteSource) -> Iterator[list[tuple[int, bytes]]]:
    """Yield the numbered lines of *source*, counted from 1, up to `BATCH` at a time."""
    batch: list[tuple[int, bytes]] = []
    for number, line in enumerate(iterate_lines(source), start=1):
        if line.strip():
            batch.append((number, line))
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def iterate_lines(source: ByteSource) -> Iterator[bytes]:
    """Yield each line without its end. Of a line that is too long, yield only the beginning."""
    rest = b""
    while chunk := source.read(CHUNK):
        *whole, rest = (rest + chunk).split(b"\n")
        yield from whole
        # No more of an unfinished line is needed: it is already too long.
        rest = rest[: LONGEST + 1]
    yield rest
