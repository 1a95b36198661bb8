"""Request ids: the caller's own if it has the accepted form, else a random one."""

from __future__ import annotations

import os
import re

ACCEPTED = re.compile(r"[A-Za-z0-9._:-]{1,128}")


def choose_request_id(given: str) -> str:
    """Return *given* if it has the accepted form, else a random id.

    An id of any other form could forge lines in a log.
    """
    return given if ACCEPTED.fullmatch(given) else os.urandom(16).hex()
