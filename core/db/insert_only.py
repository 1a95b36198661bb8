"""Triggers that make tables insert-only.

They are the second line of defence. The application's database role lacks the privileges to change
rows. If somebody has them by mistake or through a tool, the triggers refuse the change. The owner
of a table can disable its triggers.
"""

from __future__ import annotations

import pgtrigger


def refuse_changes(thing: str) -> list[pgtrigger.Trigger]:
    """Return triggers that refuse to update, delete or truncate a table of *thing*s."""
    return [
        pgtrigger.Protect(
            name=f"{thing}_is_never_altered", operation=pgtrigger.Update | pgtrigger.Delete
        ),
        refuse_truncation(thing),
    ]


def refuse_truncation(thing: str) -> pgtrigger.Trigger:
    """Return a trigger that refuses to truncate a table of *thing*s."""
    return pgtrigger.Trigger(
        name=f"{thing}_is_never_truncated",
        level=pgtrigger.Statement,
        when=pgtrigger.Before,
        operation=pgtrigger.Truncate,
        func=f"RAISE EXCEPTION 'this table of {thing}s is never emptied';",
    )
