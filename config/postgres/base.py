"""Django's PostgreSQL engine, but checking a kept connection costs no round trip."""

from __future__ import annotations

import select

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    def is_usable(self) -> bool:
        """Return whether the connection is open and silent.

        Between requests a live server sends nothing; any data or an end means that it went away.
        """
        if self.connection is None or self.connection.closed:
            return False
        looking = select.poll()
        looking.register(self.connection.fileno(), select.POLLIN | select.POLLHUP)
        return not looking.poll(0)
