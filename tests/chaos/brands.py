"""Fake brands: they write down what they got before they answer, and misbehave by script.

`python -m tests.chaos.brands FOLDER PORT SEED DEADLINE` serves `/NAME` for every subscription's
name until it is killed. It reads the secrets that the rig keeps in `secrets.json`, and behaves
from SIGUSR1 on, until SIGUSR2. The log has two lines a request: what came, and how it was answered.
"""

from __future__ import annotations

import itertools
import json
import random
import select
import signal
import socket
import sys
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

from tests.chaos.lines import Lines


@dataclass(frozen=True)
class Plan:
    """What a brand does with one request: whether the event counts, and how it answers."""

    name: str
    often: float  # of a thousand requests
    processed: bool = False
    status: int | None = 204  # None: the connection is closed without an answer
    waits: tuple[float, float] = (0, 0)  # seconds; beyond the sender's deadline where `hangs`
    hangs: bool = False


PLANS = [
    Plan("at once", 898, processed=True),
    Plan("slow", 55, processed=True, waits=(0.05, 1.2)),
    Plan("answer lost", 12, processed=True, status=None),
    Plan("answer too late", 5, processed=True, hangs=True),
    Plan("broken", 6, status=500),
    Plan("poison", 2, status=422),
    Plan("too many", 6, status=429),
    Plan("unavailable", 6, status=503),
    Plan("closed", 5, status=None),
    Plan("hanging", 5, hangs=True),
]
AT_ONCE = PLANS[0]
#: All answers during a slow spell.
SLOW_SPELL = Plan("slow spell", 0, processed=True, waits=(0.2, 1.0))
UNVERIFIED = Plan("not verified", 0, status=503)
#: How often a brand is down for a second.
FLAPS = 0.02
#: How often all that it answers in so many seconds is slow, so that workers are at it for long.
SPELLS, SPELL_SECONDS = 0.2, 5


class Script:
    """What one subscription's endpoint does next; the seed decides."""

    def __init__(self, name: str, seed: int, deadline: float) -> None:
        self.name = name
        self.seed = seed
        self.deadline = deadline
        self.random = random.Random(f"{seed}/{name}")
        self.calm = False
        self.began = time.monotonic()

    def plan(self, now: float) -> Plan:
        if self.calm:
            return AT_ONCE
        drawn = self.random.choices(PLANS, [plan.often for plan in PLANS])[0]
        return SLOW_SPELL if drawn is AT_ONCE and self.is_slow(now) else drawn

    def is_down(self, now: float) -> bool:
        return not self.calm and self._in(int(now - self.began)) < FLAPS

    def is_slow(self, now: float) -> bool:
        return self._in(int((now - self.began) / SPELL_SECONDS)) < SPELLS

    def _in(self, stretch: int) -> float:
        """The same number for all of a stretch of time."""
        return random.Random(f"{self.seed}/{self.name}/{stretch}").random()

    def wait(self, plan: Plan) -> float:
        if plan.hangs:
            return self.deadline + self.random.uniform(0.5, 1.5)
        return self.random.uniform(*plan.waits)


class Secrets:
    """The secrets of each subscription, as the rig last wrote them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.read_at = 0
        self.known: dict[str, list[str]] = {}
        self.lock = threading.Lock()

    def of(self, name: str) -> list[str]:
        with self.lock:
            if self.path.exists() and (at := self.path.stat().st_mtime_ns) != self.read_at:
                self.known, self.read_at = json.loads(self.path.read_text()), at
            return self.known.get(name, [])


class Brands(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, folder: Path, port: int, seed: int, deadline: float) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.log = Lines(folder / "brands.log")
        self.secrets = Secrets(folder / "secrets.json")
        self.numbers = itertools.count(1)
        self.scripts: dict[str, Script] = {}
        self.seed, self.deadline = seed, deadline
        self.calm = True

    def script(self, name: str) -> Script:
        if name not in self.scripts:
            self.scripts[name] = Script(name, self.seed, self.deadline)
        script = self.scripts[name]
        script.calm = self.calm
        return script

    def be_calm(self, *_: Any) -> None:
        self.calm = True

    def be_wild(self, *_: Any) -> None:
        self.calm = False

    def handle_error(self, *_: Any) -> None:
        """A sender that was killed in the middle is what this is about."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Brands

    def do_POST(self) -> None:
        at, name = time.monotonic(), self.path.lstrip("/")
        script = self.server.script(name)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        if script.is_down(at):
            self.close_connection = True
            return
        plan = script.plan(at) if self._is_verified(name, body) else UNVERIFIED
        number = self._note(name, at, body, plan)
        try:
            how = self._act(script, plan, body)
        except OSError:  # the sender hung up while it was answered
            how, self.close_connection = "gone", True
        self.server.log.write(number=number, until=time.monotonic(), how=how)

    def _is_verified(self, name: str, body: str) -> bool:
        for secret in self.server.secrets.of(name):
            try:
                Webhook(secret).verify(body, dict(self.headers.items()), json_parse=False)
            except WebhookVerificationError:
                continue
            return True
        return False

    def _note(self, name: str, at: float, body: str, plan: Plan) -> int:
        number = next(self.server.numbers)
        self.server.log.write(
            number=number,
            name=name,
            at=at,
            id=self.headers["webhook-id"],
            timestamp=self.headers["webhook-timestamp"],
            signature=self.headers["webhook-signature"],
            body=body,
            plan=plan.name,
            processed=plan.processed,
        )
        return number

    def _act(self, script: Script, plan: Plan, body: str) -> str:
        if not self._wait(script.wait(plan)):
            self.close_connection = True
            return "gone"
        if plan.status is None:
            self.close_connection = True
            return "closed"
        self._answer(plan.status, _echo(body))
        return str(plan.status)

    def _wait(self, seconds: float) -> bool:
        """False as soon as the sender has hung up."""
        if not seconds:
            return True
        readable, _, _ = select.select([self.connection], [], [], seconds)
        return not readable or bool(self.connection.recv(1, socket.MSG_PEEK))

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(200 if body else status)
        if status == 429:
            self.send_header("Retry-After", "1")
        if status != 204 or body:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet: the log says it."""


def _echo(body: str) -> bytes:
    """The answer to whoever asks for proof that this is our address; nothing else needs a body."""
    said = json.loads(body)
    if said["type"] != "subscription.challenge":
        return b""
    return json.dumps({"challenge": said["data"]["challenge"]}).encode()


def main() -> None:
    folder, port, seed, deadline = sys.argv[1:]
    brands = Brands(Path(folder), int(port), int(seed), float(deadline))
    signal.signal(signal.SIGUSR1, brands.be_calm)
    signal.signal(signal.SIGUSR2, brands.be_wild)
    brands.serve_forever()


if __name__ == "__main__":
    main()
