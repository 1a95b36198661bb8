"""A brand that keeps a copy of what people allow it, from webhooks and the feed.

Written from the docs alone, with Python's standard library and `pip install standardwebhooks`.

    CMR_URL=https://cmr.example CMR_KEY=cmr_live_… PUBLIC_URL=https://us.example/hook \
        PORT=8080 COPY=copy.sqlite python brand.py

It may be killed at any moment: nothing is answered before it is on the disk.
"""

import json
import os
import sqlite3
import threading
import time
import urllib.error
import urllib.request
from contextlib import closing
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks import Webhook, WebhookVerificationError

CMR, KEY = os.environ["CMR_URL"], os.environ["CMR_KEY"]
PUBLIC_URL, PORT = os.environ["PUBLIC_URL"], int(os.environ["PORT"])
COPY = os.environ.get("COPY", "copy.sqlite")
BATCH = int(os.environ.get("BATCH", "1"))
#: Seconds between two looks for events that did not come.
REPAIR_EVERY = float(os.environ.get("REPAIR_EVERY", "10"))

TABLES = """
CREATE TABLE IF NOT EXISTS own (name TEXT PRIMARY KEY, value TEXT);
-- Every event that came, once.
CREATE TABLE IF NOT EXISTS event (
    sequence INTEGER PRIMARY KEY, person TEXT, subject_seq INTEGER, body TEXT
);
-- The numbers that no event has, because CMR went back to a backup.
CREATE TABLE IF NOT EXISTS gap (first INTEGER PRIMARY KEY, last INTEGER);
CREATE INDEX IF NOT EXISTS event_of_person ON event (person, subject_seq);
-- What the newest event of each person says: whether we have a relationship with them, and what we
-- may do (JSON). Where `permissions` is NULL, they were too many for the event: we have to ask.
CREATE TABLE IF NOT EXISTS person (
    id TEXT PRIMARY KEY, subject_seq INTEGER, sequence INTEGER, active INTEGER, permissions TEXT
);
"""


# -- The copy --------------------------------------------------------------------------------------


def database():
    connection = sqlite3.connect(COPY, timeout=30)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def write_events(events, gaps=()):
    """Write events into the copy, all or none. One that came before changes nothing."""
    with closing(database()) as copy, copy:
        for gap in gaps:
            copy.execute("INSERT OR IGNORE INTO gap VALUES (?, ?)", [gap["first"], gap["last"]])
        for event in events:
            person, subject_seq = event["data"]["subject"]["id"], event["data"]["subject_seq"]
            written = copy.execute(
                "INSERT OR IGNORE INTO event VALUES (?, ?, ?, ?)",
                [event["sequence"], person, subject_seq, json.dumps(event)],
            )
            if written.rowcount:
                apply(copy, event)


def apply(copy, event):
    """Put what the newest event of a person says in place of all that we had of them.

    The feed may tell an older event after a newer one: then nothing changes.
    """
    data = event["data"]
    ended = event["type"] == "relationship.ended"
    if not ended and "permissions" not in data:
        return  # a type that is newer than this program
    permissions = [] if ended else data["permissions"]
    copy.execute(
        "INSERT INTO person VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE"
        " SET subject_seq = excluded.subject_seq, sequence = excluded.sequence,"
        " active = excluded.active, permissions = excluded.permissions"
        " WHERE excluded.subject_seq > subject_seq",
        [
            data["subject"]["id"],
            data["subject_seq"],
            event["sequence"],
            not ended,
            None if permissions is None else json.dumps(permissions),
        ],
    )


def may(person, purpose, channel=None, topic=None, at=None):
    """Answer by the copy alone whether we may reach a person; None: ask CMR by a check."""
    with closing(database()) as copy:
        found = copy.execute("SELECT active, permissions FROM person WHERE id = ?", [person])
        active, permissions = found.fetchone() or (False, None)
    if not active:
        return False
    regime = json.loads(own("regimes") or "{}").get(purpose)
    if regime == "required":
        return True
    if regime is None or permissions is None:
        return None
    question = {"purpose": purpose, "channel": channel, "topic": topic}
    allowed = decide(json.loads(permissions), question, at)
    return regime == "opt_out" if allowed is None else allowed


def decide(rows, question, at):
    """Let the most specific row that covers the question decide; None is the purpose's default."""
    covering = [row for row in rows if all(row[k] in (None, question[k]) for k in question)]
    if not covering:
        return None
    row = max(covering, key=lambda row: sum(row[k] is not None for k in question))
    at = at or datetime.now(UTC)
    turns = [t["allowed"] for t in row["then"] if datetime.fromisoformat(t["at"]) <= at]
    return turns[-1] if turns else row["allowed"]


def whole_through():
    """Return the sequence up to which nothing is missing."""
    with closing(database()) as copy:
        (through,) = copy.execute(
            "SELECT coalesce(min(sequence), 1) - 1 FROM ("
            " SELECT 1 AS sequence UNION SELECT sequence + 1 FROM event"
            " UNION SELECT last + 1 FROM gap)"
            " WHERE sequence NOT IN (SELECT sequence FROM event)"
            " AND NOT EXISTS (SELECT 1 FROM gap WHERE sequence BETWEEN first AND last)"
        ).fetchone()
        return through


def is_whole(person):
    """Return whether no event about this person is missing between those that came.

    Their `subject_seq` goes 1, 2, 3, … for each person, and leaps where `sequence` does. The newest
    event is enough for `may`; this proves that the history of one person is whole, without a look
    at all the others.
    """
    with closing(database()) as copy:
        (newest, many, first, last) = copy.execute(
            "SELECT coalesce(max(subject_seq), 0), count(*), min(sequence), max(sequence)"
            " FROM event WHERE person = ?",
            [person],
        ).fetchone()
        (leapt,) = copy.execute(
            "SELECT coalesce(sum(last - first + 1), 0) FROM gap WHERE first > ? AND last < ?",
            [first, last],
        ).fetchone()
        return newest == many + leapt


def own(name, value=None):
    with closing(database()) as copy, copy:
        if value is not None:
            copy.execute("INSERT OR REPLACE INTO own VALUES (?, ?)", [name, value])
        row = copy.execute("SELECT value FROM own WHERE name = ?", [name]).fetchone()
        return row and row[0]


# -- What CMR sends us -----------------------------------------------------------------------------


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        # While we register, the challenge comes before the answer that holds the secret. There is
        # nothing to lose in echoing it: it is our own address, and we just asked for it.
        if (secret := own("secret")) is None:
            return self.answer(200, challenge_in(body)) if challenge_in(body) else self.answer(503)
        try:
            message = Webhook(secret).verify(body, dict(self.headers.items()))
        except WebhookVerificationError:
            return self.answer(401)
        if message["type"] == "subscription.challenge":
            return self.answer(200, challenge_in(body))
        if message["type"] == "ping":
            return self.answer(204)
        write_events(message["data"] if message["type"] == "events.batch" else [message])
        return self.answer(204)

    def answer(self, status, body=b""):
        self.send_response(status)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Quiet."""


def challenge_in(body):
    try:
        return json.loads(body)["data"].get("challenge", "").encode()
    except (ValueError, KeyError, AttributeError):
        return b""


# -- What we ask of CMR ----------------------------------------------------------------------------


def open_url(method, path, body=None):
    request = urllib.request.Request(
        f"{CMR}/api/v1/{path}",
        json.dumps(body).encode() if body is not None else None,
        {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"},
        method=method,
    )
    return urllib.request.urlopen(request, timeout=15)


def call(method, path, body=None):
    with open_url(method, path, body) as answer:
        return json.loads(answer.read() or b"null")


def subscribe():
    """Once. Where we died before the secret was on the disk, we begin anew."""
    if own("secret"):
        return
    for old in call("GET", "subscriptions")["data"]:
        if old["url"] == PUBLIC_URL:
            call("DELETE", f"subscriptions/{old['id']}")
    made = call("POST", "subscriptions", {"url": PUBLIC_URL, "after": 0, "batch": BATCH})
    own("subscription", made["id"])
    own("secret", made["secret"])
    if not made["enabled"]:
        call("POST", f"subscriptions/{made['id']}/enable")


def repair():
    """Read from the feed what has not come, and say how far we are.

    Whose permissions are missing counts as applied: `may` says yes to nothing there, it asks.
    """
    after = whole_through()
    try:
        while after is not None:
            page = call("GET", f"events?after={after}&limit=1000")
            write_events(page["data"], page.get("gaps", []))
            after = page["next_cursor"]
        call("POST", "events/ack", {"through": whole_through()})
    except urllib.error.HTTPError as error:
        if error.code != 422 or json.load(error)["code"] != "beyond_stream":
            raise
        begin_again()


def begin_again():
    """Drop the copy, of which CMR has lost a part in a restore; the next round reads it anew."""
    with closing(database()) as copy, copy:
        for table in ("event", "person", "gap"):
            copy.execute(f"DELETE FROM {table}")


def learn_regimes():
    """Read what holds for each purpose where nobody said anything."""
    purposes = call("GET", "brand/purposes")["data"]
    own("regimes", json.dumps({each["code"]: each["regime"] for each in purposes}))


def fetch_permissions():
    """Read from the export the permissions that were too many for an event.

    They stay NULL until they are on the disk. So we may die at any moment, or get half of the
    answer: the next round asks for the rest.
    """
    with closing(database()) as copy:
        (first,) = copy.execute(
            "SELECT min(sequence) FROM person WHERE permissions IS NULL"
        ).fetchone()
    if first is None:
        return
    with open_url("GET", f"exports/preferences?since={first - 1}") as lines:
        for line in lines:
            person = json.loads(line)
            if "error" in person:  # the list was cut off here
                return
            fill(person)


def fill(person):
    """Write what the export says of a person, unless we have heard of something newer since.

    It may be newer than our newest event. That one's `subject_seq` is written too, so that it
    changes nothing when it comes.
    """
    with closing(database()) as copy, copy:
        copy.execute(
            "UPDATE person SET subject_seq = ?, active = ?, permissions = ?"
            " WHERE id = ? AND permissions IS NULL AND subject_seq <= ?",
            [
                person["subject_seq"],
                person["ended_at"] is None,
                json.dumps(person["permissions"]),
                person["subject"]["id"],
                person["subject_seq"],
            ],
        )


def keep_whole():
    while True:
        try:
            subscribe()
            repair()
            learn_regimes()
            fetch_permissions()
        except Exception as error:  # CMR is away, or broke off in the middle of an answer: later
            print(f"later: {error!r}", flush=True)
        time.sleep(REPAIR_EVERY)


def main():
    with closing(database()) as copy:
        copy.executescript(TABLES)
    threading.Thread(target=keep_whole, daemon=True).start()
    ThreadingHTTPServer(("", PORT), Handler).serve_forever()


if __name__ == "__main__":
    main()
