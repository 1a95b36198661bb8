"""Prepared statements for frequent queries. PostgreSQL parses each once per connection.

They bypass psycopg's cursors, whose bookkeeping takes longer than most of these statements.
Psycopg still converts the results to Python values.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, time
from functools import cache
from itertools import count, islice
from operator import attrgetter
from time import monotonic
from typing import Any, NamedTuple, TypeVar
from uuid import UUID
from weakref import WeakKeyDictionary

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import AutoField, BooleanField, Model
from django.db.models.expressions import RawSQL
from psycopg import errors, generators, pq
from psycopg.abc import Transformer
from psycopg.adapt import Transformer as RowReader

from core.db.plain_queries import Row

M = TypeVar("M", bound=Model)
Connection = psycopg.Connection[Any]

PLACEHOLDER = re.compile(r"%\((\w+)\)s")
TEXT, BINARY = pq.Format.TEXT, pq.Format.BINARY
#: The types whose `str()` PostgreSQL can read.
PLAIN = (str, int, float, UUID, date, time)
IDLE = pq.TransactionStatus.IDLE
SUCCESS = {pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK}


_ids = count(1)


def _keep_rows(rows: list[Row]) -> list[Row]:
    return rows


class Call(NamedTuple):
    """A prepared statement with its values, and what to make of its rows.

    It can run alone, or in one round trip with others (`core.db.ask_together`).
    """

    statement: Statement
    values: Mapping[str, Any]
    read: Callable[[list[Row]], Any] = _keep_rows

    def ask(self) -> Any:
        """Run the statement. Return what `read` makes of its rows."""
        return self.read(self.statement.ask(self.values))


def read_first_text(rows: list[Row]) -> str:
    """Return the text in the first column of the first row; "" without a row."""
    return str(rows[0][0]) if rows else ""


class Statement:
    """Prepared SQL with named values, `%(name)s`.

    Where PostgreSQL cannot infer the type of a value, the SQL has to cast it.
    """

    def __init__(self, sql: str) -> None:
        self.names = list(dict.fromkeys(PLACEHOLDER.findall(sql)))
        self.sql = PLACEHOLDER.sub(lambda match: f"${1 + self.names.index(match[1])}", sql)
        self.id = b"cmr_%d" % next(_ids)
        #: The connections on which it is prepared, each with the reader that builds its rows.
        self.readers: WeakKeyDictionary[Connection, Transformer] = WeakKeyDictionary()

    def ask(self, values: Mapping[str, Any]) -> list[Row]:
        """Run the statement and return all rows. It ignores *values* that it does not name."""
        database = use_connection()
        began = monotonic()
        with database.wrap_database_errors:
            on = database.connection
            self.prepare(on)
            if must_begin(on):
                raise_error(on.pgconn.exec_(b"BEGIN"))
            rows = self.read_rows(on, on.pgconn.exec_prepared(*self.arguments(values)))
        self.log(database, seconds=monotonic() - began)
        return rows

    def ask_each(self, many: Iterable[Mapping[str, Any]]) -> Iterator[list[Row]]:
        """Yield the rows for each of *many*, while PostgreSQL already works on the next.

        *many* is read one item ahead. Until the iterator is exhausted or closed, no other query
        can run on this thread's connection.
        """
        busy: Connection | None = None
        try:
            for values in many:
                rows = self._received(busy) if busy else None
                busy = None
                busy = self._sent(values)
                if rows is not None:
                    yield rows
            if busy:
                last, busy = busy, None
                yield self._received(last)
        finally:
            if busy:
                busy.wait(generators.fetch_many(busy.pgconn))

    def _sent(self, values: Mapping[str, Any]) -> Connection:
        database = use_connection()
        with database.wrap_database_errors:
            on: Connection = database.connection
            self.prepare(on)
            if must_begin(on):
                raise_error(on.pgconn.exec_(b"BEGIN"))
            on.pgconn.send_query_prepared(*self.arguments(values))
            on.wait(generators.send(on.pgconn))
        self.log(database, seconds=0)  # It has only been sent, so its duration is unknown.
        return on

    def log(self, database: Any, *, seconds: float) -> None:
        """Add the query to Django's query log, which is active in debug mode and in tests."""
        if database.queries_logged:
            database.queries_log.append({"sql": self.sql, "time": f"{seconds:.3f}"})

    def _received(self, on: Connection) -> list[Row]:
        with connections[DEFAULT_DB_ALIAS].wrap_database_errors:
            (result,) = on.wait(generators.fetch_many(on.pgconn))
            return self.read_rows(on, result)

    def prepare(self, on: Connection) -> None:
        """Prepare the statement on this connection, unless it was prepared there before."""
        if on in self.readers:
            return
        raise_error(on.pgconn.prepare(self.id, self.sql.encode()))
        described = raise_error(on.pgconn.describe_prepared(self.id))
        reader = RowReader.from_context(on)
        reader.set_loader_types([described.ftype(n) for n in range(described.nfields)], BINARY)
        self.readers[on] = reader

    def arguments(self, values: Mapping[str, Any]) -> tuple[Any, ...]:
        """Return the arguments for libpq: the name, the values, their formats, and the rows'."""
        written = list[bytes | None]()
        formats: list[pq.Format] | None = None  # all are texts
        for name in self.names:
            value = values[name]
            if type(value) is bytes:
                formats = formats or [TEXT] * len(self.names)
                formats[len(written)] = BINARY
                written.append(value)
            else:
                written.append(None if value is None else _write_value(value))
        return self.id, written, formats, BINARY

    def read_rows(self, on: Connection, result: pq.abc.PGresult) -> list[Row]:
        """Return the rows of a result, or raise its error."""
        reader = self.readers[on]
        reader.set_pgresult(raise_error(result), set_loaders=False)
        return reader.load_rows(0, result.ntuples, tuple)


def use_connection() -> Any:
    """Return this thread's connection, after the checks that Django makes before it uses one."""
    database = connections[DEFAULT_DB_ALIAS]
    database.close_if_health_check_failed()
    database.ensure_connection()
    database.validate_no_broken_transaction()
    return database


def must_begin(on: Connection) -> bool:
    """Return whether a transaction has to begin before the next statement.

    Psycopg would begin it, but prepared statements bypass psycopg.
    """
    return not on.autocommit and on.pgconn.transaction_status == IDLE


class Insertion:
    """Prepared statement that inserts one row of a model."""

    def __init__(self, model: type[Model]) -> None:
        self.attributes = {each.column: each.attname for each in model._meta.concrete_fields}
        values = ", ".join(f"%({column})s" for column in self.attributes)
        table = model._meta.db_table
        self.sql = f"INSERT INTO {table} ({list_columns(model)}) VALUES ({values})"
        self.statement = Statement(self.sql)

    def add(self, row: Model) -> None:
        """Insert *row*, which must have its key: values set by the database are not read back."""
        self.build_call(row).ask()

    def build_call(self, row: Model) -> Call:
        """Return the call that inserts *row*."""
        return Call(self.statement, self.build_values(row))

    def build_values(self, row: Model) -> dict[str, Any]:
        """Return the values of `sql`, by column."""
        held = row.__dict__
        return {column: held[name] for column, name in self.attributes.items()}


class Copying:
    """Inserts many rows of a model by COPY, in a twentieth of the time of `bulk_create`."""

    def __init__(self, model: type[Model], names: Iterable[str] | None = None) -> None:
        """Prepare to write the attributes *names*: by default all but auto-increment fields."""
        fields = {each.attname: each for each in model._meta.concrete_fields}
        own = [name for name, each in fields.items() if not isinstance(each, AutoField)]
        self.names = list(names or own)
        named = ", ".join(f'"{fields[name].column}"' for name in self.names)
        self.sql = f"COPY {model._meta.db_table} ({named}) FROM STDIN"

    def add(self, rows: Iterable[Model]) -> None:
        """Insert *rows*. They have their own keys, or the database assigns auto-increment keys."""
        self.add_values(map(attrgetter(*self.names), rows))

    def add_values(self, rows: Iterable[Sequence[Any]]) -> None:
        """Insert rows given as values, each in the order of `names`."""
        database = connections[DEFAULT_DB_ALIAS]
        with (
            database.wrap_database_errors,
            database.cursor() as cursor,
            cursor.copy(self.sql) as copy,
        ):
            for row in rows:
                copy.write_row(row)


def match_any(values: Iterable[Any], kind: str) -> RawSQL:
    """Return *values* for a `…__in` filter as one array parameter instead of one each.

    *kind* is their PostgreSQL type.
    """
    return RawSQL(f"SELECT unnest(%s::{kind}[])", [list(values)])  # noqa: S611 - no value in it


def is_any(column: str, values: Iterable[Any], kind: str) -> RawSQL:
    """Return the condition that *column* (`table.column`) is one of *values*, for `filter`.

    *kind* is their PostgreSQL type. It is one array parameter as in `match_any`, but no join with
    it: PostgreSQL looks each value up in an index. For a join it may choose to read the table once
    for each value, if a table has just been filled and there are no statistics of it yet.
    """
    condition = f"{column} = ANY(%s::{kind}[])"
    return RawSQL(condition, [list(values)], output_field=BooleanField())  # noqa: S611


def list_columns(model: type[Model], *, of: str = "") -> str:
    """Return all columns of the model for a SELECT, prefixed with the table or alias *of*.

    `build_instance` takes their values.
    """
    prefix = f"{of}." if of else ""
    return ", ".join(f'{prefix}"{each.column}"' for each in model._meta.concrete_fields)


def build_instance(model: type[M], values: Iterable[Any]) -> M:
    """Return the instance built from the values of `list_columns`.

    If *values* is an iterator, only these values are consumed.
    """
    names = _list_attributes(model)
    return model.from_db(DEFAULT_DB_ALIAS, names, list(islice(values, len(names))))


@cache
def _list_attributes(model: type[Model]) -> list[str]:
    return [each.attname for each in model._meta.concrete_fields]


def _write_value(value: Any) -> bytes:
    """Return a value as a text that PostgreSQL can read.

    Raises:
        psycopg.DataError: a text contains NUL, at which PostgreSQL would cut it off.
        TypeError: PostgreSQL cannot read the `str()` of a value of this type.
    """
    if type(value) is str:
        text = value.encode()
    elif not isinstance(value, PLAIN):
        raise TypeError(f"PostgreSQL would not read a {type(value).__name__} as we write it")
    else:
        text = str(value).encode()
    if b"\0" in text:
        raise psycopg.DataError("PostgreSQL text cannot contain NUL bytes")
    return text


def raise_error(result: pq.abc.PGresult) -> pq.abc.PGresult:
    """Return *result*, or raise the error that it holds."""
    if result.status in SUCCESS:
        return result
    error = errors.error_from_result(result)
    if error.sqlstate is None:  # The error is libpq's, not PostgreSQL's: the connection is gone.
        raise psycopg.OperationalError(str(error))
    raise error
