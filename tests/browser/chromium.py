"""The Chromium that the journeys run in: one on the machine, else Playwright's, else Debian's.

`python -m tests.browser.chromium` sees to it that there is one; without, the browser tests fail.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
#: Where Playwright keeps what it downloads, unless it is told otherwise.
CACHE = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH", Path.home() / ".cache/ms-playwright"))
SECONDS = 300


class NoChromium(RuntimeError):
    """There is none, and none could be had. The text says what was tried."""


def find() -> str | None:
    """The path of a Chromium; `CHROMIUM` in the environment comes first."""
    named = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    downloaded = sorted(CACHE.glob("chromium-*/chrome-linux*/chrome"))
    return named or (str(downloaded[-1]) if downloaded else None)


def require() -> str:
    """The same, having fetched one if need be. Raises NoChromium."""
    if found := find():
        return found
    tried = [_run(sys.executable, "-m", "playwright", "install", "chromium")]
    if not find() and shutil.which("apt-get") and os.geteuid() == 0:
        tried += [_run("apt-get", "update"), _run("apt-get", "install", "-y", "chromium")]
    if found := find():
        return found
    raise NoChromium(f"no Chromium on this machine; tried: {'; '.join(tried)}")


def _run(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, timeout=SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{' '.join(command[-3:])}: {error}"
    return f"{' '.join(command[-3:])}: exit {done.returncode}"


if __name__ == "__main__":
    try:
        print(f"Chromium: {require()}")
    except NoChromium as error:
        sys.exit(str(error))
