"""Ctrl-C, SIGTERM and SIGHUP as a wish to stop, which waiting loops look at."""

import os
import signal
import time
from collections.abc import Callable
from types import FrameType
from typing import Any, Self

ASKING_TO_STOP = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
#: timeout(1) and make deliver one Ctrl-C twice, a moment apart.
SAME_KEYPRESS = 0.5  # seconds


class StopRequested(Exception):
    """Somebody asked us to stop. Not an error."""

    def __init__(self, signum: int) -> None:
        super().__init__(signal.Signals(signum).name)
        self.signum = signum


class Interruptions:
    """Active inside `with`. A handler that raised could leave a child started but not recorded."""

    def __init__(self) -> None:
        self.first: int | None = None
        self._at = 0.0
        self._former: dict[int, Any] = {}
        #: Called with each signal, if set: to pass it on.
        self.forward: Callable[[int], None] | None = None
        #: Called at a second Ctrl-C, if set: everything is to be killed now.
        self.kill: Callable[[], None] | None = None

    def __enter__(self) -> Self:
        self._former = {signum: signal.signal(signum, self._note) for signum in ASKING_TO_STOP}
        return self

    def __exit__(self, *_: object) -> None:
        for signum, handler in self._former.items():
            signal.signal(signum, handler)

    def check(self) -> None:
        """Raises StopRequested if we were asked to stop."""
        if self.first is not None:
            raise StopRequested(self.first)

    def _note(self, signum: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if self.first is None:
            self.first, self._at = signum, now
        elif signum == signal.SIGINT and self.kill and now - self._at > SAME_KEYPRESS:
            self.kill()
            os._exit(128 + signum)
        if self.forward:
            self.forward(signum)
