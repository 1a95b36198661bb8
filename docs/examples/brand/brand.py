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
CREATE TABLE IF NOT EXISTS event (sequence INTEGER PRIMARY KEY, body TEXT);
-- What each person last said of each scope; `subject_seq` orders what one person said.
CREATE TABLE IF NOT EXISTS standing (
    person TEXT, scope TEXT, subject_seq INTEGER, entry TEXT, decision TEXT, until TEXT,
    PRIMARY KEY (person, scope)
);
-- Whether we have a relationship with the person at all.
CREATE TABLE IF NOT EXISTS person (id TEXT PRIMARY KEY, subject_seq INTEGER, active INTEGER);
"""


# -- The copy --------------------------------------------------------------------------------------


def database():
    connection = sqlite3.connect(COPY, timeout=30)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def take(events):
    """Write events into the copy, all or none. One that came before changes nothing."""
    with closing(database()) as copy, copy:
        for event in events:
            written = copy.execute(
                "INSERT OR IGNORE INTO event VALUES (?, ?)", [event["sequence"], json.dumps(event)]
            )
            if written.rowcount:
                apply(copy, event)


def apply(copy, event):
    kind, data = event["type"], event["data"]
    person, seq = data["subject"]["id"], data["subject_seq"]
    if kind.startswith("relationship."):
        active = kind == "relationship.started"
        copy.execute(
            "INSERT INTO person VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE"
            " SET subject_seq = excluded.subject_seq, active = excluded.active"
            " WHERE excluded.subject_seq >= subject_seq",
            [person, seq, active],
        )
        for each in data.get("standing", []):
            say(copy, person, seq, each)
    elif kind in ("preference.pause_ended", "preference.expired"):
        # Time ended what the person said, unless they have said something else since.
        copy.execute("UPDATE standing SET decision = 'ended' WHERE entry = ?", [data["entry"]])
    else:
        say(copy, person, seq, data)


def say(copy, person, seq, said):
    """Events of one person come in order, but the feed may tell an older one after a newer."""
    scope = json.dumps(said["scope"], sort_keys=True)
    copy.execute(
        "INSERT INTO standing VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (person, scope) DO UPDATE"
        " SET subject_seq = excluded.subject_seq, entry = excluded.entry,"
        " decision = excluded.decision, until = excluded.until"
        " WHERE excluded.subject_seq > subject_seq",
        [person, scope, seq, said["entry"], said["decision"], said.get("until")],
    )


def whole_through():
    """The sequence up to which nothing is missing."""
    with closing(database()) as copy:
        (through,) = copy.execute(
            "SELECT coalesce(min(sequence), 1) - 1 FROM ("
            " SELECT 1 AS sequence UNION SELECT sequence + 1 FROM event)"
            " WHERE sequence NOT IN (SELECT sequence FROM event)"
        ).fetchone()
        return through


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
        take(message["data"] if message["type"] == "events.batch" else [message])
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


def call(method, path, body=None):
    request = urllib.request.Request(
        f"{CMR}/api/v1/{path}",
        json.dumps(body).encode() if body is not None else None,
        {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"},
        method=method,
    )
    with urllib.request.urlopen(request, timeout=15) as answer:
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
    """Read from the feed what has not come, and say how far we are."""
    after = whole_through()
    while after is not None:
        page = call("GET", f"events?after={after}&limit=1000")
        take(page["data"])
        after = page["next_cursor"]
    call("POST", "events/ack", {"through": whole_through()})


def keep_whole():
    while True:
        try:
            subscribe()
            repair()
        except (OSError, ValueError) as error:  # CMR is away: later
            print(f"later: {error}", flush=True)
        time.sleep(REPAIR_EVERY)


def main():
    with closing(database()) as copy:
        copy.executescript(TABLES)
    threading.Thread(target=keep_whole, daemon=True).start()
    ThreadingHTTPServer(("", PORT), Handler).serve_forever()


if __name__ == "__main__":
    main()
