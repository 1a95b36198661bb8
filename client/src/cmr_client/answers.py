"""What the service answers, as frozen data. Fields that a later service adds are passed over."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Page(Generic[T]):
    """Some of a list, and where it goes on."""

    data: list[T]
    next_cursor: str | None = None


# -- Checks ----------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Limit:
    """At most so many `per` "day", "week" or "month"."""

    max: int
    per: str


@dataclass(frozen=True, kw_only=True)
class Scope:
    """What a choice is about; None is any. In what you are told `brand` is always your own slug,
    also where the person meant every brand, and `contact_point` is always None."""

    brand: str | None = None
    purpose: str | None = None
    channel: str | None = None
    topic: str | None = None
    contact_point: str | None = None


@dataclass(frozen=True, kw_only=True)
class Because:
    """The choice that decided; without an `entry` it was a supposed one. Where the `maker` is the
    person, `made_at` is rounded down to the hour, in UTC."""

    entry: str | None
    scope: Scope
    decision: str
    maker: str
    made_at: datetime
    until: datetime | None
    expires_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Decision:
    """May this person be reached? Now, only if `allowed` and `not_before` is None. A kept one must
    not outlive `valid_until`, nor the next event about the person; of a yes, `not_before` and
    `remaining` hold at `as_of` only. Of a limit over all brands there is no `remaining`, and its
    `not_before` is a full hour."""

    allowed: bool
    rule: str
    because: Because | None
    as_of: datetime
    valid_until: datetime | None
    not_before: datetime | None
    remaining: int | None
    limit: Limit | None
    campaign: str | None = None


@dataclass(frozen=True, kw_only=True)
class Answered(Decision):
    """A decision with what was asked."""

    purpose: str
    channel: str | None
    topic: str | None


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """Stands among many answers where a contact was none, or nobody's."""

    code: str
    detail: str

    @property
    def allowed(self) -> bool:
        """False: whoever asks each answer for this writes to nobody by mistake."""
        return False


@dataclass(frozen=True, kw_only=True)
class Reservation(Decision):
    """A decision and, where `reserved`, the id of the `send` that was counted."""

    reserved: bool
    send: str | None


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A person, by an id that is yours alone, and by your own reference. Somebody whom you know by
    two addresses is two."""

    id: str
    ref: str | None


@dataclass(frozen=True, kw_only=True)
class Suppression:
    """What a list of those who may not be reached says of one of them."""

    subject: Subject
    allowed: bool
    rule: str
    valid_until: datetime | None


@dataclass(frozen=True, kw_only=True)
class RegimeElsewhere:
    """Where another regime than the purpose's own holds, and by which law."""

    jurisdiction: str
    channel: str | None
    regime: str
    law: str


@dataclass(frozen=True, kw_only=True)
class Purpose:
    code: str
    name: str
    description: str
    regime: str
    regimes: list[RegimeElsewhere]
    dpv: str
    channels: list[str]


@dataclass(frozen=True, kw_only=True)
class Topic:
    code: str
    name: str
    purpose: str


# -- People ----------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Relationship:
    subject: Subject
    started_at: datetime


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A recorded choice; `evidence` and `notice` are shown of yours alone. `entry` and
    `subject_seq` are those of its event: `subject_seq` counts your events about this person."""

    entry: str
    subject_seq: int
    scope: Scope
    decision: str
    until: datetime | None
    limit: Limit | None
    expires_at: datetime | None
    maker: str
    basis: str
    ground: str | None
    source: str
    reason: str | None
    made_at: datetime
    recorded_at: datetime
    evidence: str | None = None
    notice: str | None = None


@dataclass(frozen=True, kw_only=True)
class Links:
    """For one mail; `headers` go into it as they are."""

    one_click_url: str
    preferences_url: str
    headers: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class LinkKey:
    """To make links yourself (docs/links.md). The `key` is a secret."""

    brand: str
    key: str
    one_click_url: str
    preferences_url: str


@dataclass(frozen=True, kw_only=True)
class NewLinkKey(LinkKey):
    old_accepted_until: datetime


@dataclass(frozen=True, kw_only=True)
class PermissionRequest:
    """`answer` is "yes", "no", "never", or None while it waits."""

    id: str
    subject: Subject
    purpose: str
    channel: str | None
    topic: str | None
    text: str
    notice: str | None
    asked_at: datetime
    answered_at: datetime | None
    answer: str | None


# -- Events and webhooks ---------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Event:
    """A change. `body` is its JSON, byte for byte as a webhook has it.

    `data["subject_seq"]` counts 1, 2, 3, … the events about one person: the highest that you have
    replaces all that you kept of them (`Permissions.from_event`)."""

    sequence: int
    type: str
    timestamp: datetime
    data: dict[str, Any]
    body: bytes = field(default=b"", repr=False, compare=False)


@dataclass(frozen=True, kw_only=True)
class Gap:
    """Sequences that no event has, or will have: the service went back to a backup."""

    first: int
    last: int


@dataclass(frozen=True, kw_only=True)
class Feed:
    """Some of the stream. `retry_after`: nobody may wait just now, ask again in so many seconds.

    Between its events nothing is missing, but for the `gaps`.
    """

    events: list[Event]
    next_cursor: int | None = None
    retry_after: float | None = None
    gaps: tuple[Gap, ...] = ()


@dataclass(frozen=True, kw_only=True)
class EventType:
    type: str
    meaning: str
    schema: dict[str, Any]
    example: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """A verified webhook: its `type`, and its events in order; a ping or a challenge has none."""

    id: str
    type: str
    timestamp: datetime
    events: list[Event]
    data: Any


@dataclass(frozen=True, kw_only=True)
class Subscription:
    """A webhook. Only the answer that makes one has its `secret` or its `public_key`."""

    id: str
    url: str
    event_types: list[str]
    purposes: list[str] | None
    channels: list[str] | None
    batch: int
    rate_limit: int | None
    signature: str
    enabled: bool
    disabled_reason: str | None
    delivered_through: int
    failures: int
    next_try_at: datetime | None
    parked: int
    created_at: datetime
    secret: str | None = field(default=None, repr=False)
    public_key: str | None = None


@dataclass(frozen=True, kw_only=True)
class SigningKey:
    """A new secret, or the public half of a new key pair."""

    secret: str | None = field(default=None, repr=False)
    public_key: str | None = None


@dataclass(frozen=True, kw_only=True)
class Ping:
    outcome: str
    status: int | None
    latency_ms: int
    answer: str


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One try of one event; without a `next_try_at` nothing more is to be tried."""

    sequence: int
    webhook_id: str
    started_at: datetime
    latency_ms: int
    outcome: str
    status: int | None
    answer: str
    next_try_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Parked:
    """A quarantined event; without a `next_try_at` it waits for a replay."""

    sequence: int
    subject: str
    status: int | None
    refusals: int
    since: datetime
    next_try_at: datetime | None


# -- Imports ---------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Import:
    """`state` is "open", "applying", "done" or "cancelled"."""

    id: str
    state: str
    note: str
    webhooks: bool
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    rows: int
    applied: int
    bad: int
    people: int
    choices: int
    unchanged: int
    refs_changed: int
    lifts_refused: int

    @property
    def is_over(self) -> bool:
        return self.state in {"done", "cancelled"}

    @property
    def dealt_with(self) -> int:
        """Rows that are through, whatever came of them."""
        return self.applied + self.bad


@dataclass(frozen=True, kw_only=True)
class Part:
    number: int
    rows: int
    bad: int


@dataclass(frozen=True, kw_only=True)
class BadRow:
    """A row that was not taken; rows count from 1, without the headings."""

    part: int
    row: int
    row_of_all: int
    field: str
    code: str
    detail: str


# -- Campaigns and reports -------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Campaign:
    code: str
    name: str
    purpose: str
    topic: str | None
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class Day:
    """What a campaign sent on a day (UTC) over a channel; `responses` are unique people."""

    channel: str
    day: date
    sends: int
    deliveries: int
    responses: int
    complaints: int


@dataclass(frozen=True, kw_only=True)
class ReportedDay(Day):
    reported_at: datetime
    revision: int


@dataclass(frozen=True, kw_only=True)
class Card:
    """One rate beside that of the time before; None is not known."""

    name: str
    kind: str
    value: float | None
    before: float | None
    formula: str


@dataclass(frozen=True, kw_only=True)
class Column:
    name: str
    label: str
    kind: str


@dataclass(frozen=True, kw_only=True)
class Withheld:
    row: int
    column: str


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A table; what is `withheld` would be about too few people."""

    name: str
    title: str
    notes: list[str]
    columns: list[Column]
    data: list[dict[str, Any]]
    withheld: list[Withheld]


@dataclass(frozen=True, kw_only=True)
class Report:
    report: str
    title: str
    first: date
    last: date
    as_of: datetime | None
    cards: list[Card]
    figures: list[Figure]


# -- Oneself ---------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Brand:
    slug: str
    name: str
    operations_email: str = ""


@dataclass(frozen=True, kw_only=True)
class Mail:
    """What a person of test mode would have got."""

    subject: str
    text: str
    made_at: datetime


@dataclass(frozen=True, kw_only=True)
class Key:
    """`mode` is "test" or "live". Only the answer that makes one has the `key` itself, and only
    the current one names its `brand`."""

    id: int
    name: str
    mode: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    last_used_on: date | None
    revoked_at: datetime | None = None
    prefix: str = ""
    brand: Brand | None = None
    key: str | None = field(default=None, repr=False)
