"""Importing people and their consents from files of any size."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

from cmr_client import parts
from cmr_client.answers import BadRow, Import, Part
from cmr_client.calls import Call, Step, delete, get, json, key_or_new, pages, post
from cmr_client.transports import Group, Items, K, Operation, Steps

Report = Callable[[int], object]
ReportImport = Callable[[Import], object]


class Imports(Group[K]):
    """Begin one, upload its file, start it, wait for it, and see what was not taken."""

    @Operation
    def create(
        self, *, note: str, webhooks: bool = False, idempotency_key: str | None = None
    ) -> Call[Import]:
        """Begin one. `note` is how you came by these people, in words they read; with `webhooks`
        each row is told like a change of today."""
        said = {"note": note, "webhooks": webhooks}
        return post("imports", Import, said, key=key_or_new(idempotency_key))

    @Operation
    def upload(
        self,
        import_id: str,
        file: Path | str,
        *,
        media: str | None = None,
        part_bytes: int = parts.USUAL_BYTES,
        progress: Report | None = None,
    ) -> Steps[list[Part]]:
        """Send a CSV or NDJSON file in parts; `progress` hears of the bytes of each.

        After an interruption do the same again: what the service has, it takes for a repeat.

        Raises:
            ValueError: the file's name does not say what it is, nor does `media`.
        """
        path = Path(file)
        return _upload(import_id, path, media or parts.media_of(path), part_bytes, progress)

    @Operation
    def put_part(self, import_id: str, number: int, content: bytes, *, media: str) -> Call[Part]:
        """Send one part: a whole file, with its headings where it is CSV."""
        return _put_part(import_id, number, content, media)

    @Operation
    def start(self, import_id: str) -> Call[Import]:
        """Have it applied, once all parts are there."""
        return post(f"imports/{import_id}/start", Import, again=True)

    @Operation
    def get(self, import_id: str) -> Call[Import]:
        """How far it is, and what came of it."""
        return _get(import_id)

    @Operation
    def wait(
        self, import_id: str, *, every: float = 1.0, progress: ReportImport | None = None
    ) -> Steps[Import]:
        """Wait until it is over, looking `every` so many seconds."""
        return _wait(import_id, every, progress)

    @Operation
    def cancel(self, import_id: str) -> Call[None]:
        """Call it off. What was applied stays."""
        return delete(f"imports/{import_id}")

    def list(self) -> Items[Import, K]:
        """All of yours, newest first."""
        return Items(self._transport, pages("imports", Import))

    def exceptions(self, import_id: str) -> Items[BadRow, K]:
        """The rows that were not taken, and why."""
        return Items(self._transport, pages(f"imports/{import_id}/exceptions", BadRow))


def _get(import_id: str) -> Call[Import]:
    return get(f"imports/{import_id}", Import)


def _put_part(import_id: str, number: int, content: bytes, media: str) -> Call[Part]:
    return Call(
        method="PUT",
        path=f"imports/{import_id}/parts/{number}",
        read=json(Part),
        content=content,
        media=media,
        again=True,
        seconds=300.0,
    )


def _upload(
    import_id: str, path: Path, media: str, size: int, progress: Report | None
) -> Generator[Step, Any, list[Part]]:
    sent: list[Part] = []
    with path.open("rb") as file:
        for number, content in enumerate(parts.split(file, media=media, size=size), start=1):
            sent.append((yield from _put_part(import_id, number, content, media)))
            if progress:
                progress(len(content))
    return sent


def _wait(
    import_id: str, every: float, progress: ReportImport | None
) -> Generator[Step, Any, Import]:
    while True:
        job = yield from _get(import_id)
        if progress:
            progress(job)
        if job.is_over:
            return job
        yield float(every)
