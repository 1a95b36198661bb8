"""Statements that are prepared: they see and join what Django's own do on the same connection."""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Iterator

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

from brands.models import Brand, StreamHead
from core.db.prepared import Insertion, Statement, build_instance, list_columns

NUMBERS = Statement("SELECT n, %(word)s::text FROM generate_series(1, %(most)s::int) n")
WAITS = Statement("SELECT pg_sleep(%(seconds)s::float), %(n)s::int")
BY_SLUG = Statement(f"SELECT {list_columns(Brand)} FROM brands_brand WHERE slug = %(slug)s")
RENAME = Statement("UPDATE brands_brand SET name = %(name)s WHERE slug = 'acme' RETURNING name")


def test_values_and_rows_are_what_python_has(db: None) -> None:
    typed = Statement(
        "SELECT %(a)s::bigint, %(b)s::bytea, %(c)s::uuid, %(d)s::text, %(e)s::text, %(d)s::text"
    )
    values = {"a": 2**40, "b": b"\0\xff", "c": uuid.UUID(int=7), "d": "Ä '%", "e": None, "f": 1}
    assert typed.ask(values) == [(2**40, b"\0\xff", uuid.UUID(int=7), "Ä '%", None, "Ä '%")]


def test_a_text_with_a_nul_is_refused_and_not_cut_short(db: None) -> None:
    with pytest.raises(DataError):
        NUMBERS.ask({"most": 1, "word": "a\0b"})


def test_rows_become_instances(acme: Brand) -> None:
    (row,) = BY_SLUG.ask({"slug": "acme"})
    assert build_instance(Brand, row) == acme
    assert build_instance(Brand, row).created_at == acme.created_at


def test_a_row_is_written_whole(acme: Brand) -> None:
    head = StreamHead(brand=acme, last_sequence=2**40)
    Insertion(StreamHead).add(head)
    assert StreamHead.objects.values_list("brand", "last_sequence").get() == (acme.pk, 2**40)


def test_the_databases_constraints_hold_for_a_row(acme: Brand) -> None:
    with pytest.raises(IntegrityError, match="stream_head_not_negative"), transaction.atomic():
        Insertion(StreamHead).add(StreamHead(brand=acme, last_sequence=-1))


@pytest.mark.parametrize("value", [["a"], {"a": 1}, memoryview(b"a")])
def test_what_postgresql_would_read_otherwise_is_refused(db: None, value: object) -> None:
    with pytest.raises(TypeError):
        NUMBERS.ask({"most": 1, "word": value})


def test_it_counts_among_the_queries(db: None) -> None:
    with CaptureQueriesContext(connection) as asked:
        NUMBERS.ask({"most": 1, "word": ""})
    assert [each["sql"] for each in asked.captured_queries] == [NUMBERS.sql]


@pytest.mark.django_db(transaction=True)
def test_the_first_of_a_transaction_is_part_of_it(acme: Brand) -> None:
    """Django leaves the BEGIN to whoever speaks first on the connection."""
    with transaction.atomic():
        assert RENAME.ask({"name": "Other"}) == [("Other",)]
        transaction.set_rollback(True)
    acme.refresh_from_db()
    assert acme.name == "Acme"


@pytest.mark.django_db(transaction=True)
def test_an_error_is_djangos_and_the_next_one_works(acme: Brand) -> None:
    with pytest.raises(ProgrammingError):
        Statement("SELECT nothing FROM nowhere").ask({})
    assert NUMBERS.ask({"most": 2, "word": "a"}) == [(1, "a"), (2, "a")]


@pytest.mark.django_db(transaction=True)
def test_after_a_lost_connection_it_is_prepared_again(acme: Brand) -> None:
    NUMBERS.ask({"most": 1, "word": ""})
    connection.close()
    assert NUMBERS.ask({"most": 1, "word": "again"}) == [(1, "again")]


def test_each_is_answered_in_turn(db: None) -> None:
    asked = ({"most": n, "word": "w"} for n in range(4))
    assert [len(rows) for rows in NUMBERS.ask_each(asked)] == [0, 1, 2, 3]
    assert list(NUMBERS.ask_each([])) == []


def test_postgresql_works_on_the_next_while_the_last_is_read(db: None) -> None:
    """The second is under way before the first is handed out: it is asked for by then."""
    told: list[str] = []

    def asked() -> Iterator[dict[str, object]]:
        for n in range(3):
            told.append(f"ask {n}")
            yield {"seconds": 0, "n": n}

    for ((_, n),) in WAITS.ask_each(asked()):
        told.append(f"have {n}")
    assert told == ["ask 0", "ask 1", "have 0", "ask 2", "have 1", "have 2"]


def test_whoever_stops_in_the_middle_leaves_the_connection_usable(db: None) -> None:
    many = NUMBERS.ask_each({"most": 9, "word": ""} for _ in range(9))
    next(many)
    many.close()  # type: ignore[attr-defined]
    assert NUMBERS.ask({"most": 1, "word": "a"}) == [(1, "a")]


def test_values_that_fail_in_the_middle_leave_it_usable_too(db: None) -> None:
    def asked() -> Iterator[dict[str, object]]:
        yield {"most": 1, "word": ""}
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(NUMBERS.ask_each(asked()))
    assert NUMBERS.ask({"most": 1, "word": "a"}) == [(1, "a")]


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_is_gone_is_an_operational_error() -> None:
    """As Django's own statements say it, so that it is answered as 503 and not as our mistake."""
    assert NUMBERS.ask({"most": 1, "word": "a"}) == [(1, "a")]
    with socket.socket(fileno=os.dup(connection.connection.fileno())) as line:
        line.shutdown(socket.SHUT_RDWR)
    with pytest.raises(OperationalError):
        NUMBERS.ask({"most": 1, "word": "a"})
    connection.close()
