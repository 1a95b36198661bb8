"""Several prepared statements in one round trip, by libpq's pipeline mode.

PostgreSQL runs the statements of a pipeline one after another, as if each were sent alone: a later
one sees what an earlier one wrote, and what others committed before it began. If one fails, those
after it are not run.
"""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic
from typing import Any

from psycopg import generators, pq
from psycopg.abc import PQGen

from core.db.prepared import Call, Connection, Statement, must_begin, raise_error, use_connection

BEGIN, COMMIT = Call(Statement("BEGIN"), {}), Call(Statement("COMMIT"), {})


def ask_together(calls: Sequence[Call]) -> list[Any]:
    """Run *calls* in order, in one round trip. Return what each makes of its rows.

    Raises the error of the first that fails.
    """
    return _ask(calls, commits=False)


def commit_together(calls: Sequence[Call]) -> list[Any]:
    """Run *calls* as the last ones of a transaction, and commit it in the same round trip.

    Inside another transaction or savepoint, run the calls only. Call it last in an atomic block:
    Django then finds the transaction committed, and calls what waits for the commit.
    """
    return _ask(calls, commits=True)


def _ask(calls: Sequence[Call], *, commits: bool) -> list[Any]:
    if not calls:
        return []
    database = use_connection()
    on: Connection = database.connection
    began = monotonic()
    with database.wrap_database_errors:
        before = [BEGIN] if must_begin(on) else []
        after = [COMMIT] if commits and _is_outermost(database) else []
        results = _run(on, [*before, *calls, *after])
        found = results[len(before) : len(before) + len(calls)]
        rows = [call.statement.read_rows(on, each) for call, each in zip(calls, found, strict=True)]
    seconds = monotonic() - began
    for call in calls:
        call.statement.log(database, seconds=seconds)
    return [call.read(each) for call, each in zip(calls, rows, strict=True)]


def _is_outermost(database: Any) -> bool:
    """Return whether the innermost atomic block is the one whose end commits."""
    return database.in_atomic_block and database.commit_on_exit and not database.savepoint_ids


def _run(on: Connection, calls: Sequence[Call]) -> list[pq.abc.PGresult]:
    """Run *calls* in pipeline mode. Return their results, of which none is an error."""
    for call in calls:
        call.statement.prepare(on)
    given = [call.statement.arguments(call.values) for call in calls]
    pgconn = on.pgconn
    pgconn.enter_pipeline_mode()
    try:
        for each in given:
            pgconn.send_query_prepared(*each)
        pgconn.pipeline_sync()
        results = on.wait(_communicate(pgconn, len(calls)))
        pgconn.exit_pipeline_mode()
    except BaseException:  # nobody could tell which answer belongs to which statement
        on.close()
        raise
    return [raise_error(each) for each in results]


def _communicate(pgconn: pq.abc.PGconn, count: int) -> PQGen[list[pq.abc.PGresult]]:
    """Send what was queued, and receive *count* results and the end of the pipeline."""
    yield from generators.send(pgconn)
    results = []
    for _ in range(count + 1):
        results += yield from generators.fetch_many(pgconn)
    return results[:count]
