"""People who choose, by REST, and write down what they were answered; and brands that look.

`python -m tests.chaos.driver FOLDER` reads `world.json` and chooses until SIGTERM. Each person is
one thread's, so one person's calls follow each other. What ended without an answer is written down
as unknown and not tried again: whether it was recorded is for the ledger to say. Meanwhile the
brands ask again and again how far their subscriptions are.
"""

from __future__ import annotations

import itertools
import json
import random
import signal
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.chaos import caller
from tests.chaos.lines import Lines

THREADS = 4
#: Choices a second, all threads together.
RATE = 30.0
DECISIONS = {"deny": 40, "grant": 35, "pause": 10, "limit": 10, "clear": 5}
PURPOSES = [None, "marketing", "research", "personalised_ads"]
CHANNELS = [None, "email", "sms", "push"]
#: Seconds that a person waits after a call of which they do not know what became.
AFTER_UNKNOWN = 0.5
#: How many choices are about any brand.
WIDE = 0.12
#: Seconds from one look at a subscription to the look at the next one.
LOOK = 0.03


def choice(dice: random.Random, brands: list[str]) -> dict[str, Any]:
    """What a person who deals with *brands* says next."""
    decision = dice.choices(list(DECISIONS), list(DECISIONS.values()))[0]
    scope = {
        "brand": None if dice.random() < WIDE else dice.choice(brands),
        "purpose": dice.choice(PURPOSES),
        "channel": dice.choice(CHANNELS),
    }
    said: dict[str, Any] = {"scope": scope, "decision": decision}
    if decision == "pause":
        said["until"] = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    if decision == "limit":
        said["limit"] = {"max": dice.randint(1, 9), "per": "week"}
    return said


class Driver:
    def __init__(self, folder: Path) -> None:
        world = json.loads((folder / "world.json").read_text())
        self.port, self.seed, self.people = world["port"], world["seed"], world["people"]
        self.endpoints = world["endpoints"]
        self.journal, self.looks = Lines(folder / "driver.log"), Lines(folder / "looks.log")
        self.stopping = threading.Event()

    def run(self) -> None:
        threads = [threading.Thread(target=self._choose, args=[n]) for n in range(THREADS)]
        threads += [threading.Thread(target=self._look)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _choose(self, thread: int) -> None:
        dice = random.Random(f"{self.seed}/{thread}/{time.time_ns()}")
        for person in itertools.cycle(self.people[thread::THREADS]):
            if self.stopping.wait(dice.uniform(0, 2 * THREADS / RATE)):
                return
            if self._say(person, choice(dice, person["brands"])).unknown:
                self.stopping.wait(AFTER_UNKNOWN)

    def _say(self, person: dict[str, Any], said: dict[str, Any]) -> caller.Answer:
        began = time.monotonic()
        answer = caller.call(self.port, "POST", "me/choices", person["token"], said)
        made = answer.body["data"][0] if answer.ok else {}
        self.journal.write(
            person=person["name"],
            said=said,
            status=answer.status,
            entry=made.get("entry"),
            subject_seq=made.get("subject_seq"),
            why=None if answer.ok else answer.body,
            began=began,
            ended=time.monotonic(),
        )
        return answer

    def _look(self) -> None:
        for endpoint in itertools.cycle(self.endpoints):
            if self.stopping.wait(LOOK):
                return
            began, path = time.monotonic(), f"subscriptions/{endpoint['id']}"
            seen = caller.call(self.port, "GET", path, endpoint["key"])
            if seen.ok:
                self.looks.write(
                    name=endpoint["name"],
                    through=seen.body["delivered_through"],
                    began=began,
                    ended=time.monotonic(),
                )


def main() -> None:
    driver = Driver(Path(sys.argv[1]))
    signal.signal(signal.SIGTERM, lambda *_: driver.stopping.set())
    driver.run()


if __name__ == "__main__":
    main()
