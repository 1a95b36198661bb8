"""The peer, a plain Django REST framework service (`tests/bench/peer`): its database and its load.

It has the same people, brands and preferences as a database of ours, copied from there.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import cycle, repeat
from typing import Any
from urllib.parse import urlencode, urlsplit

import psycopg
import redis

from tests.bench import databases, load, population
from tests.bench.databases import Database
from tests.bench.deliveries import DEVELOPMENT
from tests.bench.figures import Sample
from tests.bench.work import ASKED, CHECKERS, CHOOSERS, CONTACTS, Place

MARK = f"filled by tests.bench.peers, version 1, from one {databases.MARK}"
SETTINGS = "tests.bench.peer.settings"
#: Users of brands have the brand's number and this; users of people have the person's.
BRANDS_FROM = 1_000_000_000
#: What is filled, in this order: a table of the peer, its columns, and the same from ours.
#: A choice about any channel becomes one about e-mail, and those about any brand are left out.
COPIES = (
    (
        "auth_user",
        "id, username, password, is_superuser, first_name, last_name, email, is_staff, is_active, "
        "date_joined",
        f"""SELECT id, 'user-' || id, '!', false, '', '', '', false, true, now()
            FROM (SELECT id + {BRANDS_FROM} FROM brands_brand
                  UNION ALL
                  SELECT identifier.id FROM consent_identifier identifier
                  JOIN cmr_consumer consumer ON consumer.subject_id = identifier.subject_id
            ) users (id)""",
    ),
    (
        "peer_brand",
        "id, slug, name, user_id",
        f"SELECT id, slug, name, id + {BRANDS_FROM} FROM brands_brand",
    ),
    (
        "peer_person",
        "id, address, user_id",
        f"""SELECT identifier.id, replace('{population.email(0)}', '0', identifier.id::text),
                   CASE WHEN consumer.id IS NOT NULL THEN identifier.id END
            FROM consent_identifier identifier
            LEFT JOIN cmr_consumer consumer ON consumer.subject_id = identifier.subject_id
            ORDER BY identifier.id""",
    ),
    (
        "peer_preference",
        "person_id, brand_id, purpose, channel, allowed, changed_at",
        """SELECT DISTINCT ON (identifier.id, brand_id, purpose_id, coalesce(channel, 'email'))
                  identifier.id, brand_id, purpose_id, coalesce(channel, 'email'),
                  decision = 'grant', made_at
           FROM consent_preference held
           JOIN consent_identifier identifier ON identifier.subject_id = held.subject_id
           WHERE brand_id IS NOT NULL AND purpose_id IN ('marketing', 'research', 'profiling')
           ORDER BY 1, 2, 3, 4, made_at DESC""",
    ),
)
TOKENS = """
INSERT INTO authtoken_token (key, created, user_id)
SELECT left(encode(sha256(gen_random_uuid()::text::bytea), 'hex'), 40), now(), id FROM auth_user
"""
COUNTED = ("peer_brand", "peer_person", "peer_preference")  # tables with a sequence


#: The people with an account: their token, and the first brand that they have.
CHOOSING = """
SELECT DISTINCT ON (person.id) token.key, brand.slug
FROM peer_person person
JOIN authtoken_token token ON token.user_id = person.user_id
JOIN peer_preference preference ON preference.person_id = person.id
JOIN peer_brand brand ON brand.id = preference.brand_id
ORDER BY person.id, preference.id
"""
WEBHOOKS = "INSERT INTO peer_webhook (brand_id, url, enabled) SELECT id, %s, true FROM peer_brand"
QUEUE = "peer"  # as the peer's settings name it
NOWHERE = "http://127.0.0.1:9/"  # nobody is asked to deliver


def fill_peer(ours: Database) -> Database:
    """Return the peer's database, filled from *ours* on the first run and kept for the next."""
    url = urlsplit(ours.url)._replace(path=f"/{ours.name}_peer").geturl()
    peer = Database(url, url)
    with ours.connect() as connection:
        if databases.read_mark(connection, peer.name) == MARK:
            return peer
        databases.create_anew(connection, peer.name)
    command = [sys.executable, "-m", "django", "migrate", "--no-input", "--verbosity", "0"]
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": SETTINGS, "DATABASE_URL": url}
    subprocess.run(command, cwd=databases.ROOT, env=environment, check=True)
    with ours.connect() as source, peer.connect() as target:
        _copy_tables(source, target)
    peer.write_mark(MARK)
    return peer


def _copy_tables(source: psycopg.Connection[Any], target: psycopg.Connection[Any]) -> None:
    target.execute("SET session_replication_role = replica")  # the rows agree already
    for table, columns, query in COPIES:
        with (
            source.cursor().copy(f"COPY ({query}) TO STDOUT") as rows,
            target.cursor().copy(f"COPY {table} ({columns}) FROM STDIN") as to,
        ):
            for block in rows:
                to.write(block)
    target.execute(TOKENS)
    for table in COUNTED:
        target.execute(
            f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}"
        )
    target.execute("VACUUM ANALYZE")


class PeerRefused(Exception):
    """The peer answered otherwise than with 2xx, so there is nothing to compare with."""


@dataclass(frozen=True)
class Peer:
    """The peer's database and server; and our callers, whose questions it is asked."""

    database: Database
    port: int
    callers: dict[str, Any]

    def check(self, seconds: float) -> Sample:
        """Ask about one contact, by the brand's token: the peer of `Place.check`."""
        done = self._drive(self._questions, connections=CHECKERS, seconds=seconds)
        return Sample(done.rate, done.latencies)

    def checks(self, seconds: float) -> Sample:
        """Ask about 10,000 contacts at once: the peer of `Place.checks_10k`."""
        done = self._drive(repeat(self._batch), connections=1, seconds=seconds)
        return Sample(CONTACTS * done.rate, done.latencies)

    def choice(self, seconds: float) -> Sample:
        """Choose: the peer of `Place.choice`. Raises AssertionError: a choice without its row."""
        before = self._count_changes()
        done = self._drive(self._choices, connections=CHOOSERS, seconds=seconds)
        written = self._count_changes() - before
        assert written == len(done.latencies), f"{len(done.latencies)} choices, {written} rows"
        return Sample(done.rate, done.latencies)

    def choice_with_webhook(self, seconds: float) -> Sample:
        """Choose about a brand with a webhook. Raises AssertionError: a choice without its task."""
        with redis.Redis.from_url(os.environ["REDIS_URL"]) as broker:
            before = broker.llen(QUEUE)
            sample = self.choice(seconds)
            published = broker.llen(QUEUE) - before
        assert published == len(sample.latencies), f"{published} tasks"
        return sample

    def verify(self) -> None:
        """Raises AssertionError: an answer does not name everybody whom the brand knows."""
        known = {number for number in self.callers["people"][:CONTACTS] if number < 10**9}
        found = json.loads(load.send(self.port, self._batch))
        assert {each["address"] for each in found} == set(map(population.email, known))
        asked = next(number for number in self.callers["people"] if number in known)
        (one,) = json.loads(load.send(self.port, self._question(population.email(asked))))
        assert one in found

    @cached_property
    def _brand_token(self) -> str:
        user = self.callers["brand"] + BRANDS_FROM
        with self.database.connect() as connection:
            row = connection.execute("SELECT key FROM authtoken_token WHERE user_id = %s", [user])
            return str((row.fetchone() or [""])[0])

    @cached_property
    def _questions(self) -> Iterator[bytes]:
        return cycle([self._question(email) for email in self.callers["emails"]])

    def _question(self, email: str) -> bytes:
        query = urlencode({"address": email, **ASKED})
        return load.request(f"/permissions/?{query}", bearer=self._brand_token)

    @cached_property
    def _batch(self) -> bytes:
        body = {"addresses": self.callers["emails"][:CONTACTS], **ASKED}
        return load.request(
            "/permissions/batch/", json.dumps(body).encode(), bearer=self._brand_token
        )

    @cached_property
    def _choices(self) -> Iterator[bytes]:
        """Each of another person, who says the opposite the next time."""
        with self.database.connect() as connection:
            choosers = connection.execute(CHOOSING).fetchall()
        turns = cycle((False, True))
        return (_choice(*each, allowed=allowed) for allowed in turns for each in choosers)

    def _count_changes(self) -> int:
        with self.database.connect() as connection:
            row = connection.execute("SELECT count(*) FROM peer_preferencechange").fetchone()
            return int((row or [0])[0])

    def _drive(self, requests: Iterator[bytes], *, connections: int, seconds: float) -> load.Load:
        """Raises PeerRefused."""
        try:
            return load.drive(self.port, requests, connections=connections, seconds=seconds)
        except load.Refused as refused:  # a 404 of ours would only skip the row
            raise PeerRefused(str(refused)) from refused


def _choice(token: str, brand: str, *, allowed: bool) -> bytes:
    body = {"brand": brand, **ASKED, "allowed": allowed}
    return load.request("/preferences/", json.dumps(body).encode(), bearer=token)


@contextmanager
def give_webhooks(ours: Place, peer: Peer) -> Iterator[None]:
    """Give each brand that is chosen about one webhook, in both services, until the block ends.

    No worker runs, so both leave what is due in the database and in the broker.
    """
    brands = sorted({each["brand_id"] for each in ours.callers["choosers"]})
    listeners = ("tests.bench.listeners", "--brands", *map(str, brands))
    os.environ.update(DEVELOPMENT)  # else a webhook on this machine is refused
    ours.database.run(*listeners, "--url", NOWHERE)
    with peer.database.connect() as connection:
        connection.execute(WEBHOOKS, [NOWHERE])
        try:
            yield
        finally:
            connection.execute("DELETE FROM peer_webhook")
            ours.database.run(*listeners)
            redis.Redis.from_url(os.environ["REDIS_URL"]).delete(QUEUE)
