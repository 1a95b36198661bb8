"""Rows that come with their table, once, so that what an admin deleted does not come back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

#: What `post_migrate` says of each migration that ran: it, and whether it was taken back.
Plan = Sequence[tuple[Any, bool]]


def are_seed_rows_due(app_label: str, plan: Plan | None) -> bool:
    """Whether *app_label*'s tables are new, or (no *plan*) were just emptied by `flush`."""
    if plan is None:
        return True
    return any(
        (migration.app_label, migration.name, taken_back) == (app_label, "0001_initial", False)
        for migration, taken_back in plan
    )
