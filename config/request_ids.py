"""The id of a request: the caller's own where it has the form of one, else a random one."""

from __future__ import annotations

import os
import re

ACCEPTED = re.compile(r"[A-Za-z0-9._:-]{1,128}")


def choose_request_id(given: str) -> str:
    """Return *given* or a random id. An id of any other form could forge lines in a log."""
    return given if ACCEPTED.fullmatch(given) else os.urandom(16).hex()
