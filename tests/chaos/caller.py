"""Calling the API as somebody outside would: an answer, or not knowing."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import Any

SECONDS = 12.0


@dataclass(frozen=True)
class Answer:
    """`status` is 0 where nobody can know what became of the call."""

    status: int
    body: Any = None

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def unknown(self) -> bool:
        return self.status == 0 or self.status >= 500


def call(
    port: int, method: str, path: str, bearer: str, body: Any = None, *, seconds: float = SECONDS
) -> Answer:
    """One call on a connection of its own; it never raises for what the other side does."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=seconds)
    headers = {"Authorization": f"Bearer {bearer}", "Content-Type": "application/json"}
    sent = "" if body is None else json.dumps(body)
    try:
        line.request(method, f"/api/v1/{path}", sent, headers)
        got = line.getresponse()
        text = got.read()
        return Answer(got.status, json.loads(text) if text else None)
    except (OSError, http.client.HTTPException, ValueError) as error:
        return Answer(0, f"{type(error).__name__}: {error}")
    finally:
        line.close()
