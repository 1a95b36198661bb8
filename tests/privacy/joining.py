"""What two brands could match their people by: the same id, or the same exact time.

Two brands that know one person read both of a choice about any brand. `read_everything` collects
the ids and times that one of them reads, as they are; two brands may have none in common.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.conftest import Api
from tests.privacy.asking import MATTERS
from tests.privacy.comparing import UUID
from tests.privacy.world import ANA, World, expect

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")


@dataclass
class Read:
    """The ids and times in what somebody read; a full hour is as good as none."""

    ids: set[str] = field(default_factory=set)
    times: set[datetime] = field(default_factory=set)

    def add(self, text: str) -> None:
        self.ids |= set(UUID.findall(text))
        self.times |= {
            each for each in map(datetime.fromisoformat, TIME.findall(text)) if _is_exact(each)
        }


def _is_exact(moment: datetime) -> bool:
    return bool(moment.minute or moment.second or moment.microsecond)


def read_everything(world: World, api: Api) -> Read:
    """Return what a brand can read of the person, each answer in a minute of its own."""
    read = Read()
    for answer in _answers(world, api):
        read.add(answer.getvalue().decode())
        if wait := answer.headers.get("Retry-After"):
            then = world.clock.now + timedelta(seconds=int(wait))
            read.times |= {then} if _is_exact(then) else set()
    return read


def _answers(world: World, api: Api) -> Iterator[Any]:
    contact = {"email": ANA}
    for matter in MATTERS[:5]:
        world.clock.begin_minute()
        yield api.post("check", {"contact": contact, **matter})
    world.clock.begin_minute()
    yield api.post("permission-requests", {"contact": contact, "text": "?", "purpose": "profiling"})
    for path in ("events?limit=1000", "exports/preferences", "exports/preferences?form=csv"):
        world.clock.begin_minute()
        yield api.get(path)


def read_own(world: World) -> Read:
    """Return the ids that the person reads in their own record."""
    read = Read()
    for path in ("me/history", "me/preferences"):
        expect(answer := world.as_person.get(path), 200)
        read.add(answer.content.decode())
    return read
