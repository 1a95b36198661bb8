"""What the checker looks at: the logs outside, and what the public API and the ledger say after.

All times are of one monotonic clock, which the processes of a machine share.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from tests.chaos.example import Answers

Event = dict[str, Any]


@dataclass(frozen=True)
class Request:
    """One request that a brand got, as it wrote it down before it answered."""

    name: str  # the subscription's
    at: float
    #: When the brand answered, closed, or saw that the sender was gone.
    until: float
    id: str
    timestamp: str
    signature: str
    body: str
    #: Whether the brand took the event in; it may have done so and yet answered nothing.
    processed: bool
    how: str = "204"

    @cached_property
    def said(self) -> dict[str, Any]:
        said: dict[str, Any] = json.loads(self.body)
        return said

    @property
    def events(self) -> list[Event]:
        """What it told: one event, many, or none (a ping, a challenge)."""
        if self.said["type"] == "events.batch":
            return list(self.said["data"])
        return [self.said] if "sequence" in self.said else []


@dataclass(frozen=True)
class Change:
    """A choice that a person was told is recorded."""

    entry: str
    person: str
    subject_seq: int


@dataclass(frozen=True)
class Entry:
    """A line of the ledger."""

    entry: str
    subject: str
    subject_seq: int
    brand: str | None
    decision: str
    purpose: str | None = None
    channel: str | None = None
    topic: str | None = None


@dataclass(frozen=True)
class Window:
    """A time in which something held for one subscription or part."""

    name: str
    begins: float
    ends: float


@dataclass(frozen=True)
class Secret:
    """One that a brand was given: it may sign from when it was asked for on."""

    name: str
    secret: str
    asked_at: float
    given_at: float


@dataclass(frozen=True)
class Seek:
    """A brand asked to be told all after a sequence once more."""

    name: str
    after: int
    through: int
    at: float
    answered_at: float
    #: Whether it was answered that it will be; else nobody knows.
    heard: bool = True


@dataclass(frozen=True)
class Look:
    """How far a subscription was, as its brand was told when it asked."""

    name: str
    through: int
    began: float
    ended: float


@dataclass(frozen=True)
class Subscribed:
    name: str
    brand: str
    event_types: list[str]
    batch: int = 1

    def wants(self, event_type: str) -> bool:
        return any(
            pattern in ("*", event_type)
            or (pattern.endswith(".*") and event_type.startswith(pattern[:-1]))
            for pattern in self.event_types
        )


@dataclass
class Evidence:
    subscriptions: list[Subscribed]
    requests: list[Request] = field(default_factory=list)
    #: What the example brand says by its copy at the time `at`, where it ran.
    example: Answers | None = None
    changes: list[Change] = field(default_factory=list)
    #: By person: the subject in the ledger.
    subjects: dict[str, str] = field(default_factory=dict)
    #: By brand: its whole feed.
    feeds: dict[str, list[Event]] = field(default_factory=dict)
    ledger: list[Entry] = field(default_factory=list)
    #: By what the brand calls the person: the subject and the brand.
    relationships: dict[str, tuple[str, str]] = field(default_factory=dict)
    #: By the same: the entry in the ledger by the id under which the brand reads it.
    entry_ids: dict[str, dict[str, str]] = field(default_factory=dict)
    #: What the service's own check answers at the time `at`, when all was told.
    answers: Answers = field(default_factory=dict)
    at: datetime = datetime.min
    #: The people whose permissions are too many for an event.
    crowded: set[str] = field(default_factory=set)
    #: By purpose: what holds where nobody said anything.
    regimes: dict[str, str] = field(default_factory=dict)
    #: By brand, purpose, channel and counter.
    counts: dict[tuple[str, str, str, str], int] = field(default_factory=dict)
    breaks: list[str] = field(default_factory=list)
    disabled: list[Window] = field(default_factory=list)
    secrets: list[Secret] = field(default_factory=list)
    seeks: list[Seek] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)
    #: When a worker that had been stopped went on.
    woken: list[float] = field(default_factory=list)
    deadline: float = 2.0

    def of(self, subscribed: Subscribed) -> list[Request]:
        """The subscription's requests, in the order of arrival."""
        return [each for each in self.requests if each.name == subscribed.name]


def requests_of(lines: Iterable[Mapping[str, Any]]) -> list[Request]:
    """Two lines a request in the brands' log: what came, and how it ended."""
    came: dict[int, Mapping[str, Any]] = {}
    ended: dict[int, Mapping[str, Any]] = {}
    for line in lines:
        (came if "body" in line else ended)[line["number"]] = line
    return [_request(line, ended.get(number)) for number, line in came.items()]


def _request(line: Mapping[str, Any], end: Mapping[str, Any] | None) -> Request:
    return Request(
        name=line["name"],
        at=line["at"],
        until=end["until"] if end else float("inf"),
        id=line["id"],
        timestamp=line["timestamp"],
        signature=line["signature"],
        body=line["body"],
        processed=line["processed"],
        how=end["how"] if end else "",
    )


def changes_of(lines: Iterable[Mapping[str, Any]]) -> list[Change]:
    return [
        Change(line["entry"], line["person"], line["subject_seq"])
        for line in lines
        if line["entry"] is not None
    ]


def windows_of(lines: Iterable[Mapping[str, Any]]) -> list[Window]:
    """From each answered disabling to the next asking to enable."""
    windows: list[Window] = []
    since: dict[str, float] = {}
    for line in lines:
        if line["kind"] == "disabled":
            since.setdefault(line["name"], line["ended"])
        elif line["kind"] == "enabling" and line["name"] in since:
            windows.append(Window(line["name"], since.pop(line["name"]), line["began"]))
    return windows


def secrets_of(lines: Iterable[Mapping[str, Any]]) -> list[Secret]:
    return [
        Secret(line["name"], line["secret"], line["began"], line["ended"])
        for line in lines
        if line["kind"] == "secret"
    ]


def seeks_of(lines: Iterable[Mapping[str, Any]]) -> list[Seek]:
    return [
        Seek(
            line["name"],
            line["after"],
            line["through"],
            line["began"],
            line["ended"],
            line["heard"],
        )
        for line in lines
        if line["kind"] == "seek"
    ]


def inside(look: Mapping[str, Any]) -> dict[str, Any]:
    """What `tests.chaos.world look` printed, under the names of `Evidence`.

    The daily counts are summed over the days: a run may go past midnight.
    """
    counts: Counter[tuple[str, str, str, str]] = Counter()
    for brand, purpose, channel, counter, count in look["counts"]:
        counts[brand, purpose, channel, counter] += count
    known = {each["id"]: each for each in look["relationships"]}
    return {
        "ledger": [Entry(**each) for each in look["entries"]],
        "relationships": {called: (one["subject"], one["brand"]) for called, one in known.items()},
        "entry_ids": {called: one["entry_ids"] for called, one in known.items()},
        "answers": {
            called: {(purpose, by, topic): said for purpose, by, topic, said in one["answers"]}
            for called, one in known.items()
        },
        "at": datetime.fromisoformat(look["at"]),
        "crowded": {called for called, one in known.items() if one["is_crowded"]},
        "regimes": look["regimes"],
        "counts": dict(counts),
        "breaks": look["breaks"],
    }
