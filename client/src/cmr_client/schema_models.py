"""Answers of the service, generated from its OpenAPI document. Do not edit: `make client-models`.

Fields that a later service adds are ignored. A code that has a fixed set of values today is a
`str`, so that a new value does not break an older client.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

__all__ = [
    "Answered",
    "Attempt",
    "BadRow",
    "Because",
    "Brand",
    "Campaign",
    "Card",
    "Column",
    "Day",
    "Decision",
    "Entry",
    "EventData",
    "EventType",
    "Figure",
    "Gap",
    "ImportData",
    "ItemError",
    "Key",
    "Limit",
    "LinkKey",
    "Mail",
    "NewLinkKey",
    "Parked",
    "Part",
    "PermissionRequest",
    "Ping",
    "Purpose",
    "RegimeElsewhere",
    "Relationship",
    "Report",
    "ReportedDay",
    "Reservation",
    "Scope",
    "SigningKey",
    "Subject",
    "Subscription",
    "Topic",
    "Withheld",
]


@dataclass(frozen=True, kw_only=True)
class Limit:
    """How many messages at most in a period."""

    max: int
    #: One of "day", "week", "month".
    per: str


@dataclass(frozen=True, kw_only=True)
class Scope:
    """What a choice is about; None is any. In what a brand reads, `brand` is its own slug, also
    where the person meant every brand, and `contact_point` is None."""

    brand: str | None = None
    #: What for: a code of `GET brand/purposes`.
    purpose: str | None = None
    #: Which way a message goes. One of "email", "sms", "voice", "push", "post", "in_app",
    #: "messaging".
    channel: str | None = None
    #: One of the brand's own lists, by its code.
    topic: str | None = None
    contact_point: str | None = None


@dataclass(frozen=True, kw_only=True)
class Because:
    """The choice that decided."""

    #: As in your events about this person; null for what was supposed.
    entry: str | None
    #: What is said something about. A part that is left out, or null, is any.
    scope: Scope
    #: What is said: yes, no, not until, at most so often, or the last word taken back.
    decision: str
    #: Who said it: the person, or the brand on their account.
    maker: str
    #: What the person said themselves is told by the hour, in UTC.
    made_at: datetime
    until: datetime | None
    expires_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Decision:
    """Whether the person may be contacted: now, only if `allowed` and `not_before` is None. Do not
    keep it longer than `valid_until`, or than the next event about the person. Of a yes,
    `not_before` and `remaining` hold at `as_of` only."""

    allowed: bool
    #: Which part of the rule decided.
    rule: str
    #: The choice that decided; null for a default.
    because: Because | None
    as_of: datetime
    #: When time alone will change the answer.
    valid_until: datetime | None
    #: Allowed, but only from then on: quiet hours, or a full budget. Of a limit that other brands
    #: count against, too, it is rounded up to the hour.
    not_before: datetime | None
    #: How many more may be sent now; null where no limit of yours covers it.
    remaining: int | None
    #: How often at most the person wants this.
    limit: Limit | None
    #: As the question named it.
    campaign: str | None = None


@dataclass(frozen=True, kw_only=True)
class Answered(Decision):
    """A decision with its question."""

    #: What for: a code of `GET brand/purposes`.
    purpose: str
    #: Which way a message goes.
    channel: str | None
    #: One of the brand's own lists, by its code.
    topic: str | None


@dataclass(frozen=True, kw_only=True)
class Reservation(Decision):
    """A decision and, where `reserved`, the id of the `send` that was counted."""

    #: Send it if this is true; where an `Idempotency-Key` comes again, if `allowed` is still true
    #: as well.
    reserved: bool
    send: str | None


@dataclass(frozen=True, kw_only=True)
class ItemError:
    """Why an item of a list has no answer."""

    code: str
    detail: str


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A person, by an id that only this brand sees, and by the brand's own reference. A person
    with two addresses at the brand is two subjects."""

    #: As in your events.
    id: str
    #: Your own reference.
    ref: str | None


@dataclass(frozen=True, kw_only=True)
class RegimeElsewhere:
    """An exception to a purpose's regime."""

    #: ISO 3166-1 alpha-2 or ISO 3166-2.
    jurisdiction: str
    #: Null is any. One of "email", "sms", "voice", "push", "post", "in_app", "messaging".
    channel: str | None
    #: One of "opt_in", "opt_out", "required".
    regime: str
    law: str


@dataclass(frozen=True, kw_only=True)
class Purpose:
    """A purpose that a question can name."""

    code: str
    name: str
    description: str
    #: One of "opt_in", "opt_out", "required".
    regime: str
    #: Where another one holds; the narrowest counts, place before channel.
    regimes: list[RegimeElsewhere]
    #: The term of the W3C Data Privacy Vocabulary.
    dpv: str
    #: One of "email", "sms", "voice", "push", "post", "in_app", "messaging".
    channels: list[str]


@dataclass(frozen=True, kw_only=True)
class Topic:
    """One of the brand's own lists under a purpose."""

    code: str
    name: str
    #: What for: a code of `GET brand/purposes`.
    purpose: str
    retired_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Relationship:
    """A person who is registered with the brand."""

    subject: Subject
    started_at: datetime


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A recorded choice. `evidence` and `notice` are those of the brand's own entries."""

    entry: str
    #: 1, 2, 3, …: in your own record; for a brand, in its events about the person.
    subject_seq: int
    #: What is said something about. A part that is left out, or null, is any.
    scope: Scope
    #: What is said: yes, no, not until, at most so often, or the last word taken back. One of
    #: "grant", "deny", "pause", "limit", "clear".
    decision: str
    until: datetime | None
    limit: Limit | None
    expires_at: datetime | None
    #: Who said it: the person, or the brand on their account.
    maker: str
    basis: str
    #: What an implied yes is implied by. One of "purchase", "inquiry".
    ground: str | None
    source: str
    reason: str | None
    #: When it was said.
    made_at: datetime
    recorded_at: datetime
    #: As you gave it.
    evidence: str | None = None
    #: `code@version` where it is one of yours, else your words.
    notice: str | None = None


@dataclass(frozen=True, kw_only=True)
class LinkKey:
    """What it takes to make links yourself (docs/links.md)."""

    #: The token's `b`.
    brand: str
    #: The key of the HMAC, in base64url. It is a secret.
    key: str = field(repr=False)
    #: Put the token in place of {token}.
    one_click_url: str
    preferences_url: str


@dataclass(frozen=True, kw_only=True)
class NewLinkKey(LinkKey):
    """A link key after its rotation."""

    #: Until then links count that were made with the key before.
    old_accepted_until: datetime


@dataclass(frozen=True, kw_only=True)
class PermissionRequest:
    """A request; `answer` is None while it waits."""

    id: str
    subject: Subject
    #: What for: a code of `GET brand/purposes`.
    purpose: str
    #: Which way a message goes.
    channel: str | None
    #: One of the brand's own lists, by its code.
    topic: str | None
    text: str
    notice: str | None
    asked_at: datetime
    answered_at: datetime | None
    #: One of "yes", "no", "never".
    answer: str | None


@dataclass(frozen=True, kw_only=True)
class EventData:
    """A change that concerns the brand."""

    #: 1, 2, 3, … without a hole, but for `gaps`.
    sequence: int
    type: str
    timestamp: datetime
    data: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Gap:
    """Sequences without an event: the service was restored to a backup."""

    first: int
    last: int


@dataclass(frozen=True, kw_only=True)
class EventType:
    """A type of event, with its schema."""

    type: str
    meaning: str
    #: JSON Schema 2020-12 of a whole body.
    schema: dict[str, Any]
    example: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Subscription:
    """A webhook. Only the answer to its creation has the `secret` or the `public_key`."""

    id: str
    url: str
    event_types: list[str]
    purposes: list[str] | None
    channels: list[str] | None
    batch: int
    rate_limit: int | None
    #: One of "v1", "v1a".
    signature: str
    enabled: bool
    disabled_reason: str | None
    #: The last sequence that is done with, apart from quarantined events.
    delivered_through: int
    #: Failures in a row; a refusal is one while nothing else arrives.
    failures: int
    next_try_at: datetime | None
    #: Events that were refused, and wait for a replay.
    parked: int
    created_at: datetime
    #: whsec_… Shown this once.
    secret: str | None = field(default=None, repr=False)
    #: whpk_…, in place of a secret.
    public_key: str | None = None


@dataclass(frozen=True, kw_only=True)
class SigningKey:
    """A new secret, or the public half of a new key pair."""

    #: whsec_… Shown this once.
    secret: str | None = field(default=None, repr=False)
    #: whpk_…, in place of a secret.
    public_key: str | None = None


@dataclass(frozen=True, kw_only=True)
class Ping:
    """What the endpoint answered to a ping."""

    outcome: str
    status: int | None
    latency_ms: int
    #: Its beginning, or why there was none.
    answer: str


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One try to deliver one event."""

    sequence: int
    #: evt_… or, for events sent together, bat_…
    webhook_id: str
    started_at: datetime
    latency_ms: int
    #: One of "delivered", "refused", "timed_out", "unreachable", "forbidden", "cancelled".
    outcome: str
    status: int | None
    #: Its beginning, or why there was none.
    answer: str
    #: Null where nothing more is to be tried.
    next_try_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Parked:
    """A quarantined event."""

    sequence: int
    #: `subject.id`, as in the event.
    subject: str
    #: What it was refused with; null: it waits for an earlier one.
    status: int | None
    refusals: int
    since: datetime
    #: Null is parked: it waits for a replay.
    next_try_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class ImportData:
    """An import and its counts so far."""

    id: str
    #: One of "open", "applying", "done", "cancelled".
    state: str
    note: str
    webhooks: bool
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    #: Rows that were received. In the end each is applied, or bad.
    rows: int
    #: Rows that were taken, so far.
    applied: int
    #: Rows not taken; `exceptions` says why.
    bad: int
    #: Relationships that began.
    people: int
    #: Choices that were recorded.
    choices: int
    #: Rows taken that said nothing new.
    unchanged: int
    #: References that took another one's place, as where an address stands twice.
    refs_changed: int
    #: Yeses over the person's own no.
    lifts_refused: int
    #: How its parts were read: each encoding once.
    encodings: list[str]
    #: How its CSV parts were read: each once.
    separators: list[str]


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part of an import's file."""

    number: int
    rows: int
    bad: int
    #: As the part was read: one of `encoding`.
    encoding: str
    #: As the part was read: one of `separator`; empty for NDJSON.
    separator: str


@dataclass(frozen=True, kw_only=True)
class BadRow:
    """A row of an import that was not taken."""

    part: int
    #: Of the part, from 1, without the headings.
    row: int
    #: Of all parts in the order of their numbers.
    row_of_all: int
    field: str
    code: str
    detail: str


@dataclass(frozen=True, kw_only=True)
class Campaign:
    """A campaign by the brand's own code."""

    code: str
    name: str
    #: What for: a code of `GET brand/purposes`.
    purpose: str
    #: One of the brand's own lists, by its code.
    topic: str | None
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class Day:
    """What a campaign sent on one day over one channel."""

    #: Which way a message goes. One of "email", "sms", "voice", "push", "post", "in_app",
    #: "messaging".
    channel: str
    #: Of sending, in UTC.
    day: date
    sends: int
    deliveries: int
    #: Unique people.
    responses: int
    complaints: int


@dataclass(frozen=True, kw_only=True)
class ReportedDay(Day):
    """A day as it was reported last."""

    reported_at: datetime
    #: How often it was reported anew, from 1.
    revision: int


@dataclass(frozen=True, kw_only=True)
class Card:
    """One rate beside that of the period before; None is unknown."""

    name: str
    kind: str
    value: float | None
    #: In the period before.
    before: float | None
    formula: str


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of a figure."""

    name: str
    label: str
    #: `share` is from 0 to 1, `seconds` a time.
    kind: str


@dataclass(frozen=True, kw_only=True)
class Withheld:
    """A cell that is withheld, being about too few people."""

    row: int
    column: str


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A table of a report."""

    name: str
    title: str
    #: With every formula.
    notes: list[str]
    columns: list[Column]
    #: Rows by the columns' names; null is not known.
    data: list[dict[str, Any]]
    #: The nulls that are withheld, being of too few.
    withheld: list[Withheld]


@dataclass(frozen=True, kw_only=True)
class Report:
    """A report with its rates and tables."""

    report: str
    title: str
    first: date
    last: date
    as_of: datetime | None
    cards: list[Card]
    figures: list[Figure]


@dataclass(frozen=True, kw_only=True)
class Brand:
    """A brand."""

    slug: str
    name: str
    operations_email: str = ""


@dataclass(frozen=True, kw_only=True)
class Mail:
    """A mail to a person of test mode, which is not sent."""

    subject: str
    text: str
    #: When it was said.
    made_at: datetime


@dataclass(frozen=True, kw_only=True)
class Key:
    """An API key. Only the answer that creates one has the `key` itself, and only the current one
    names its `brand`."""

    id: int
    name: str
    #: The part of the key that is no secret.
    prefix: str
    #: One of "test", "live".
    mode: str
    #: One of "check", "events", "ack", "subscriptions", "relationships", "imports", "exports",
    #: "ask", "links", "inbound", "catalogue", "campaigns", "reports", "keys".
    scopes: list[str]
    created_at: datetime
    #: The day, by UTC.
    last_used_on: date | None
    expires_at: datetime | None
    revoked_at: datetime | None
    #: Shown this once.
    key: str | None = field(default=None, repr=False)
    brand: Brand | None = None
