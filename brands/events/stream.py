"""Append events to a brand's stream, and read them.

Note [Dense sequence]. `append_event` takes the next number from the brand's head row, and holds the
row's lock until the transaction ends. So numbers have no holes, because a rollback returns its
number. They also become visible in order: a reader who sees 7 can also see 6. A cursor is therefore
one integer. A database sequence guarantees neither: it leaves holes, and 7 may commit before 6.

The only exception is a restore of an earlier database. After it, each stream skips the numbers that
may have been used before: see `brands.events.restore_gaps`.

Note [Counter of a relationship]. Each event also has a `subject_seq`: 1, 2, 3, … within the brand's
events about one subject, which is one relationship. It counts nothing that happens elsewhere.
Example: in a stream with the events 1 (Ana), 2 (Ben), 3 (Ana), Ana's events have the numbers 1 and
2, and Ben's has 1.

Note [References]. A brand's own reference for a person (`ref`) may identify the person, and a
stored body cannot be altered. So bodies are stored with `"ref":null`, and the reference is stored
once per subject, in `brands_subjecthead`. The feed, webhooks and the console insert the current
reference when they read an event. After erasure the reference is null.
"""

from __future__ import annotations

import threading
import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from time import monotonic
from typing import Any, NamedTuple

import orjson
from django.db import connection, transaction
from django.db.models import OuterRef, QuerySet, Subquery

from brands.events.notify import ENABLED_SQL
from brands.models import Acknowledgement, Event, StreamGap, SubjectHead
from core.db import Call, Copying, Row, Statement, ask_together, fetch_rows, new_id
from core.errors import DomainError

#: A larger body is a bug of ours: receivers may refuse it.
MAX_BODY_BYTES = 20_000
#: How many events one search for wanted events scans at most.
FAR = 100_000


class BodyTooLarge(ValueError):
    """An event's body would exceed `MAX_BODY_BYTES`."""


@dataclass(frozen=True, slots=True)
class EventFacts:
    """Facts that readers aggregate without parsing the body; empty means "any" or "none"."""

    decision: str = ""
    purpose: str = ""
    channel: str = ""
    topic: str = ""
    reason: str = ""
    source: str = ""
    campaign: str = ""
    #: The decision that was in force before on exactly this scope.
    before: str = ""


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event to append to one brand's stream.

    `data` goes into the body, together with the `subject_seq` that `append_event` assigns.
    """

    brand_id: int
    type: str
    timestamp: datetime
    subject: uuid.UUID
    cause: uuid.UUID
    data: dict[str, Any]
    facts: EventFacts = field(default_factory=EventFacts)
    #: The brand must apply the event by this time.
    honour_by: datetime | None = None


class AcknowledgedTooFar(DomainError):
    """A brand confirmed a sequence that its stream has not reached, or that a restore removed."""

    code = "beyond_stream"
    field = "through"


def append_event(notices: Iterable[NewEvent]) -> set[uuid.UUID]:
    """Append each event to its brand's stream. Call it last in a transaction.

    Return the subscriptions to wake after the commit: `wake_subscriptions`.

    Raises:
        BodyTooLarge: the caller should roll the whole transaction back.
        TransactionManagementError: called outside a transaction.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("an event belongs to the change it tells of")
    return set().union(*ask_together(build_append_calls(notices)))


def build_append_calls(notices: Iterable[NewEvent]) -> list[Call]:
    """Return the calls that append each event to its brand's stream: the last of a transaction.

    Each returns the subscriptions to wake after the commit. One that is made between then and the
    commit is found by the sweep.

    Heads are locked in the order of brand ids. So two transactions that append to the same brands
    cannot deadlock.

    Raises:
        BodyTooLarge
    """
    ordered = sorted(notices, key=lambda notice: notice.brand_id)
    return [Call(APPEND, _build_append_values(each), _read_subscriptions) for each in ordered]


def _read_subscriptions(rows: list[Row]) -> list[uuid.UUID]:
    return list(rows[0][0])


def _build_append_values(notice: NewEvent) -> dict[str, Any]:
    """Return the values of `APPEND`. Raises BodyTooLarge."""
    more = {"ref": _read_reference(notice), "brand": notice.brand_id}
    return _build_columns(notice) | more | _cut_body(notice)._asdict()


def append_events(brand_id: int, notices: Sequence[NewEvent], *, history: bool = False) -> None:
    """Append many events to one brand's stream. Their numbers and rows are written in bulk.

    With *history*, the events are in the feed only: no webhook is sent for them. Their decisions
    are not counted in reports.

    Raises:
        BodyTooLarge, TransactionManagementError
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("an event belongs to the change it tells of")
    if not notices:
        return
    last = int(fetch_rows(NEXT_SEQUENCES, {"brand": brand_id, "many": len(notices)})[0][0])
    first = last - len(notices) + 1
    # It is a list, because no query can run on the connection while COPY is in progress.
    within = _number_within_subjects(brand_id, notices)
    numbered = zip(notices, range(first, last + 1), within, strict=True)
    as_history = {"quiet": True, "decision": ""} if history else {}
    rows = (_build_row(*each) | as_history for each in numbered)
    EVENTS.add_values([row[name] for name in EVENTS.names] for row in rows)


EVENTS = Copying(Event)
NEXT_SEQUENCES = (
    "INSERT INTO brands_streamhead (brand_id, last_sequence) VALUES (%(brand)s, %(many)s::bigint)"
    " ON CONFLICT (brand_id) DO UPDATE"
    " SET last_sequence = brands_streamhead.last_sequence + %(many)s::bigint"
    " RETURNING last_sequence"
)


def _build_row(notice: NewEvent, sequence: int, subject_seq: int) -> dict[str, Any]:
    """Return the values of all columns. Raises BodyTooLarge."""
    body = _cut_body(notice).join(sequence, subject_seq)
    return _build_columns(notice) | {"sequence": sequence, "body": body}


#: The columns of an event that do not depend on its numbers.
OTHER_COLUMNS = [
    each.column
    for each in Event._meta.concrete_fields
    if each.column not in ("brand_id", "sequence", "body")
]
# The second part selects from the first, so the brand's head is always locked before a subject's.
# The body is given in three pieces, between which its numbers belong.
APPEND_SQL = f"""
WITH head AS (
    INSERT INTO brands_streamhead (brand_id, last_sequence) VALUES (%(brand)s, 1)
    ON CONFLICT (brand_id) DO UPDATE SET last_sequence = brands_streamhead.last_sequence + 1
    RETURNING brand_id, last_sequence
), within AS (
    INSERT INTO brands_subjecthead (brand_id, subject, last_seq, ref)
    SELECT brand_id, %(subject)s::uuid, 1, %(ref)s::text FROM head
    ON CONFLICT (brand_id, subject) DO UPDATE
    SET last_seq = brands_subjecthead.last_seq + 1, ref = EXCLUDED.ref
    RETURNING last_seq
)
INSERT INTO brands_event (brand_id, sequence, body, {", ".join(OTHER_COLUMNS)})
SELECT head.brand_id, head.last_sequence,
    %(begin)s::bytea || convert_to(head.last_sequence::text, 'UTF8')
    || %(middle)s::bytea || convert_to(within.last_seq::text, 'UTF8') || %(end)s::bytea,
    {", ".join(f"%({each})s" for each in OTHER_COLUMNS)}
FROM head, within
RETURNING ARRAY({ENABLED_SQL})
"""
APPEND = Statement(APPEND_SQL)
COUNT_WITHIN_SUBJECTS = """
INSERT INTO brands_subjecthead (brand_id, subject, last_seq, ref)
SELECT %(brand)s::bigint, given.subject, given.many, given.ref
FROM json_to_recordset(%(subjects)s::json) given (subject uuid, many bigint, ref text)
ON CONFLICT (brand_id, subject) DO UPDATE
SET last_seq = brands_subjecthead.last_seq + EXCLUDED.last_seq, ref = EXCLUDED.ref
RETURNING subject, last_seq
"""
SET_REFS = """
UPDATE brands_subjecthead head SET ref = given.ref
FROM json_to_recordset(%(subjects)s::json) given (subject uuid, ref text)
WHERE head.brand_id = %(brand)s AND head.subject = given.subject
"""


def _number_within_subjects(brand_id: int, notices: Sequence[NewEvent]) -> list[int]:
    """Return the `subject_seq` of each event, in order. The brand's head must be locked."""
    subjects = [notice.subject for notice in notices]
    many = Counter(subjects)
    refs = {notice.subject: _read_reference(notice) for notice in notices}
    counted = [{"subject": each, "many": many[each], "ref": ref} for each, ref in refs.items()]
    given = {"brand": brand_id, "subjects": orjson.dumps(counted).decode()}
    rows = fetch_rows(COUNT_WITHIN_SUBJECTS, given)
    numbers = {subject: count(last - many[subject] + 1) for subject, last in rows}
    return [next(numbers[subject]) for subject in subjects]


def set_references(brand_id: int, refs: Mapping[uuid.UUID, str | None]) -> None:
    """Replace the brand's reference for each subject, also in its past events. None removes it."""
    if refs:
        rows = [{"subject": subject, "ref": ref} for subject, ref in refs.items()]
        with connection.cursor() as cursor:
            cursor.execute(SET_REFS, {"brand": brand_id, "subjects": orjson.dumps(rows).decode()})


def _read_reference(notice: NewEvent) -> str | None:
    ref: str | None = notice.data.get("subject", {}).get("ref")
    return ref


NO_REF = b'"ref":null'


def insert_reference(body: bytes, ref: str | None) -> bytes:
    """Return a stored body with the reference inserted at its first `"ref":null`.

    No free text comes before that place in a body, so the first match is the right one.
    """
    return body if ref is None else body.replace(NO_REF, b'"ref":' + orjson.dumps(ref), 1)


class BodyPieces(NamedTuple):
    """A body without the reference, cut where its two numbers belong."""

    begin: bytes
    middle: bytes
    end: bytes

    def join(self, sequence: int, subject_seq: int) -> bytes:
        return b"%b%d%b%d%b" % (self.begin, sequence, self.middle, subject_seq, self.end)


#: How long two numbers can be together.
NUMBERS_BYTES = 2 * len(str(2**63 - 1))


def _cut_body(notice: NewEvent) -> BodyPieces:
    """Return the body to be stored. Raises BodyTooLarge."""
    head = {"type": notice.type, "timestamp": notice.timestamp}
    rest = {name: value for name, value in notice.data.items() if name != "subject"}
    subject = b""
    if "subject" in notice.data:
        subject = b'"subject":%b,' % _write_json({**notice.data["subject"], "ref": None})
    pieces = BodyPieces(
        _write_json(head)[:-1] + b',"sequence":',
        b',"data":{' + subject + b'"subject_seq":',
        b",%b}" % _write_json(rest)[1:] if rest else b"}}",
    )
    size = len(insert_reference(b"".join(pieces), _read_reference(notice))) + NUMBERS_BYTES
    if size > MAX_BODY_BYTES:
        raise BodyTooLarge(f"{notice.type} has {size} bytes; {MAX_BODY_BYTES} are allowed")
    return pieces


def _write_json(value: dict[str, Any]) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_UTC_Z)


def _build_columns(notice: NewEvent) -> dict[str, Any]:
    """Return the values of the event's columns, except its numbers and its body."""
    facts = notice.facts
    return {
        "brand_id": notice.brand_id,
        "uid": new_id(),
        "type": notice.type,
        "timestamp": notice.timestamp,
        "subject": notice.subject,
        "cause": notice.cause,
        "decision": facts.decision,
        "purpose": facts.purpose,
        "channel": facts.channel,
        "topic": facts.topic,
        "reason": facts.reason,
        "source": facts.source,
        "campaign": facts.campaign,
        "before": facts.before,
        "honour_by": notice.honour_by,
        "quiet": False,
    }


def find_brand_reference(event: Event) -> dict[str, str | None]:
    """Return the brand's own `id` and `ref` of the subject of *event*.

    `Event.subject` must not leave the system: by it, two brands could find out which people they
    share.
    """
    subject: dict[str, str | None] = orjson.loads(bytes(event.body))["data"]["subject"]
    return subject


def has_event(brand_id: int, cause: uuid.UUID) -> bool:
    return Event.objects.filter(brand_id=brand_id, cause=cause).exists()


def find_event(brand_id: int, cause: uuid.UUID) -> Event:
    """Return the brand's event with this cause.

    Raises:
        Event.DoesNotExist
    """
    return Event.objects.get(brand_id=brand_id, cause=cause)


def read_events(brand_id: int, *, after: int, limit: int) -> Sequence[Event]:
    """Return at most *limit* events with a sequence above *after*, in order."""
    events = Event.objects.filter(brand_id=brand_id, sequence__gt=after)
    return _with_refs(events.order_by("sequence")[:limit])


def _with_refs(events: QuerySet[Event]) -> Sequence[Event]:
    """Return *events* with the reference inserted in each body: see Note [References]."""
    heads = SubjectHead.objects.filter(brand=OuterRef("brand"), subject=OuterRef("subject"))
    found = list(events.annotate(ref=Subquery(heads.values("ref")[:1])))
    for event in found:
        event.body = insert_reference(bytes(event.body), event.ref)
    return found


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events a reader wants; None means all.

    An event about any purpose (or channel) matches every purpose (or channel).
    """

    types: Sequence[str] | None = None
    purposes: Sequence[str] | None = None
    channels: Sequence[str] | None = None


#: The SQL condition on an event; `build_filter_arrays` returns its values.
IS_WANTED = (
    "NOT quiet AND (%(types)s::text[] IS NULL OR type = ANY(%(types)s::text[]))"
    " AND (%(purposes)s::text[] IS NULL OR purpose = '' OR purpose = ANY(%(purposes)s::text[]))"
    " AND (%(channels)s::text[] IS NULL OR channel = '' OR channel = ANY(%(channels)s::text[]))"
)
WINDOW = Statement(
    "SELECT event.sequence, event.uid, event.subject, event.timestamp, event.body, head.ref FROM ("
    "SELECT * FROM brands_event"
    " WHERE brand_id = %(brand)s AND sequence > %(after)s AND sequence <= %(through)s"
    f" AND {IS_WANTED} ORDER BY sequence LIMIT %(limit)s) event"
    " LEFT JOIN brands_subjecthead head"
    " ON head.brand_id = event.brand_id AND head.subject = event.subject ORDER BY event.sequence"
)


def read_window(
    brand_id: int, *, after: int, limit: int, wanted: EventFilter
) -> tuple[list[tuple[Any, ...]], int]:
    """Return the first *limit* wanted events after a sequence, and the sequence searched to.

    The events are rows of sequence, uid, subject, timestamp and body. Up to the returned sequence
    there are no other wanted events.
    """
    through = find_window_end(brand_id, after=after, far=FAR)
    given = {"brand": brand_id, "after": after, "through": through, "limit": limit}
    found = WINDOW.ask(given | build_filter_arrays(wanted))
    rows = [(*row[:4], insert_reference(row[4], row[5])) for row in found]
    return rows, rows[-1][0] if len(rows) == limit else through


WANTS = (
    "SELECT 1 FROM brands_event WHERE brand_id = %(brand)s AND sequence = %(sequence)s"
    f" AND {IS_WANTED}"
)


def wants_event(wanted: EventFilter, event: Event) -> bool:
    """Return whether *event* matches the filter *wanted*."""
    given = {"brand": event.brand_id, "sequence": event.sequence}
    return bool(fetch_rows(WANTS, given | build_filter_arrays(wanted)))


def read_newest_events(
    brand_id: int, *, before: int, limit: int, event_type: str = ""
) -> tuple[Sequence[Event], int]:
    """Return the last *limit* events before a sequence, newest first, and where to continue.

    *event_type* selects one type; by default all types are returned. To continue, pass the
    returned sequence as *before*: there may be more events before it.
    """
    gap = fetch_rows(GAP_BEFORE, {"brand": brand_id, "at": before})
    before = gap[0][0] if gap else before
    low = max(before - FAR, 1)
    events = Event.objects.filter(brand_id=brand_id, sequence__gte=low, sequence__lt=before)
    if event_type:
        events = events.filter(type=event_type)
    found = _with_refs(events.order_by("-sequence")[:limit])
    return found, found[-1].sequence if len(found) == limit else low


def build_filter_arrays(wanted: EventFilter) -> dict[str, str | None]:
    """Return the values of the placeholders in `IS_WANTED`."""
    lists = {"types": wanted.types, "purposes": wanted.purposes, "channels": wanted.channels}
    return {name: _array(codes) for name, codes in lists.items()}


def _array(codes: Sequence[str] | None) -> str | None:
    """Return *codes* as a PostgreSQL array literal. Codes have no characters that need quotes."""
    return None if codes is None else "{" + ",".join(codes) + "}"


def read_last_sequence(brand_id: int) -> int:
    """Return the sequence of the newest event; 0 for an empty stream."""
    return next((last for (last,) in LAST_SEQUENCE.ask({"brand": brand_id})), 0)


LAST_SEQUENCE = Statement("SELECT last_sequence FROM brands_streamhead WHERE brand_id = %(brand)s")


def find_window_end(brand_id: int, *, after: int, far: int) -> int:
    """Return the sequence up to which to read after *after*, to scan at most *far* numbers.

    The numbers in restore gaps do not count.
    """
    given = {"brand": brand_id, "after": after, "far": far}
    return next((end for (end,) in END.ask(given)), 0)


# A reader at the last number before a gap, or within the gap, continues after it.
END = Statement("""
SELECT least(head.last_sequence, %(far)s::bigint + coalesce(
    (SELECT gap.last FROM brands_streamgap gap WHERE gap.brand_id = head.brand_id
     AND gap.first <= %(after)s::bigint + 1 AND gap.last > %(after)s::bigint),
    %(after)s::bigint
))
FROM brands_streamhead head WHERE head.brand_id = %(brand)s
""")
GAP_BEFORE = (
    "SELECT first FROM brands_streamgap WHERE brand_id = %(brand)s"
    " AND first < %(at)s::bigint AND last >= %(at)s::bigint - 1"
)


def has_reached(brand_id: int, sequence: int) -> bool:
    """Return whether the stream has reached *sequence*, and no restore has removed it since.

    The last number of a gap counts as reached. It is what `read_last_sequence` returns right after
    the restore, so a reader who has it already knows of the restore.
    """
    if sequence > read_last_sequence(brand_id):
        return False
    inside = StreamGap.objects.filter(brand=brand_id, first__lte=sequence, last__gt=sequence)
    return not inside.exists()


def list_stream_gaps(brand_id: int, *, after: int, before: int) -> list[StreamGap]:
    """Return the restore gaps between two sequences, in order."""
    gaps = StreamGap.objects.filter(brand=brand_id, last__gt=after, first__lt=before)
    return list(gaps.order_by("first"))


#: Seconds between two polls of a stream whose reader waits for new events.
LOOK = 0.1


def wait_for_growth(
    sequence: int, *, brand_id: int, within: float, needed: threading.Event
) -> bool:
    """Wait until the stream has events after *sequence*. Return whether it has.

    Stop waiting after *within* seconds, or when *needed* is set because other work needs this
    thread. The function polls: `LISTEN` would need a separate connection for each waiting reader.
    Call it outside any transaction, which would otherwise stay open all the time.
    """
    until = monotonic() + within
    while True:
        if read_last_sequence(brand_id) > sequence:
            return True
        if (left := until - monotonic()) <= 0 or needed.wait(min(LOOK, left)):
            return False


def find_overdue_events(brand_id: int, *, now: datetime, after: int, limit: int) -> Sequence[Event]:
    """Return the first *limit* events after *after* that the brand should have applied by *now*.

    Events that the brand has acknowledged are left out.
    """
    start = max(after, read_acknowledged_sequence(brand_id))
    events = Event.objects.filter(brand_id=brand_id, sequence__gt=start, honour_by__lt=now)
    return _with_refs(events.order_by("sequence")[:limit])


def acknowledge(brand_id: int, *, through: int, now: datetime) -> int:
    """Record that the brand has applied all events up to *through*. Repeated calls have no effect.

    Return the highest acknowledged sequence.

    Raises:
        AcknowledgedTooFar: the stream has not reached *through*, or a restore removed it.
    """
    if not has_reached(brand_id, through):
        raise AcknowledgedTooFar(f"the stream ends at {read_last_sequence(brand_id)}")
    highest = read_acknowledged_sequence(brand_id)
    if through > highest:
        Acknowledgement.objects.get_or_create(
            brand_id=brand_id, through=through, defaults={"made_at": now}
        )
    return max(through, highest)


def read_acknowledged_sequence(brand_id: int) -> int:
    newest = Acknowledgement.objects.filter(brand_id=brand_id).order_by("-through").first()
    return newest.through if newest else 0
