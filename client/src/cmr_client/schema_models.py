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
    """What a choice is about; None is any.

    In what a brand reads, `brand` is its own slug, also where the person meant every brand, and
    `contact_point` is None.
    """

    brand: str | None = None
    #: Code of a purpose, from `GET brand/purposes`.
    purpose: str | None = None
    #: Channel of the message. One of "email", "sms", "voice", "push", "post", "in_app",
    #: "messaging".
    channel: str | None = None
    #: Code of a topic of the brand.
    topic: str | None = None
    contact_point: str | None = None


@dataclass(frozen=True, kw_only=True)
class Because:
    """The choice that decided."""

    #: `id` of the entry, as in your events about this person; null for a supposed choice.
    entry: str | None
    #: What the choice applies to. A part that is left out or null means any.
    scope: Scope
    #: Grant, deny, pause, limit, or clear (withdraw the earlier choice with the same scope).
    decision: str
    #: Who made the choice: the person, or the brand on their behalf.
    maker: str
    #: For a choice that the person made: rounded to the hour, in UTC.
    made_at: datetime
    until: datetime | None
    expires_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Decision:
    """Whether the person may be contacted: now, only if `allowed` and `not_before` is None.

    Do not keep it longer than `valid_until`, or than the next event about the person. Of a yes,
    `not_before` and `remaining` hold at `as_of` only.
    """

    allowed: bool
    #: The rule that decided.
    rule: str
    #: The choice that decided; null if a default did.
    because: Because | None
    as_of: datetime
    #: When the answer may change without a new choice.
    valid_until: datetime | None
    #: If allowed, but only later: the earliest time, because of quiet hours or a frequency limit.
    #: Rounded up to the hour if other brands count against the limit, too.
    not_before: datetime | None
    #: How many messages may still be sent now; null without a limit on your messages alone.
    remaining: int | None
    #: The person's frequency limit.
    limit: Limit | None
    #: The campaign of the question.
    campaign: str | None = None


@dataclass(frozen=True, kw_only=True)
class Answered(Decision):
    """A decision with its question."""

    #: Code of a purpose, from `GET brand/purposes`.
    purpose: str
    #: Channel of the message.
    channel: str | None
    #: Code of a topic of the brand.
    topic: str | None


@dataclass(frozen=True, kw_only=True)
class Reservation(Decision):
    """A decision and, where `reserved`, the id of the `send` that was counted."""

    #: Send the message only if this is true. When you repeat an `Idempotency-Key`, `allowed` must
    #: be true, too.
    reserved: bool
    send: str | None


@dataclass(frozen=True, kw_only=True)
class ItemError:
    """Why an item of a list has no answer."""

    code: str
    detail: str


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A person, by an id that only this brand sees, and by the brand's own reference.

    A person with two addresses at the brand is two subjects.
    """

    #: As in your events.
    id: str
    #: Your own reference.
    ref: str | None


@dataclass(frozen=True, kw_only=True)
class RegimeElsewhere:
    """An exception to a purpose's regime."""

    #: ISO 3166-1 alpha-2 or ISO 3166-2.
    jurisdiction: str
    #: Null means any channel. One of "email", "sms", "voice", "push", "post", "in_app",
    #: "messaging".
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
    #: Exceptions to `regime` by jurisdiction and channel. The most specific one applies;
    #: jurisdiction outranks channel.
    regimes: list[RegimeElsewhere]
    #: Term of the W3C Data Privacy Vocabulary.
    dpv: str
    #: One of "email", "sms", "voice", "push", "post", "in_app", "messaging".
    channels: list[str]


@dataclass(frozen=True, kw_only=True)
class Topic:
    """One of the brand's own lists under a purpose."""

    code: str
    name: str
    #: Code of a purpose, from `GET brand/purposes`.
    purpose: str
    retired_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Relationship:
    """A person who is registered with the brand."""

    subject: Subject
    started_at: datetime


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A recorded choice.

    `evidence` and `notice` are those of the brand's own entries.
    """

    entry: str
    #: Number of the entry: 1, 2, 3, … in your record, or in the brand's events about the person.
    subject_seq: int
    #: What the choice applies to. A part that is left out or null means any.
    scope: Scope
    #: Grant, deny, pause, limit, or clear (withdraw the earlier choice with the same scope). One of
    #: "grant", "deny", "pause", "limit", "clear".
    decision: str
    until: datetime | None
    limit: Limit | None
    expires_at: datetime | None
    #: Who made the choice: the person, or the brand on their behalf.
    maker: str
    basis: str
    #: What implies the consent. One of "purchase", "inquiry".
    ground: str | None
    source: str
    reason: str | None
    #: When the choice was made.
    made_at: datetime
    recorded_at: datetime
    #: As you sent it.
    evidence: str | None = None
    #: `code@version` if it is one of your notices; otherwise the text that you sent.
    notice: str | None = None


@dataclass(frozen=True, kw_only=True)
class LinkKey:
    """What it takes to make links yourself (docs/links.md)."""

    #: Field `b` of the token.
    brand: str
    #: Key of the HMAC, in base64url. It is secret.
    key: str = field(repr=False)
    #: Replace {token} with the token.
    one_click_url: str
    preferences_url: str


@dataclass(frozen=True, kw_only=True)
class NewLinkKey(LinkKey):
    """A link key after its rotation."""

    #: Links made with the previous key are valid until then.
    old_accepted_until: datetime


@dataclass(frozen=True, kw_only=True)
class PermissionRequest:
    """A request; `answer` is None while it waits."""

    id: str
    subject: Subject
    #: Code of a purpose, from `GET brand/purposes`.
    purpose: str
    #: Channel of the message.
    channel: str | None
    #: Code of a topic of the brand.
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

    #: 1, 2, 3, … without gaps, except those listed in `gaps`.
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
    #: JSON Schema 2020-12 of the whole body.
    schema: dict[str, Any]
    example: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Subscription:
    """A webhook.

    Only the answer to its creation has the `secret` or the `public_key`.
    """

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
    #: All events up to this sequence are delivered, except quarantined ones.
    delivered_through: int
    #: Failed attempts in a row. A refused event counts only while no other event is accepted.
    failures: int
    next_try_at: datetime | None
    #: Number of refused events that wait for a replay.
    parked: int
    created_at: datetime
    #: whsec_… Shown only once.
    secret: str | None = field(default=None, repr=False)
    #: whpk_… The public key, instead of a secret.
    public_key: str | None = None


@dataclass(frozen=True, kw_only=True)
class SigningKey:
    """A new secret, or the public half of a new key pair."""

    #: whsec_… Shown only once.
    secret: str | None = field(default=None, repr=False)
    #: whpk_… The public key, instead of a secret.
    public_key: str | None = None


@dataclass(frozen=True, kw_only=True)
class Ping:
    """What the endpoint answered to a ping."""

    outcome: str
    status: int | None
    latency_ms: int
    #: The beginning of the endpoint's response, or why there was no response.
    answer: str


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One try to deliver one event."""

    sequence: int
    #: The `webhook-id` of the request: evt_… for one event, bat_… for a batch.
    webhook_id: str
    started_at: datetime
    latency_ms: int
    #: One of "delivered", "refused", "timed_out", "unreachable", "forbidden", "cancelled".
    outcome: str
    status: int | None
    #: The beginning of the endpoint's response, or why there was no response.
    answer: str
    #: When the next attempt is due; null if none is.
    next_try_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Parked:
    """A quarantined event."""

    sequence: int
    #: `subject.id`, as in the event.
    subject: str
    #: HTTP status of the refusal; null if the event waits for an earlier one.
    status: int | None
    refusals: int
    since: datetime
    #: When the next attempt is due; null if the event is parked until a replay.
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
    #: Rows received. In the end each of them is either applied or bad.
    rows: int
    #: Rows applied so far.
    applied: int
    #: Rows that were not applied; see `exceptions`.
    bad: int
    #: Relationships that were created.
    people: int
    #: Choices that were recorded.
    choices: int
    #: Rows applied that changed nothing.
    unchanged: int
    #: References that replaced an earlier one, for example because an address occurs twice.
    refs_changed: int
    #: Grants that were refused because of the person's own no.
    lifts_refused: int
    #: Encodings of its parts, without duplicates.
    encodings: list[str]
    #: Separators of its CSV parts, without duplicates.
    separators: list[str]


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part of an import's file."""

    number: int
    rows: int
    bad: int
    #: Encoding of the part, as given or detected.
    encoding: str
    #: Separator of the part, as given or detected; empty for NDJSON.
    separator: str


@dataclass(frozen=True, kw_only=True)
class BadRow:
    """A row of an import that was not taken."""

    part: int
    #: Row within the part: 1 is the first one after the headings.
    row: int
    #: Row within all parts, in the order of their numbers.
    row_of_all: int
    field: str
    code: str
    detail: str


@dataclass(frozen=True, kw_only=True)
class Campaign:
    """A campaign by the brand's own code."""

    code: str
    name: str
    #: Code of a purpose, from `GET brand/purposes`.
    purpose: str
    #: Code of a topic of the brand.
    topic: str | None
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class Day:
    """What a campaign sent on one day over one channel."""

    #: Channel of the message. One of "email", "sms", "voice", "push", "post", "in_app",
    #: "messaging".
    channel: str
    #: Day on which the messages were sent, in UTC.
    day: date
    sends: int
    deliveries: int
    #: Number of distinct people who responded.
    responses: int
    complaints: int


@dataclass(frozen=True, kw_only=True)
class ReportedDay(Day):
    """A day as it was reported last."""

    reported_at: datetime
    #: Revision of this day's numbers: 1 for the first report, one more for each change.
    revision: int


@dataclass(frozen=True, kw_only=True)
class Card:
    """One rate beside that of the period before; None is unknown."""

    name: str
    kind: str
    value: float | None
    #: The value in the previous period.
    before: float | None
    formula: str


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of a figure."""

    name: str
    label: str
    #: A `share` is a number from 0 to 1, `seconds` a duration.
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
    #: Notes, with the formula of each number.
    notes: list[str]
    columns: list[Column]
    #: Rows as objects by column name; null means unknown.
    data: list[dict[str, Any]]
    #: Suppressed values: they are null because they describe too few people.
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
    #: When the choice was made.
    made_at: datetime


@dataclass(frozen=True, kw_only=True)
class Key:
    """An API key.

    Only the answer that creates one has the `key` itself, and only the current one names its
    `brand`.
    """

    id: int
    name: str
    #: The public part of the key.
    prefix: str
    #: One of "test", "live".
    mode: str
    #: One of "check", "events", "ack", "subscriptions", "relationships", "imports", "exports",
    #: "ask", "links", "inbound", "catalogue", "campaigns", "reports", "keys".
    scopes: list[str]
    created_at: datetime
    #: Day of the last use, in UTC.
    last_used_on: date | None
    expires_at: datetime | None
    revoked_at: datetime | None
    #: Shown only once.
    key: str | None = field(default=None, repr=False)
    brand: Brand | None = None
