"""Imports of people and their consents from files of any size."""

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
    """Imports: create one, upload its file, start it, wait for it, and list the rejected rows."""

    @Operation
    def create(
        self, *, note: str, webhooks: bool = False, idempotency_key: str | None = None
    ) -> Call[Import]:
        """Create an import.

        `note` says how these relationships came about; the people will read it. With `webhooks`,
        each row is delivered like a change of today.
        """
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
        """Upload a CSV or NDJSON file in parts. `progress` receives the bytes of each part.

        After an interruption, upload it again: parts that the service has are skipped.

        Raises:
            ValueError: neither the file's name nor `media` tells the format.
        """
        path = Path(file)
        return _upload(import_id, path, media or parts.media_of(path), part_bytes, progress)

    @Operation
    def put_part(self, import_id: str, number: int, content: bytes, *, media: str) -> Call[Part]:
        """Upload one part: a whole file, with headings if it is CSV."""
        return _put_part(import_id, number, content, media)

    @Operation
    def start(self, import_id: str) -> Call[Import]:
        """Start the import after all parts are uploaded."""
        return post(f"imports/{import_id}/start", Import, again=True)

    @Operation
    def get(self, import_id: str) -> Call[Import]:
        """Return the progress and the results of an import."""
        return _get(import_id)

    @Operation
    def wait(
        self, import_id: str, *, every: float = 1.0, progress: ReportImport | None = None
    ) -> Steps[Import]:
        """Wait until the import has ended, and poll every `every` seconds."""
        return _wait(import_id, every, progress)

    @Operation
    def cancel(self, import_id: str) -> Call[None]:
        """Cancel an import. Rows that are already applied remain."""
        return delete(f"imports/{import_id}")

    def list(self) -> Items[Import, K]:
        """List your imports, newest first."""
        return Items(self._transport, pages("imports", Import))

    def exceptions(self, import_id: str) -> Items[BadRow, K]:
        """List the rows that were not applied, with the reasons."""
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
