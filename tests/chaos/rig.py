"""One run from an empty folder to its report: make a world, break it, mend it, check it."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.chaos import caller, evidence, lines
from tests.chaos.checker import Violation, check
from tests.chaos.endpoints import Endpoints
from tests.chaos.evidence import Evidence, Look, Subscribed
from tests.chaos.example import BRAND, Answers
from tests.chaos.lines import Follower, Lines
from tests.chaos.nemesis import Nemesis
from tests.chaos.parts import DEADLINE, WORKERS, NotInTime, Parts, wait_until

#: Seconds in which every brand's copy has to be whole again after the last fault.
DRAIN = 30.0


@dataclass
class Result:
    seed: int
    variant: str | None
    seconds: float = 0.0
    acknowledged: int = 0
    unknown: int = 0
    refused: int = 0
    #: Of the unknown ones, those that stand in the ledger.
    recorded: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    events: int = 0
    requests: int = 0
    repeats: int = 0
    drain: float | None = None
    violations: list[Violation] = field(default_factory=list)

    @property
    def example_is_right(self) -> bool:
        return not any(each.rule == "the example keeps a copy" for each in self.violations)


class Rig:
    def __init__(self, folder: Path, *, seed: int, variant: str | None = None) -> None:
        self.folder = folder
        self.parts = Parts(folder, seed=seed, variant=variant)
        self.result = Result(seed, variant)
        self.arrivals = Arrivals(folder / "brands.log")

    def run(self, kills: int, *, a_round: int | None = None) -> Result:
        """*kills* faults and the check; with *a_round*, a check after each so many faults."""
        began = time.monotonic()
        try:
            self._start()
            while (left := kills - self.result.faults.total()) > 0 and not self.result.violations:
                self._round(min(left, a_round or left))
        finally:
            self.parts.end()
        self.result.seconds = time.monotonic() - began
        return self.result

    def _start(self) -> None:
        """Endpoints first and workers last, so that no webhook comes before its secret."""
        parts = self.parts
        parts.start_services()
        made = json.loads(parts.output("-m", "tests.chaos.world", "make"))
        self.keys, self.subjects = made["keys"], {p["name"]: p["subject"] for p in made["people"]}
        self.entries_before = made["entries"]
        parts.example.key = self.keys[BRAND]
        parts.start("brands")
        parts.start("web")
        wait_until(parts.is_ready, "web ready")
        self.endpoints = Endpoints(parts, self.keys, Lines(self.folder / "endpoints.log"))
        self.endpoints.subscribe()
        world = {
            "port": parts.port,
            "seed": parts.seed,
            "people": made["people"],
            "endpoints": self.endpoints.looked_at_by_brands(),
        }
        (self.folder / "world.json").write_text(json.dumps(world))
        for name in (*WORKERS, "example"):
            parts.start(name)
        dice = random.Random(parts.seed)
        log = Lines(self.folder / "faults.log")
        self.nemesis = Nemesis(parts, self.endpoints, log, dice, self.result.faults)

    def _round(self, kills: int) -> None:
        self.parts.be_wild()
        self.parts.start("driver")
        self.nemesis.run(kills)
        self.parts.stop_driver()
        self.nemesis.recover()
        self.parts.be_calm()
        wait_until(self.parts.is_ready, "web ready")
        self._drain()
        found = self._evidence()
        self.result.violations += check(found)
        self._count(found)

    def _drain(self) -> None:
        """Wait until every subscription has all that its brand's stream holds for it."""
        self.result.drain, began = None, time.monotonic()
        try:
            self._wait_until(self._is_told, "everything told and counted", began)
            streams = {name: self._stream_of(name) for name in self.endpoints.names}
            self._wait_until(lambda: self._has_arrived(streams), "every brand has all", began)
            self.result.drain = time.monotonic() - began
        except NotInTime as error:
            self.result.violations.append(Violation("converges", str(error)))

    def _wait_until(self, holds: Callable[[], bool], what: str, began: float) -> None:
        wait_until(holds, what, seconds=began + DRAIN - time.monotonic())

    def _has_arrived(self, streams: dict[str, set[int]]) -> bool:
        self.arrivals.look()
        missing = [name for name in streams if not self.arrivals.of(name) >= streams[name]]
        for name in missing:
            self.endpoints.replay_parked(name)
        example = self.parts.example
        is_whole = example.whole_through() == self._end_of_example()
        return not missing and is_whole and example.knows_permissions()

    def _end_of_example(self) -> int:
        ((end,),) = self.parts.ask(
            "SELECT last_sequence FROM brands_streamhead head JOIN brands_brand brand"
            f" ON brand.id = head.brand_id WHERE brand.slug = '{BRAND}'"
        )
        return int(end)

    def _is_told(self) -> bool:
        """Whether all that is recorded is in the streams, and all that is in them is counted."""
        ((pending, uncounted),) = self.parts.ask(
            "SELECT (SELECT count(*) FROM consent_propagation WHERE done_at IS NULL),"
            " (SELECT count(*) FROM brands_streamhead head LEFT JOIN consent_metricscursor cursor"
            "  USING (brand_id) WHERE cursor.sequence IS DISTINCT FROM head.last_sequence)"
        )
        return bool(pending == uncounted == 0)

    def _stream_of(self, name: str) -> set[int]:
        subscribed = self._subscribed(name)
        rows = self.parts.ask(
            "SELECT event.sequence, event.type FROM brands_event event JOIN brands_brand brand"
            f" ON brand.id = event.brand_id WHERE brand.slug = '{subscribed.brand}'"
        )
        return {sequence for sequence, kind in rows if subscribed.wants(kind)}

    def _subscribed(self, name: str) -> Subscribed:
        made = self.endpoints.by_name[name]
        return Subscribed(name, made.brand, made.event_types, made.batch)

    # -- What was seen -------------------------------------------------------------------------

    def _evidence(self) -> Evidence:
        endpoints = lines.read(self.folder / "endpoints.log")
        faults = lines.read(self.folder / "faults.log")
        inside = evidence.inside(self.parts.look())
        return Evidence(
            subscriptions=[self._subscribed(name) for name in self.endpoints.names],
            requests=evidence.requests_of(lines.read(self.folder / "brands.log")),
            changes=evidence.changes_of(lines.read(self.folder / "driver.log")),
            subjects=self.subjects,
            feeds={brand: self._feed(key) for brand, key in self.keys.items()},
            **inside,
            disabled=evidence.windows_of(endpoints),
            secrets=evidence.secrets_of(endpoints),
            seeks=evidence.seeks_of(endpoints),
            looks=[Look(**each) for each in lines.read(self.folder / "looks.log")],
            woken=[each["at"] for each in faults if each["kind"] == "go on"],
            deadline=DEADLINE,
            example=self._example_answers(inside),
        )

    def _example_answers(self, inside: dict[str, Any]) -> Answers:
        """What the example says of each of its people, at the moment of the look."""
        asked = [
            (person, question)
            for person, (_, brand) in inside["relationships"].items()
            if brand == BRAND
            for question in inside["answers"][person]
        ]
        return self.parts.example.answers(asked, at=inside["at"].isoformat())

    def _feed(self, key: str) -> list[evidence.Event]:
        events: list[evidence.Event] = []
        after: int | None = 0
        while after is not None:
            path = f"events?after={after}&limit=1000"
            answer = caller.call(self.parts.port, "GET", path, key)
            assert answer.ok, answer
            events += answer.body["data"]
            after = answer.body["next_cursor"]
        return events

    def _count(self, found: Evidence) -> None:
        result = self.result
        outcomes = lines.read(self.folder / "driver.log")
        result.acknowledged = sum(200 <= each["status"] < 300 for each in outcomes)
        result.refused = sum(400 <= each["status"] < 500 for each in outcomes)
        result.unknown = len(outcomes) - result.acknowledged - result.refused
        answered = {each["entry"] for each in outcomes if each["entry"]}
        result.recorded = len(found.ledger) - self.entries_before - len(answered)
        arrived = [(r.name, e["sequence"]) for r in found.requests for e in r.events]
        result.requests, result.events = len(found.requests), len(set(arrived))
        result.repeats = len(arrived) - result.events


class Arrivals:
    """By subscription, the sequences that its brand has taken in so far."""

    def __init__(self, log: Path) -> None:
        self._follower = Follower(log)
        self._taken: dict[str, set[int]] = {}

    def look(self) -> None:
        came = [line for line in self._follower.new() if line.get("processed")]
        for request in evidence.requests_of(came):
            taken = self._taken.setdefault(request.name, set())
            taken.update(event["sequence"] for event in request.events)

    def of(self, name: str) -> set[int]:
        return self._taken.get(name, set())
