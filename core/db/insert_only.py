"""Triggers of the tables that are only added to.

They are the second wall: the application's role lacks the privileges, and whoever has them, by
mistake or by a tool, is refused here. Who owns the table can switch them off.
"""

from __future__ import annotations

import pgtrigger


def refuse_changes(thing: str) -> list[pgtrigger.Trigger]:
    """Refuse to update, delete or truncate the rows of a table of *thing*s."""
    return [
        pgtrigger.Protect(
            name=f"{thing}_is_never_altered", operation=pgtrigger.Update | pgtrigger.Delete
        ),
        refuse_truncation(thing),
    ]


def refuse_truncation(thing: str) -> pgtrigger.Trigger:
    """Refuse to empty a table of *thing*s at once."""
    return pgtrigger.Trigger(
        name=f"{thing}_is_never_truncated",
        level=pgtrigger.Statement,
        when=pgtrigger.Before,
        operation=pgtrigger.Truncate,
        func=f"RAISE EXCEPTION 'this table of {thing}s is never emptied';",
    )
