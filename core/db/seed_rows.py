"""Seed rows: inserted once with their table, so that rows an admin deleted do not come back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

#: The `plan` of Django's `post_migrate`: each migration that ran, and whether it was reversed.
Plan = Sequence[tuple[Any, bool]]


def are_seed_rows_due(
    app_label: str, plan: Plan | None, *, migration_name: str = "0001_initial"
) -> bool:
    """Return whether *app_label*'s seed rows have to be inserted.

    They have to if the migration that created their table has just run, or if `flush` has just
    emptied the tables (then there is no *plan*).
    """
    if plan is None:
        return True
    return any(
        (migration.app_label, migration.name, taken_back) == (app_label, migration_name, False)
        for migration, taken_back in plan
    )
