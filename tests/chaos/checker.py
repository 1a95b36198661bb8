"""What must hold after a run, as rules over the evidence. Pure: it starts and asks nothing.

A rule is a function that yields a sentence for each violation. `RULES` names them all, and each
has evidence planted against it in `test_checker.py`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import accumulate, pairwise
from math import inf
from typing import Any

from standardwebhooks import Webhook

from tests.chaos.evidence import Entry, Event, Evidence, Look, Request, Secret, Subscribed
from tests.chaos.example import BRAND, Question

Rule = Callable[[Evidence], Iterator[str]]

#: Seconds that what was sent before may be under way.
UNDER_WAY = 0.3
#: Seconds after a stopped worker went on in which the end of what it was at may still be sent.
JUST_WOKEN = 1.0
#: How brands refuse an event for what it is.
REFUSED = "422"
#: As docs/events.md names them: the checker imports nothing of the product.
OF_CHOICES = {
    f"preference.{each}" for each in ("granted", "denied", "paused", "limited", "cleared")
}
COUNTED_AS = {
    "preference.denied": "opt_outs",
    "preference.granted": "opt_ins",
    "preference.paused": "pauses",
    "preference.limited": "limits",
    "relationship.started": "started",
    "relationship.ended": "ended",
}


@dataclass(frozen=True)
class Violation:
    rule: str
    what: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.what}"


def check(evidence: Evidence) -> list[Violation]:
    return [
        Violation(rule.__name__.replace("_", " "), what)
        for rule in RULES
        for what in rule(evidence)
    ]


# -- The ledger and the feed -------------------------------------------------------------------


def acknowledged_is_recorded(evidence: Evidence) -> Iterator[str]:
    """Every change that a person was told is recorded stands in the ledger, as theirs."""
    recorded = {each.entry: each for each in evidence.ledger}
    for change in evidence.changes:
        entry = recorded.get(change.entry)
        if entry is None:
            yield f"{change.person}'s change {change.subject_seq} ({change.entry}) is lost"
        elif (entry.subject, entry.subject_seq) != (
            evidence.subjects[change.person],
            change.subject_seq,
        ):
            yield f"{change.person}'s change {change.entry} is recorded as another"


def recorded_is_told(evidence: Evidence) -> Iterator[str]:
    """Every entry is one event in the feed of every brand it concerns, and of no other."""
    told: dict[str, Counter[str]] = {
        brand: Counter(_entries(feed, evidence)) for brand, feed in evidence.feeds.items()
    }
    with_brands: dict[str, set[str]] = defaultdict(set)
    for subject, brand in evidence.relationships.values():
        with_brands[subject].add(brand)
    for entry in evidence.ledger:
        for brand in evidence.feeds:
            wanted = int(brand in with_brands[entry.subject] and entry.brand in (None, brand))
            if (is_told := told[brand][entry.entry]) != wanted:
                yield f"{brand} is told {is_told} times of {entry.entry}, not {wanted}"


def _entries(feed: Iterable[Event], evidence: Evidence) -> Iterator[str]:
    """The ledger's ids of the entries that a feed tells of."""
    for event in feed:
        if event["type"] in OF_CHOICES and (entry := _entry_of(event, evidence)):
            yield entry


def _entry_of(event: Event, evidence: Evidence) -> str | None:
    """The ledger's id of the entry that an event names by the id for its brand."""
    person = event["data"]["subject"]["id"]
    return evidence.entry_ids.get(person, {}).get(event["data"]["entry"])


def told_is_recorded(evidence: Evidence) -> Iterator[str]:
    """No event tells of what is not in the ledger, or not as it is there."""
    recorded = {each.entry: each for each in evidence.ledger}
    for brand, feed in evidence.feeds.items():
        for event in feed:
            if not event["type"].startswith("preference."):
                continue
            entry = recorded.get(_entry_of(event, evidence) or "")
            if entry is None or not _tells(event, entry, brand, evidence):
                yield f"{brand}'s event {event['sequence']} is not what the ledger says"


def _tells(event: Event, entry: Entry, brand: str, evidence: Evidence) -> bool:
    data = event["data"]
    told_of = evidence.relationships.get(data["subject"]["id"])
    return told_of == (entry.subject, brand) and (
        data["decision"],
        data["scope"]["purpose"],
        data["scope"]["channel"],
        data["scope"]["topic"],
    ) == (entry.decision, entry.purpose, entry.channel, entry.topic)


def brands_read_only_their_own(evidence: Evidence) -> Iterator[str]:
    """No event names another brand, or has what two brands could match a person by.

    That is the ledger's ids of an entry or a subject, one entry id with two brands, or one time of
    the same choice.
    """
    ours = {each.entry for each in evidence.ledger} | {each.subject for each in evidence.ledger}
    known: dict[object, str] = {}
    for brand, feed in evidence.feeds.items():
        for event in feed:
            where = f"{brand}'s event {event['sequence']}"
            for each in _objects_in(event):
                if (scope := each.get("scope")) and not _is_narrow(scope, brand):
                    yield f"{where} has the scope {scope}"
                if leaked := ours.intersection(v for v in each.values() if isinstance(v, str)):
                    yield f"{where} has the ledger's id {leaked.pop()}"
            for mark in _marks(event, evidence):
                if known.setdefault(mark, brand) != brand:
                    yield f"{where} has what {known[mark]} has, too: {mark}"


def _objects_in(value: Any) -> Iterator[dict[str, Any]]:
    """Every JSON object in a value, the value itself first."""
    if isinstance(value, dict):
        yield value
    for each in value.values() if isinstance(value, dict) else value:
        if isinstance(each, dict | list):
            yield from _objects_in(each)


def _is_narrow(scope: dict[str, Any], brand: str) -> bool:
    return scope["brand"] == brand and scope["contact_point"] is None


def _marks(event: Event, evidence: Evidence) -> Iterator[object]:
    """What no event of another brand may have as well."""
    data = event["data"]
    for each in _objects_in(data):
        if "entry" in each:
            yield each["entry"]
    if event["type"] in OF_CHOICES and (entry := _entry_of(event, evidence)):
        yield from ((entry, at) for at in {event["timestamp"], data["made_at"]})


def feed_has_no_holes(evidence: Evidence) -> Iterator[str]:
    """1, 2, 3, … to the end."""
    for brand, feed in evidence.feeds.items():
        for wanted, event in enumerate(feed, start=1):
            if event["sequence"] != wanted:
                yield f"{brand}: {event['sequence']} stands where {wanted} should"
                break


def feed_is_in_order(evidence: Evidence) -> Iterator[str]:
    """One person's events are 1, 2, 3, …, with their changes in the order of recording."""
    recorded = {each.entry: each.subject_seq for each in evidence.ledger}
    for brand, feed in evidence.feeds.items():
        counted: Counter[str] = Counter()
        newest: dict[str, int] = {}
        for event in feed:
            person, seq = event["data"]["subject"]["id"], event["data"]["subject_seq"]
            counted[person] += 1
            if seq != counted[person]:
                yield f"{brand}: {person}'s {seq} stands where {counted[person]} should"
            if event["type"] not in OF_CHOICES:
                continue
            change = recorded.get(_entry_of(event, evidence) or "", 0)
            if change <= newest.get(person, -1):
                yield f"{brand}: {person}'s change {change} stands after {newest[person]}"
            newest[person] = max(change, newest.get(person, -1))


def chains_are_whole(evidence: Evidence) -> Iterator[str]:
    yield from evidence.breaks


def counts_are_the_fold(evidence: Evidence) -> Iterator[str]:
    """What the reports count is what the events say, no more and no less."""
    fold: Counter[tuple[str, str, str, str]] = Counter()
    for brand, feed in evidence.feeds.items():
        for scope, counter in _counted(feed, evidence):
            fold[brand, scope.get("purpose") or "", scope.get("channel") or "", counter] += 1
    for kind in sorted(fold.keys() | evidence.counts.keys()):
        if fold[kind] != (counted := evidence.counts.get(kind, 0)):
            yield f"{' '.join(kind)}: {counted} counted, {fold[kind]} happened"


def _counted(feed: Iterable[Event], evidence: Evidence) -> Iterator[tuple[dict[str, Any], str]]:
    """What each event of one brand adds to: its scope, and the counter.

    A yes to this brand undoes no choice about any brand, though the brand reads one scope of both.
    """
    about = {each.entry: each.brand for each in evidence.ledger}
    said: dict[Any, str] = {}
    for event in sorted(feed, key=lambda each: each["data"].get("subject_seq", 0)):
        data, kind = event["data"], event["type"]
        scope = data.get("scope") or {}
        if kind in COUNTED_AS:
            yield scope, COUNTED_AS[kind]
        if kind not in OF_CHOICES:
            continue
        brand = about.get(_entry_of(event, evidence) or "")
        place = (data["subject"]["id"], brand, *sorted(scope.items()))
        is_own_yes = (kind, data["maker"]) == ("preference.granted", "person")
        if is_own_yes and said.get(place) in ("deny", "pause"):
            yield scope, "re_opt_ins"
        said[place] = data["decision"]


# -- What the brands got -----------------------------------------------------------------------


def nothing_is_lost(evidence: Evidence) -> Iterator[str]:
    """Each subscription got every event of its kinds, at least once."""
    for subscribed in evidence.subscriptions:
        got = {event["sequence"] for event in _first_arrivals(evidence, subscribed)}
        for event in _wanted(evidence, subscribed):
            if event["sequence"] not in got:
                yield f"{subscribed.name} never got {event['sequence']} ({event['type']})"


def webhooks_are_the_feed(evidence: Evidence) -> Iterator[str]:
    """What came is what the feed says under the same sequence; nothing else came."""
    for subscribed in evidence.subscriptions:
        known = {event["sequence"]: event for event in _wanted(evidence, subscribed)}
        for request in evidence.of(subscribed):
            for event in request.events:
                if known.get(event["sequence"]) != event:
                    yield f"{subscribed.name} got {event['sequence']}, which the feed has not so"


def persons_are_in_order(evidence: Evidence) -> Iterator[str]:
    """By the order of first arrival, each person's sequences only grow."""
    for subscribed in evidence.subscriptions:
        newest: dict[str, int] = {}
        for event in _first_arrivals(evidence, subscribed):
            person, sequence = event["data"]["subject"]["id"], event["sequence"]
            if sequence < newest.get(person, 0):
                yield f"{subscribed.name}: {person}'s {sequence} came after {newest[person]}"
            newest[person] = max(sequence, newest.get(person, 0))


def copies_are_equal(evidence: Evidence) -> Iterator[str]:
    """Whoever keeps the permissions of each person's newest event answers as the check does."""
    for subscribed in evidence.subscriptions:
        if "*" not in subscribed.event_types:
            continue  # it did not ask for all that it takes
        newest = _newest_events(_first_arrivals(evidence, subscribed))
        for person, question, allowed in _answers(evidence, subscribed.brand):
            said = _answer(newest.get(person), question, evidence)
            if said is None and person in evidence.crowded:
                continue  # it would fetch them, as the example does
            if said != allowed:
                about = _words(question)
                yield f"{subscribed.name}'s copy says {said} of {person}, {about}, not {allowed}"


def the_example_keeps_a_copy(evidence: Evidence) -> Iterator[str]:
    """A brand built from the docs alone answers as the check does, and never has to ask."""
    if evidence.example is None:
        return
    for person, question, allowed in _answers(evidence, BRAND):
        said = evidence.example.get(person, {}).get(question)
        if said != allowed:
            yield f"the example says {said} of {person}, {_words(question)}, not {allowed}"


def _answers(evidence: Evidence, brand: str) -> Iterator[tuple[str, Question, bool | None]]:
    """What the service's own check answers about each of a brand's people."""
    for person, (_, known_to) in evidence.relationships.items():
        if known_to == brand:
            for question, allowed in evidence.answers[person].items():
                yield person, question, allowed


def _words(question: Question) -> str:
    return " ".join(each for each in question if each)


def _newest_events(events: Iterable[Event]) -> dict[str, Event]:
    """By person: the event with the highest number of those about them."""
    newest: dict[str, Event] = {}
    for event in events:
        data = event["data"]
        held = newest.setdefault(data["subject"]["id"], event)
        if data["subject_seq"] > held["data"]["subject_seq"]:
            newest[data["subject"]["id"]] = event
    return newest


def _answer(event: Event | None, question: Question, evidence: Evidence) -> bool | None:
    """What the newest event of a person means for a question; None where it has no permissions."""
    if event is None or event["type"] == "relationship.ended":
        return False
    regime = evidence.regimes[question[0]]
    if regime == "required":
        return True
    if (rows := event["data"].get("permissions")) is None:
        return None
    covering = [row for row in rows if _covers(_cell(row), question)]
    if not covering:
        return regime == "opt_out"
    row = max(covering, key=lambda each: sum(part is not None for part in _cell(each)))
    said = row["allowed"]
    for turn in row["then"]:
        if datetime.fromisoformat(turn["at"]) <= evidence.at:
            said = turn["allowed"]
    return regime == "opt_out" if said is None else bool(said)


def _cell(row: dict[str, Any]) -> tuple[str | None, ...]:
    return row["purpose"], row["channel"], row["topic"]


def _covers(cell: Iterable[str | None], question: Question) -> bool:
    return all(part in (None, asked) for part, asked in zip(cell, question, strict=True))


def repeats_are_identical(evidence: Evidence) -> Iterator[str]:
    """The same webhook-id always means the same bytes, and one event alone has one id."""
    bodies: dict[tuple[str, str], str] = {}
    ids: dict[tuple[str, int], str] = {}
    for request in evidence.requests:
        if bodies.setdefault((request.name, request.id), request.body) != request.body:
            yield f"{request.name}: {request.id} came with other bytes"
        if "sequence" in request.said:
            sequence = request.said["sequence"]
            if ids.setdefault((request.name, sequence), request.id) != request.id:
                yield f"{request.name}: {sequence} came under another id"


def repeats_have_a_reason(evidence: Evidence) -> Iterator[str]:
    """One worker at a time holds a subscription: no event is on its way twice at once.

    A sender is done with a request when it is answered, when it hangs up, or at its deadline.
    What a stopped worker was about to send may leave it when it goes on; that is accepted.
    """
    for subscribed in evidence.subscriptions:
        under_way: dict[int, float] = {}
        for request in evidence.of(subscribed):
            done = min(request.until, request.at + evidence.deadline - UNDER_WAY)
            for event in request.events:
                sequence = event["sequence"]
                if request.at < under_way.get(sequence, 0) and not _just_woken(evidence, request):
                    overlap = under_way[sequence] - request.at
                    yield f"{subscribed.name}: {sequence} was on its way twice, for {overlap:.3f} s"
                under_way[sequence] = max(done, under_way.get(sequence, 0))


def _just_woken(evidence: Evidence, request: Request) -> bool:
    return any(at - JUST_WOKEN <= request.at <= at + JUST_WOKEN for at in evidence.woken)


def disabled_is_silent(evidence: Evidence) -> Iterator[str]:
    """From the answer to a disabling until it is enabled again, nothing is sent."""
    for window in evidence.disabled:
        for request in evidence.requests:
            if request.name == window.name and (
                window.begins + UNDER_WAY < request.at < window.ends
            ):
                late = request.at - window.begins
                yield f"{window.name} got {request.id} {late:.2f} s after it was disabled"


def seeking_sends_again(evidence: Evidence) -> Iterator[str]:
    """After a seek back, all that it went back over comes once more."""
    for seek in (each for each in evidence.seeks if each.heard):
        subscribed = next(each for each in evidence.subscriptions if each.name == seek.name)
        again = {
            event["sequence"]
            for request in evidence.of(subscribed)
            if request.at >= seek.at and request.processed
            for event in request.events
        }
        for event in _wanted(evidence, subscribed):
            if seek.after < event["sequence"] <= seek.through and event["sequence"] not in again:
                yield f"{seek.name} asked for {event['sequence']} again and never got it"


def done_means_arrived(evidence: Evidence) -> Iterator[str]:
    """What a brand is told is done with has come before it is told so.

    Save for people of whom it refused an event for itself: theirs are quarantined until a replay.
    """
    for subscribed in evidence.subscriptions:
        came: dict[int, float] = {}
        quarantined = _refused(evidence, subscribed)
        for request in evidence.of(subscribed):
            for event in request.events if request.processed else []:
                came.setdefault(event["sequence"], request.at)
        wanted = [
            event["sequence"]
            for event in _wanted(evidence, subscribed)
            if event["data"]["subject"]["id"] not in quarantined
        ]
        latest = list(accumulate((came.get(sequence, inf) for sequence in wanted), max))
        for look in _looks_at(evidence, subscribed):
            done = bisect_right(wanted, look.through)
            if done and latest[done - 1] > look.ended:
                yield f"{subscribed.name} was told {look.through} is done, before all had come"


def _refused(evidence: Evidence, subscribed: Subscribed) -> set[str]:
    return {
        event["data"]["subject"]["id"]
        for request in evidence.of(subscribed)
        if request.how == REFUSED
        for event in request.events
    }


def done_stays_done(evidence: Evidence) -> Iterator[str]:
    """How far a subscription is goes back only where its brand asked for that."""
    for subscribed in evidence.subscriptions:
        seeks = [each for each in evidence.seeks if each.name == subscribed.name]
        for before, after in pairwise(_looks_at(evidence, subscribed)):
            if after.through < before.through and not any(
                before.began < each.answered_at + UNDER_WAY and each.at < after.ended
                for each in seeks
            ):
                yield f"{subscribed.name} went back from {before.through} to {after.through}"


def _looks_at(evidence: Evidence, subscribed: Subscribed) -> list[Look]:
    return [each for each in evidence.looks if each.name == subscribed.name]


def signatures_are_valid(evidence: Evidence) -> Iterator[str]:
    """Every request is signed with a secret that the brand had, and that still signs."""
    for request in evidence.requests:
        valid = _valid([each for each in evidence.secrets if each.name == request.name], request)
        signed = set(request.signature.split())
        if not any(_signature(secret, request) in signed for secret in valid):
            yield f"{request.name}: {request.id} has no valid signature"


def _valid(secrets: list[Secret], request: Request) -> Iterator[str]:
    """Those asked for by then, save those that two later ones had replaced well before."""
    for number, each in enumerate(secrets):
        later = secrets[number + 2 : number + 3]
        ended = later and later[0].given_at + UNDER_WAY < request.at
        if each.asked_at <= request.at and not ended:
            yield each.secret


def _signature(secret: str, request: Request) -> str:
    sent_at = datetime.fromtimestamp(int(request.timestamp), tz=UTC)
    return Webhook(secret).sign(request.id, sent_at, request.body)


# -- What rules share --------------------------------------------------------------------------


def _wanted(evidence: Evidence, subscribed: Subscribed) -> list[Event]:
    feed = evidence.feeds[subscribed.brand]
    return [event for event in feed if subscribed.wants(event["type"])]


def _first_arrivals(evidence: Evidence, subscribed: Subscribed) -> list[Event]:
    """The events that the brand took in, each once, in the order in which they first came."""
    first: dict[int, Event] = {}
    for request in evidence.of(subscribed):
        if request.processed:
            for event in request.events:
                first.setdefault(event["sequence"], event)
    return list(first.values())


RULES: list[Rule] = [
    acknowledged_is_recorded,
    recorded_is_told,
    told_is_recorded,
    brands_read_only_their_own,
    feed_has_no_holes,
    feed_is_in_order,
    chains_are_whole,
    counts_are_the_fold,
    nothing_is_lost,
    webhooks_are_the_feed,
    persons_are_in_order,
    copies_are_equal,
    the_example_keeps_a_copy,
    repeats_are_identical,
    repeats_have_a_reason,
    disabled_is_silent,
    seeking_sends_again,
    done_means_arrived,
    done_stays_done,
    signatures_are_valid,
]
