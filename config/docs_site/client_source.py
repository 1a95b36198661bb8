"""The client's source, for `pip install …/docs/cmr-client.zip`: no registry has it."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from django.conf import settings

ROOT: Path = settings.BASE_DIR
FOLDER = ROOT / "client"
#: In the archive, as pip wants it: one folder with all of it.
NAME = "cmr-client"
#: For every file, so that the archive of the same source is the same, byte for byte.
MADE_AT = (2026, 1, 1, 0, 0, 0)


@cache
def archive() -> bytes:
    """A zip that pip builds and installs."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, file in sorted(_files()):
            info = zipfile.ZipInfo(f"{NAME}/{name}", MADE_AT)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, file.read_bytes())
    return written.getvalue()


def _files() -> Iterator[tuple[str, Path]]:
    yield "LICENSE", ROOT / "LICENSE"
    for name in ("pyproject.toml", "README.md"):
        yield name, FOLDER / name
    for file in (FOLDER / "src").rglob("*"):
        if file.suffix == ".py" or file.name == "py.typed":
            yield str(file.relative_to(FOLDER)), file
