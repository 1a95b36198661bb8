"""Our own connections to PostgreSQL, as the server reports them."""

from __future__ import annotations

from django.db import connection

#: The states of a connection.
STATES = ("active", "idle", "idle_in_transaction", "waiting_for_lock")
# PostgreSQL hides the state of other roles' connections.
QUERY = """
SELECT CASE WHEN wait_event_type = 'Lock' THEN 'waiting_for_lock'
    WHEN state LIKE 'idle in transaction%%' THEN 'idle_in_transaction'
    WHEN state = 'idle' THEN 'idle' ELSE 'active' END, count(*)
FROM pg_stat_activity
WHERE datname = current_database() AND usename = session_user GROUP BY 1
"""
LIMIT = "SELECT current_setting('max_connections')::int"


def count_sessions() -> dict[str, int]:
    """Return the number of our connections in each state."""
    with connection.cursor() as cursor:
        cursor.execute(QUERY, [])
        return dict.fromkeys(STATES, 0) | dict(cursor.fetchall())


def read_limit() -> int:
    """Return the maximum number of connections that the server accepts, of all roles."""
    with connection.cursor() as cursor:
        cursor.execute(LIMIT)
        limit: int = cursor.fetchone()[0]
        return limit
