"""What the service answers, as frozen data: the generated models, and what goes beyond them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from cmr_client.schema_models import *  # noqa: F403  # all of them are answers
from cmr_client.schema_models import EventData, Gap, ImportData, ItemError, Subject

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Page(Generic[T]):
    """A page of a list, and where the next one begins."""

    data: list[T]
    next_cursor: str | None = None


@dataclass(frozen=True, kw_only=True)
class Mistake(ItemError):
    """An item of a list for which there is no answer: no contact, or nobody's."""

    @property
    def allowed(self) -> bool:
        """False, so that who looks at each answer's `allowed` sends nothing by mistake."""
        return False


@dataclass(frozen=True, kw_only=True)
class Suppression:
    """A line of the list of those who may not be contacted."""

    subject: Subject
    allowed: bool
    rule: str
    valid_until: datetime | None


@dataclass(frozen=True, kw_only=True)
class Links:
    """The links of one mail; add `headers` to it as they are."""

    one_click_url: str
    preferences_url: str
    headers: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Event(EventData):
    """A change. `body` is its JSON, byte for byte as a webhook has it.

    `data["subject_seq"]` counts the events about one person from 1. The event with the highest
    number replaces everything that you kept of the person (`Permissions.from_event`).
    """

    body: bytes = field(default=b"", repr=False, compare=False)


@dataclass(frozen=True, kw_only=True)
class Feed:
    """A page of the stream, whose events are complete but for the `gaps`.

    `retry_after` (seconds) is set where the service cannot let the call wait: ask again then.
    """

    events: list[Event]
    next_cursor: int | None = None
    retry_after: float | None = None
    gaps: tuple[Gap, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """A verified webhook: its `type`, and its events in order. A ping or challenge has none."""

    id: str
    type: str
    timestamp: datetime
    events: list[Event]
    data: Any


@dataclass(frozen=True, kw_only=True)
class Import(ImportData):
    """An import and its counts so far."""

    @property
    def is_over(self) -> bool:
        return self.state in {"done", "cancelled"}

    @property
    def dealt_with(self) -> int:
        """The number of rows that were applied or refused."""
        return self.applied + self.bad
