"""What is measured: each row of the table as ours and its limit."""

from __future__ import annotations

import http.client
import itertools
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from statistics import median
from typing import Any

from tests.bench import load, pgbench
from tests.bench.databases import Database, callers
from tests.bench.figures import Sample

CHECKERS = 8  # connections
CHOOSERS = 16  # connections
CONTACTS = 10_000  # of one batch
LINES = 20_000  # of one stream
PAIRS = 400  # of questions about people known elsewhere, and about nobody
FEW = 200  # contacts of a batch that is asked so often
ASKED = {"purpose": "marketing", "channel": "email"}

#: Three months of all brands, among what `tests.bench.population` invents.
QUARTER = "first=2026-08-01&last=2026-10-28"
REPORTS = {"overview": "/reports/", "campaign": "/reports/campaigns"}
#: What a page of reports may take, over however many entries.
PATIENCE_MS = 300.0
#: What counting has to read at least: every event, grouped as the finest counts are.
GROUPED = """
SELECT count(*) FROM (
    SELECT count(*) FROM brands_event
    GROUP BY brand_id, (timestamp AT TIME ZONE 'UTC')::date, purpose, channel, topic, campaign,
             reason, source
) kinds
"""

#: The whole question as one join: who is it, are they with us, what did they say.
JOIN = """
SELECT asked.place, relationship.id, held.purpose_id, held.channel, held.topic,
       held.contact_point_id, held.decision, held.maker, held.basis, held.made_at, held.until,
       held.expires_at
FROM unnest(%s::bytea[]) WITH ORDINALITY asked(digest, place)
LEFT JOIN consent_identifier identifier ON identifier.digest = asked.digest
LEFT JOIN consent_relationship relationship
    ON relationship.subject_id = identifier.subject_id AND relationship.brand_id = %s
    AND relationship.ended_at IS NULL
LEFT JOIN consent_preference held
    ON held.subject_id = relationship.person_id
    AND (held.brand_id = relationship.brand_id OR held.brand_id IS NULL)
"""


@dataclass
class Pairs:
    """Two kinds of request, asked in turn on one connection: do they take the same time?

    `known` measures both, and `nobody` tells what was measured of the other kind meanwhile.
    """

    port: int
    requests: Iterator[tuple[bytes, bytes]]
    #: How many are asked in a round.
    count: int = PAIRS
    others: list[float] = field(default_factory=list)

    def known(self) -> Sample:
        pairs = list(itertools.islice(self.requests, self.count))
        mine, self.others = load.time_pairs(self.port, pairs)
        return Sample(1000 * median(mine), mine)

    def nobody(self) -> Sample:
        return Sample(1000 * median(self.others), self.others)


@dataclass(frozen=True)
class Place:
    """A database with its callers, and the product's server on it."""

    database: Database
    port: int
    #: What the last import printed.
    last: dict[str, Any] = field(default_factory=dict, compare=False)

    @cached_property
    def callers(self) -> dict[str, Any]:
        return callers(self.database)

    @cached_property
    def checks(self) -> Iterator[bytes]:
        """Single checks, each of another contact, again from the start at the end."""
        bodies = ({"contact": {"email": email}, **ASKED} for email in self.callers["emails"])
        return itertools.cycle([self._ask("/api/v1/check", body) for body in bodies])

    @cached_property
    def choices(self) -> Iterator[bytes]:
        """Each of another person, and nobody repeats what they said: that writes nothing."""
        choosers = self.callers["choosers"]
        turns = itertools.cycle((False, True))
        return (
            _choice(each, grants=each["grants_first"] is not again)
            for again in turns
            for each in choosers
        )

    @cached_property
    def digests(self) -> list[bytes]:
        """Of the contacts of one batch; for whom nobody knows, bytes that nobody has."""
        people = self.callers["people"][:CONTACTS]
        with self.database.connect() as connection:
            rows = connection.execute(
                "SELECT id, digest FROM consent_identifier WHERE id = ANY(%s)", [people]
            )
            known = {key: bytes(digest) for key, digest in rows}
        return [known.get(number, number.to_bytes(32, "big")) for number in people]

    def _ask(self, path: str, body: Any) -> bytes:
        return load.request(path, json.dumps(body).encode(), bearer=self.callers["key"])

    # -- Ours ----------------------------------------------------------------------------------

    def check(self, seconds: float, connections: int = CHECKERS) -> Sample:
        return _rate(load.drive(self.port, self.checks, connections=connections, seconds=seconds))

    def check_ms(self, seconds: float) -> Sample:
        """How long one check takes when nothing else goes on."""
        return _time(load.drive(self.port, self.checks, connections=1, seconds=seconds))

    def choice(self, seconds: float, port: int = 0) -> Sample:
        """Raises AssertionError: answers that recorded nothing.

        Few people come round soon. If a call is then overtaken by the next one of its person, that
        one repeats what was said before, which records nothing: at most once a connection.
        """
        before = self._count_entries()
        done = load.drive(port or self.port, self.choices, connections=CHOOSERS, seconds=seconds)
        written, answered = self._count_entries() - before, len(done.latencies)
        overtaken = CHOOSERS if answered > len(self.callers["choosers"]) else 0
        assert answered - overtaken <= written <= answered, f"{answered} choices, {written} entries"
        return _rate(done)

    def checks_10k(self, seconds: float) -> Sample:
        contacts = [{"email": email} for email in self.callers["emails"][:CONTACTS]]
        message = self._ask("/api/v1/checks", {"contacts": contacts, **ASKED})
        done = load.drive(self.port, itertools.repeat(message), connections=1, seconds=seconds)
        return Sample(CONTACTS * done.rate, done.latencies)

    def report_ms(self, name: str, seconds: float) -> Sample:
        """How long one page of reports takes when nothing else goes on."""
        message = load.request(f"{REPORTS[name]}?{QUARTER}", cookie=self.callers["admin"])
        pages = itertools.repeat(message)
        return _time(load.drive(self.port, pages, connections=1, seconds=seconds))

    def rebuild(self) -> Sample:
        """Every count made anew, as `manage.py rebuild_metrics --counts-only` does."""
        return self._events_a_second(
            lambda: self.database.run("manage", "rebuild_metrics", "--counts-only")
        )

    def checks_stream(self, seconds: float) -> Sample:
        lines = [json.dumps({"email": email}).encode() for email in self.callers["emails"][:LINES]]
        path = "/api/v1/checks/stream?purpose=marketing&channel=email"
        message = load.request(
            path,
            b"\n".join(lines) + b"\n",
            bearer=self.callers["key"],
            media_type="application/x-ndjson",
        )
        return _repeated(lambda: _stream(self.port, message), seconds, each=LINES)

    def elsewhere(self, contacts: int, pairs: int) -> Pairs:
        """Checks of so many contacts each: of people whom other brands know, and of nobody."""
        return Pairs(self.port, self._pairs(contacts), pairs)

    def _pairs(self, contacts: int) -> Iterator[tuple[bytes, bytes]]:
        known = itertools.cycle(self.callers["elsewhere"])
        nobody = (f"nobody{n}@example.org" for n in itertools.count())
        while True:
            yield self._question(known, contacts), self._question(nobody, contacts)

    def _question(self, emails: Iterator[str], contacts: int) -> bytes:
        asked = [{"email": email} for email in itertools.islice(emails, contacts)]
        if contacts == 1:
            return self._ask("/api/v1/check", {"contact": asked[0], **ASKED})
        return self._ask("/api/v1/checks", {"contacts": asked, **ASKED})

    # -- The limits ----------------------------------------------------------------------------

    def join(self, seconds: float) -> Sample:
        values = [self.digests, self.callers["brand"]]
        with self.database.connect() as connection:

            def once() -> None:
                assert len(connection.execute(JOIN, values).fetchall()) >= CONTACTS

            return _repeated(once, seconds, each=CONTACTS)

    def grouped(self) -> Sample:
        with self.database.connect() as connection:
            return self._events_a_second(lambda: connection.execute(GROUPED).fetchone())

    def imported(self, rows: int) -> Sample:
        """A whole import of so many rows, received and applied."""
        printed = self.database.run("tests.bench.importing", "--rows", str(rows))
        self.last.update(json.loads(printed))
        before, most = self.last["peak_mb"]
        print(f"import of {rows:,} rows: {before:.0f} MB before, {most:.0f} MB at most")
        return Sample(rows / sum(self.last["took"].values()))

    def copied(self, rows: int) -> Sample:
        """What that import wrote, by COPY."""
        printed = self.database.run("tests.bench.importing", "--copy", self.last["run"])
        return Sample(rows / json.loads(printed)["seconds"])

    def _count_entries(self) -> int:
        """Return how many entries the choosers have in the ledger."""
        choosers = [each["subject"] for each in self.callers["choosers"]]
        with self.database.connect() as connection:
            found = connection.execute(
                "SELECT sum(last_seq) FROM consent_subject WHERE id = ANY(%s::uuid[])", [choosers]
            )
            return int((found.fetchone() or [0])[0])

    def _events_a_second(self, once: Callable[[], object]) -> Sample:
        with self.database.connect() as connection:
            row = connection.execute("SELECT sum(last_sequence) FROM brands_streamhead").fetchone()
        began = time.perf_counter()
        once()
        return Sample(float((row or [0])[0]) / (time.perf_counter() - began))

    @staticmethod
    def patience() -> Sample:
        return Sample(PATIENCE_MS)

    def bare(self, port: int, seconds: float) -> Sample:
        numbers = (number % 10**9 for number in self.callers["people"])
        messages = itertools.cycle([load.request(f"/rows/{number}") for number in numbers])
        return _rate(load.drive(port, messages, connections=CHECKERS, seconds=seconds))

    def pgbench(self, seconds: float) -> Sample:
        choosers = len(self.callers["choosers"])
        rate = pgbench.choices_per_second(
            self.database, choosers=choosers, clients=CHOOSERS, seconds=seconds
        )
        return Sample(rate)


def _repeated(once: Callable[[], object], seconds: float, *, each: int) -> Sample:
    """How many a second, where *once* does so many; again and again for so long."""
    latencies: list[float] = []
    began = time.perf_counter()
    while time.perf_counter() < began + seconds:
        started = time.perf_counter()
        once()
        latencies.append(time.perf_counter() - started)
    return Sample(each * len(latencies) / (time.perf_counter() - began), latencies)


def _rate(done: load.Load) -> Sample:
    return Sample(done.rate, done.latencies)


def _time(done: load.Load) -> Sample:
    return Sample(1000 * median(done.latencies), done.latencies)


def _choice(chooser: dict[str, Any], *, grants: bool) -> bytes:
    body = {
        "scope": {"brand": chooser["brand"], **ASKED},
        "decision": "grant" if grants else "deny",
        "reason": None if grants else "too_many_from_brand",
    }
    return load.request("/api/v1/me/choices", json.dumps(body).encode(), bearer=chooser["token"])


def _stream(port: int, message: bytes) -> None:
    """Send with one hand and count the answered lines with the other. Raises Refused."""
    with socket.create_connection(("127.0.0.1", port), timeout=load.PATIENCE) as line:
        sending = threading.Thread(target=line.sendall, args=(message,))
        sending.start()
        answer = http.client.HTTPResponse(line)
        answer.begin()
        if answer.status >= 300:
            raise load.Refused(answer.status, answer.read())
        count = sum(1 for _ in answer)
        sending.join()
    assert count == LINES, f"{count} answers to {LINES} lines"
