"""The Python client's source as an archive, for `pip install …/docs/cmr-client.zip`."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from django.conf import settings

ROOT: Path = settings.BASE_DIR
FOLDER = ROOT / "client"
#: The packages of the archive: the client, and the reading of mailboxes that `cmr scan` uses.
PACKAGES = (FOLDER / "src" / "cmr_client", ROOT / "mailbox_reader")
#: pip expects one folder that contains everything.
NAME = "cmr-client"
#: The same time for every file, so that the same source gives the same bytes.
MADE_AT = (2026, 1, 1, 0, 0, 0)


@cache
def build_archive() -> bytes:
    """Return a zip that pip can build and install."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, file in sorted(_list_files()):
            info = zipfile.ZipInfo(f"{NAME}/{name}", MADE_AT)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, file.read_bytes())
    return written.getvalue()


def _list_files() -> Iterator[tuple[str, Path]]:
    yield "LICENSE", ROOT / "LICENSE"
    for name in ("pyproject.toml", "README.md"):
        yield name, FOLDER / name
    for package in PACKAGES:
        for file in package.rglob("*"):
            if file.suffix == ".py" or file.name == "py.typed":
                yield f"src/{file.relative_to(package.parent)}", file
