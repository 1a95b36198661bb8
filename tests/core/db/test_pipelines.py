"""Several statements in one round trip do what they would do one after another."""

from __future__ import annotations

import os
import socket
import threading
import time
from typing import Any

import psycopg
import pytest
from django.db import (
    DataError,
    IntegrityError,
    OperationalError,
    ProgrammingError,
    connection,
    transaction,
)
from django.test.utils import CaptureQueriesContext

from brands.models import Brand
from core.db import ask_together, commit_together, fetch_rows
from core.db.prepared import Call, Statement, read_first_text
from tests.ownership import as_owner

NUMBERS = Statement("SELECT n, %(word)s::text FROM generate_series(1, %(most)s::int) n")
NAME = Statement("SELECT name FROM brands_brand WHERE slug = %(slug)s")
LOCK = Statement("SELECT name FROM brands_brand WHERE slug = %(slug)s FOR NO KEY UPDATE")
RENAME = Statement("UPDATE brands_brand SET name = %(name)s WHERE slug = %(slug)s RETURNING name")
COPY = Statement(
    "INSERT INTO brands_streamhead (brand_id, last_sequence)"
    " SELECT id, -1 FROM brands_brand WHERE slug = %(slug)s"
)
SLEEP = Statement("SELECT pg_sleep(60)")
WAITING = "SELECT 1 FROM pg_locks WHERE pid = ANY(%(pids)s) AND NOT granted"
DIVIDE = Statement("SELECT 1 / %(by)s::int")


def numbers(most: int) -> Call:
    return Call(NUMBERS, {"most": most, "word": "w"})


def name(slug: str = "acme") -> Call:
    return Call(NAME, {"slug": slug}, read_first_text)


def rename(to: str) -> Call:
    return Call(RENAME, {"slug": "acme", "name": to}, read_first_text)


def divide(by: int) -> Call:
    return Call(DIVIDE, {"by": by})


def test_each_call_is_answered_in_its_order(acme: Brand) -> None:
    found = ask_together([name(), numbers(2), rename("Other"), name(), name("nobody")])
    assert found == ["Acme", [(1, "w"), (2, "w")], "Other", "Other", ""]
    assert ask_together([]) == []


def test_long_values_and_many_rows_pass_both_ways(db: None) -> None:
    """More than fits into the buffers of a socket: both sides read while they write."""
    long = "ä" * 3_000_000
    many = [Call(NUMBERS, {"most": 3, "word": long}) for _ in range(4)]
    assert [rows[2][1] == long for rows in ask_together(many)] == [True] * 4


def test_each_call_counts_among_the_queries(acme: Brand) -> None:
    with CaptureQueriesContext(connection) as asked:
        ask_together([name(), numbers(1)])
    assert [each["sql"] for each in asked.captured_queries] == [NAME.sql, NUMBERS.sql]


def test_the_first_error_is_raised_and_nothing_after_it_runs(acme: Brand) -> None:
    with pytest.raises(DataError, match="division by zero"), transaction.atomic():
        ask_together([rename("Other"), divide(0), rename("Third"), divide(0)])
    assert ask_together([name()]) == ["Acme"]


def test_values_that_cannot_be_sent_leave_the_connection_usable(acme: Brand) -> None:
    with pytest.raises(DataError):
        ask_together([rename("Other"), Call(NUMBERS, {"most": 1, "word": "a\0b"})])
    assert ask_together([name()]) == ["Acme"]


def test_statement_that_does_not_exist_leaves_the_connection_usable(acme: Brand) -> None:
    with pytest.raises(ProgrammingError), transaction.atomic():
        ask_together([name(), Call(Statement("SELECT nothing FROM nowhere"), {})])
    assert ask_together([name()]) == ["Acme"]


@pytest.mark.django_db(transaction=True)
def test_commit_together_commits_before_the_block_ends(acme: Brand) -> None:
    told = list[str]()
    with transaction.atomic():
        assert commit_together([rename("Other"), name()]) == ["Other", "Other"]
        transaction.on_commit(lambda: told.append(read_elsewhere()))
        assert (read_elsewhere(), told) == ("Other", [])
    assert told == ["Other"]


def read_elsewhere() -> str:
    """The name as another connection sees it."""
    given = connection.get_connection_params()
    given = {each: given[each] for each in ("dbname", "user", "password", "host", "port")}
    with psycopg.connect(**given) as other:
        row = other.execute("SELECT name FROM brands_brand WHERE slug = 'acme'").fetchone()
        return str(row and row[0])


@pytest.mark.django_db(transaction=True)
def test_commit_together_inside_another_block_leaves_the_commit_to_it(acme: Brand) -> None:
    with transaction.atomic():
        with transaction.atomic():
            commit_together([rename("Other")])
        assert read_elsewhere() == "Acme"
    assert read_elsewhere() == "Other"
    with transaction.atomic():
        with transaction.atomic(savepoint=False):
            commit_together([rename("Third")])
        transaction.set_rollback(True)
    assert read_elsewhere() == "Other"


@pytest.mark.django_db(transaction=True)
def test_commit_together_outside_any_block_runs_each_call(acme: Brand) -> None:
    assert commit_together([rename("Other"), name()]) == ["Other", "Other"]
    assert read_elsewhere() == "Other"


@pytest.mark.django_db(transaction=True)
def test_commit_together_after_an_error_commits_nothing(acme: Brand) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        commit_together([rename("Other"), Call(COPY, {"slug": "acme"})])
    assert (read_elsewhere(), ask_together([name()])) == ("Acme", ["Acme"])


@pytest.mark.django_db(transaction=True)
def test_calls_after_a_lock_see_what_its_holder_committed(acme: Brand) -> None:
    """Each statement of a pipeline has its own snapshot, so those after the lock are up to date."""
    given = connection.get_connection_params()
    given = {each: given[each] for each in ("dbname", "user", "password", "host", "port")}
    with psycopg.connect(**given) as other:
        other.execute("UPDATE brands_brand SET name = 'Other' WHERE slug = 'acme'")
        found, pids = list[Any](), list[int]()

        def wait() -> None:
            connection.ensure_connection()
            pids.append(connection.connection.info.backend_pid)
            with transaction.atomic():
                found.extend(ask_together([numbers(1), Call(LOCK, {"slug": "acme"}), name()]))
            connection.close()

        waiting = threading.Thread(target=wait)
        waiting.start()
        while not fetch_rows(WAITING, {"pids": pids}):
            time.sleep(0.01)
        other.commit()
        waiting.join()
    assert found == [[(1, "w")], [("Other",)], "Other"]


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_is_gone_is_an_operational_error() -> None:
    assert ask_together([numbers(1)]) == [[(1, "w")]]
    cut_connection()
    with pytest.raises(OperationalError):
        ask_together([numbers(1), numbers(2)])
    connection.close()
    assert ask_together([numbers(1)]) == [[(1, "w")]]


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_is_lost_in_the_middle_is_an_operational_error() -> None:
    ask_together([numbers(1)])
    pid = connection.connection.info.backend_pid
    threading.Timer(0.2, cut_connection, [connection.connection.fileno()]).start()
    with pytest.raises(OperationalError):
        ask_together([numbers(1), Call(SLEEP, {}), numbers(2)])
    connection.close()
    assert ask_together([numbers(1)]) == [[(1, "w")]]
    with as_owner():  # it would sleep on
        fetch_rows("SELECT pg_terminate_backend(%(pid)s)", {"pid": pid})


def cut_connection(number: int | None = None) -> None:
    """Shut down the socket to the database: that of this thread, or the one with this number."""
    with socket.socket(fileno=os.dup(number or connection.connection.fileno())) as line:
        line.shutdown(socket.SHUT_RDWR)
