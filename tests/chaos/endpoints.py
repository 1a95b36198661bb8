"""The subscriptions of a run, as their brands manage them by the API, and a journal of that."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import Any

from tests.chaos import caller
from tests.chaos.lines import Lines
from tests.chaos.parts import Parts

#: What each endpoint asks for. The first of a brand gets everything.
WANTED: dict[str, dict[str, Any]] = {
    "acme-1": {},
    "acme-2": {"event_types": ["preference.denied", "preference.paused"]},
    "bolt-1": {},
    "coda-1": {"batch": 20},
    "coda-2": {"event_types": ["preference.*"]},
    "dune-1": {},
}


@dataclass
class Endpoint:
    name: str
    id: str
    secrets: list[str]
    event_types: list[str]
    batch: int
    #: After a rotation whose answer was lost: one more could leave the brand without a valid one.
    rotated_unheard: bool = False

    @property
    def brand(self) -> str:
        return self.name.partition("-")[0]


@dataclass
class Endpoints:
    parts: Parts
    keys: dict[str, str]
    log: Lines
    by_name: dict[str, Endpoint] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        return list(self.by_name)

    def subscribe(self) -> None:
        """All of `WANTED`, from the beginning of each stream."""
        for name, wanted in WANTED.items():
            url = f"http://127.0.0.1:{self.parts.brands_port}/{name}"
            self.by_name[name] = self._made(name, {"url": url, "after": 0, **wanted})
            self._publish()

    def _made(self, name: str, wanted: dict[str, Any]) -> Endpoint:
        began = time.monotonic()
        answer = self._call(name, "POST", "subscriptions", wanted)
        if answer.status == 422 and wanted.pop("batch", None):
            answer = self._call(name, "POST", "subscriptions", wanted)
        assert answer.ok, f"{name}: {answer}"
        made = answer.body
        self._note("secret", name, began, secret=made["secret"])
        return Endpoint(
            name, made["id"], [made["secret"]], made["event_types"], made.get("batch", 1)
        )

    def looked_at_by_brands(self) -> list[dict[str, str]]:
        return [
            {"name": name, "id": each.id, "key": self.keys[each.brand]}
            for name, each in self.by_name.items()
        ]

    def rotate(self, name: str) -> bool:
        endpoint, began = self.by_name[name], time.monotonic()
        if endpoint.rotated_unheard:
            return False
        answer = self._act(endpoint, "rotate")
        if answer.ok:
            endpoint.secrets.append(answer.body["secret"])
            self._publish()
            self._note("secret", name, began, secret=answer.body["secret"])
        endpoint.rotated_unheard = answer.unknown
        return answer.ok or answer.unknown

    def disable(self, name: str) -> bool:
        """False where the server does not know how."""
        began = time.monotonic()
        answer = self._act(self.by_name[name], "disable")
        if answer.ok:
            self._note("disabled", name, began)
        return answer.ok or answer.unknown

    def enable(self, name: str) -> bool:
        # Written down before: from the moment that it is asked, anything may be sent.
        self._note("enabling", name, time.monotonic())
        return self._act(self.by_name[name], "enable").ok

    def enable_all(self) -> None:
        for name in self.names:
            while not self.enable(name):
                time.sleep(0.2)

    def seek_back(self, name: str, by: int) -> bool:
        """Ask for the newest *by* of the events that are done with once more."""
        endpoint, began = self.by_name[name], time.monotonic()
        seen = self._call(name, "GET", f"subscriptions/{endpoint.id}")
        if not seen.ok:
            return False
        through = seen.body["delivered_through"]
        after = max(through - by, 0)
        answer = self._act(endpoint, "seek", {"after": after})
        if answer.ok or answer.unknown:
            self._note("seek", name, began, after=after, through=through, heard=answer.ok)
        return answer.ok or answer.unknown

    def replay_parked(self, name: str) -> bool:
        """Replay what is parked; return False where nothing is."""
        seen = self._call(name, "GET", f"subscriptions/{self.by_name[name].id}")
        if not seen.ok or not seen.body.get("parked"):
            return False
        answer = self._act(self.by_name[name], "replay", {"parked": True})
        return answer.ok or answer.unknown

    def _act(self, endpoint: Endpoint, what: str, body: Any = None) -> caller.Answer:
        return self._call(endpoint.name, "POST", f"subscriptions/{endpoint.id}/{what}", body)

    def _call(
        self, name: str, method: str, path: str, body: Any = None, *, seconds: float = 15
    ) -> caller.Answer:
        key = self.keys[name.partition("-")[0]]
        return caller.call(self.parts.port, method, path, key, body, seconds=seconds)

    def _note(self, kind: str, name: str, began: float, **more: Any) -> None:
        self.log.write(kind=kind, name=name, began=began, ended=time.monotonic(), **more)

    def _publish(self) -> None:
        """Give the brands their secrets, in one stroke."""
        file = self.parts.folder / "secrets.json"
        new = file.with_suffix(".new")
        new.write_text(json.dumps({n: e.secrets for n, e in self.by_name.items()}))
        new.replace(file)
