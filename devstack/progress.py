"""What the person in front of the terminal sees while waiting."""

import contextlib
import time
from collections.abc import Iterator

from devstack import CannotRun


def say(text: str, *, end: str = "\n") -> None:
    # The terminal may be gone (SIGHUP), and then the orderly stop must go on all the same.
    with contextlib.suppress(OSError, ValueError):
        print(text, end=end, flush=True)


@contextlib.contextmanager
def stage(title: str, done: str = "ready") -> Iterator[None]:
    """Prints `title … ready (0.4 s)`, or `title … failed`, or `title … stopped`."""
    began = time.monotonic()
    say(f"{title} … ", end="")
    try:
        yield
    except BaseException as end:
        say("failed" if isinstance(end, CannotRun) else "stopped")
        raise
    say(f"{done} ({time.monotonic() - began:.1f} s)")
