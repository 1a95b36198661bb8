"""Tools for PostgreSQL: queries, prepared statements, locks, ids, triggers and seed rows."""

from core.db.advisory_locks import try_lock, wait_for_lock
from core.db.insert_only import refuse_changes, refuse_truncation
from core.db.pipelines import ask_together, commit_together
from core.db.plain_queries import Row, fetch_rows
from core.db.prepared import (
    Call,
    Copying,
    Insertion,
    Statement,
    build_instance,
    is_any,
    list_columns,
    match_any,
    read_first_text,
)
from core.db.seed_rows import Plan, are_seed_rows_due
from core.db.snapshots import take_snapshot
from core.db.uuid7 import new_id

__all__ = [
    "Call",
    "Copying",
    "Insertion",
    "Plan",
    "Row",
    "Statement",
    "are_seed_rows_due",
    "ask_together",
    "build_instance",
    "commit_together",
    "fetch_rows",
    "is_any",
    "list_columns",
    "match_any",
    "new_id",
    "read_first_text",
    "refuse_changes",
    "refuse_truncation",
    "take_snapshot",
    "try_lock",
    "wait_for_lock",
]
