"""`make bench-mailbox`: a mailbox read in Chromium and uploaded, beside a bare loop over the file.

The bare loop finds each mail by its separator and parses its headers with the standard library's
`BytesHeaderParser`. The browser reads the file, sends what it found to the product's own web
server, and waits until everything is recorded. With `--upload` it does so once more without
JavaScript, so that the server reads the file.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator, Sequence
from email.parser import BytesHeaderParser
from pathlib import Path
from threading import Event, Thread
from typing import Any

import django

FOLDER = Path("var/bench").resolve()
#: Seconds between two looks at the memory.
PAUSE = 0.2
PATIENCE = 1_800_000  # milliseconds
#: The ways to read a file, by whether scripts run.
NAMES = {True: "in Chromium", False: "uploaded"}


def main() -> None:
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--mails", type=int, default=100_000)
    given.add_argument("--body-bytes", type=int, default=8_000)
    given.add_argument("--rounds", type=int, default=3)
    given.add_argument("--file", type=Path, help="read this mailbox, and generate none")
    given.add_argument("--upload", action="store_true", help="also without JavaScript")
    options = given.parse_args()
    os.environ |= {"DJANGO_ALLOW_ASYNC_UNSAFE": "true", "CMR_ENVIRONMENT": "development"}
    django.setup()
    path = options.file or generate(options.mails, options.body_bytes)
    print(f"{path.name}: {path.stat().st_size / 1e6:,.0f} MB")
    run(path, options.rounds, [True, False] if options.upload else [True])


def generate(mails: int, body_bytes: int) -> Path:
    """Return the path of a mailbox of so many mails; an earlier run may have written it."""
    from tests.invented_mailboxes import write_mbox

    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"mailbox-{mails}-{body_bytes}.mbox"
    return path if path.exists() else write_mbox(path, mails, body_bytes=body_bytes)


def run(path: Path, rounds: int, ways: Sequence[bool]) -> None:
    """Read the file in all ways, in turns. Print times and memory."""
    from tests.bench import pages

    ratios: dict[bool, list[float]] = {way: [] for way in ways}
    with pages.served(FOLDER, {}) as port:
        for nth in range(rounds):
            bare, mails = time_bare_loop(path)
            print(f"bare loop {bare:.1f} s ({mails:,} mails)", flush=True)
            for way in ways:
                consumer = open_account(f"m{nth}{way}@example.org")
                took, text, memory = time_chromium(port, consumer, path, scripts=way)
                ratios[way].append(took / bare)
                print(f"{NAMES[way]} {took:.1f} s, ratio {took / bare:.2f}, {memory}\n  {text}")
    for way, found in ratios.items():
        print(f"{NAMES[way]}: median ratio {sorted(found)[len(found) // 2]:.2f}")


def open_account(email: str) -> Any:
    from django.utils import timezone

    from cmr.accounts import ownership
    from tests.bench.pages import PASSWORD

    now = timezone.now()
    return ownership.open_account(email=email, password=PASSWORD, verified_at=now)


# -- The bare loop --------------------------------------------------------------------------------


def time_bare_loop(path: Path) -> tuple[float, int]:
    """Return the seconds and the number of mails of a plain loop over the file."""
    parser, mails = BytesHeaderParser(), 0
    began = time.perf_counter()
    for block in split_blocks(path):
        parser.parsebytes(block)
        mails += 1
    return time.perf_counter() - began, mails


def split_blocks(path: Path) -> Iterator[bytes]:
    """Yield the header block of each mail, line by line. Its separator ends with a year."""
    block: list[bytes] | None = None
    before = b"\n"
    with path.open("rb") as file:
        for line in file:
            if block is not None:
                block.append(line)
                if line in (b"\n", b"\r\n"):
                    yield b"".join(block)
                    block = None
            elif line.startswith(b"From ") and line[-5:-1].isdigit() and before == b"\n":
                block = []
            before = line
    if block is not None:
        yield b"".join(block)


# -- The browser ----------------------------------------------------------------------------------


def time_chromium(port: int, consumer: Any, path: Path, *, scripts: bool) -> tuple[float, str, str]:
    """Return the seconds until the page says it is done, what it says, and the memory."""
    from playwright.sync_api import sync_playwright

    from tests.bench.pages import PASSWORD
    from tests.browser import chromium

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium.require(), args=["--no-sandbox"])
        page = browser.new_page(base_url=f"http://127.0.0.1:{port}", java_script_enabled=scripts)
        page.set_default_timeout(PATIENCE)
        page.goto("/account/login/")
        page.get_by_label("Email").fill(consumer.user.email)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("main").get_by_role("button", name="Sign in").click()
        page.get_by_role("heading", name="Your companies").wait_for()
        page.goto("/companies/find")
        page.get_by_label("Files with mail").set_input_files(str(path))
        watch = MemoryWatch(b"--type=renderer" if scripts else b"python")
        began = time.perf_counter()
        page.get_by_role("button", name="Find my companies").click()
        outcome = page.locator("#mailbox-outcome" if scripts else "#status .message").first
        outcome.wait_for()
        took = time.perf_counter() - began
        memory = watch.stop()
        text = outcome.inner_text()
        browser.close()
    return took, text, memory


class MemoryWatch:
    """Looks at the resident memory of the largest of some processes until it is stopped."""

    def __init__(self, marker: bytes) -> None:
        """Look at the processes below this one whose command line contains *marker*."""
        self._marker = marker
        self._ended = Event()
        self._seen: list[int] = []
        self._thread = Thread(target=self._look, daemon=True)
        self._thread.start()

    def stop(self) -> str:
        """Return the memory at the beginning, in the middle, at the end, and the most."""
        self._ended.set()
        self._thread.join()
        seen = [each / 1e6 for each in self._seen] or [0.0]
        middle = seen[len(seen) // 2]
        return (
            f"largest process {seen[0]:.0f} MB at first, {middle:.0f} in the middle, "
            f"{seen[-1]:.0f} at the end, {max(seen):.0f} at most"
        )

    def _look(self) -> None:
        while not self._ended.wait(PAUSE):
            self._seen.append(max(map(resident, find_processes(self._marker)), default=0))


def find_processes(marker: bytes) -> list[int]:
    """Return the ids of the processes below this one whose command line contains *marker*."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        pid = int(path.parent.name)
        try:
            if marker in path.read_bytes() and os.getpid() in list_parents(pid):
                found.append(pid)
        except OSError:
            continue  # it ended meanwhile
    return found


def list_parents(pid: int) -> list[int]:
    """Return the ids of the process that started this one, of its own parent, and so on."""
    parents = []
    while pid > 1:
        pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        parents.append(pid)
    return parents


def resident(pid: int) -> int:
    """Return the bytes of memory of a process; 0 if it ended."""
    from tests.bench import memory

    try:
        return memory.resident(pid)
    except (OSError, ValueError, IndexError):
        return 0


if __name__ == "__main__":
    main()
