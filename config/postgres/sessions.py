"""The service's own connections to PostgreSQL, as the server sees them."""

from __future__ import annotations

from django.db import connection

#: What a connection may be at.
STATES = ("active", "idle", "idle_in_transaction", "waiting_for_lock")
# Of other roles' connections nobody is told what they are at.
QUERY = """
SELECT CASE WHEN wait_event_type = 'Lock' THEN 'waiting_for_lock'
    WHEN state LIKE 'idle in transaction%%' THEN 'idle_in_transaction'
    WHEN state = 'idle' THEN 'idle' ELSE 'active' END, count(*)
FROM pg_stat_activity
WHERE datname = current_database() AND usename = session_user GROUP BY 1
"""
LIMIT = "SELECT current_setting('max_connections')::int"


def count_sessions() -> dict[str, int]:
    """Return for each state how many connections of ours are in it."""
    with connection.cursor() as cursor:
        cursor.execute(QUERY, [])
        return dict.fromkeys(STATES, 0) | dict(cursor.fetchall())


def read_limit() -> int:
    """Return how many connections the server takes, all roles together."""
    with connection.cursor() as cursor:
        cursor.execute(LIMIT)
        limit: int = cursor.fetchone()[0]
        return limit
