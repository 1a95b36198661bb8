"""Connecting as the owner of the tables, for the few commands that need it."""

from __future__ import annotations

from django.conf import settings
from django.db import connection

LOGIN = ("USER", "PASSWORD", "HOST", "PORT")


def become_owner() -> None:
    """Connect as the owner from now on. Only for commands, whose process ends with them.

    The database stays the one that the connection names.
    """
    wanted = {name: settings.OWNER_DATABASE[name] for name in LOGIN}
    if any(connection.settings_dict[name] != value for name, value in wanted.items()):
        connection.close()
        connection.settings_dict.update(wanted)
