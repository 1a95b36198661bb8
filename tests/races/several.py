"""Kept connections to every process of a web server that has several."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import Any

from tests.bench import memory
from tests.chaos.fleet import Fleet

MOST = 200  # connections to try; each lands at a process of the kernel's choice


@dataclass(frozen=True, slots=True)
class Caller:
    """A client with one kept connection."""

    line: http.client.HTTPConnection
    bearer: str

    def post(self, path: str, body: Any, **headers: str) -> tuple[int, Any]:
        given = {k.replace("_", "-"): v for k, v in headers.items()}
        given |= {"Authorization": f"Bearer {self.bearer}", "Content-Type": "application/json"}
        self.line.request("POST", f"/api/v1/{path}", json.dumps(body), given)
        answer = self.line.getresponse()
        return answer.status, json.loads(answer.read())


def caller(fleet: Fleet, bearer: str) -> Caller:
    line = http.client.HTTPConnection("127.0.0.1", fleet.port, timeout=60)
    line.connect()
    return Caller(line, bearer)


def at_every_process(fleet: Fleet, bearer: str, *, each: int) -> list[Caller]:
    """So many callers at each of the web's processes, in turns."""
    processes = memory.workers(fleet.port)
    assert len(processes) == fleet.webs
    found: dict[int, list[Caller]] = {pid: [] for pid in processes}
    for _ in range(MOST):
        one = caller(fleet, bearer)
        pid = memory.worker_of(one.line.sock.getsockname()[1], processes)
        if pid is None or len(found[pid]) == each:
            one.line.close()
            continue
        found[pid].append(one)
        if all(len(callers) == each for callers in found.values()):
            return [one for turn in zip(*found.values(), strict=True) for one in turn]
    raise AssertionError(f"{MOST} connections did not reach every process: {found}")
