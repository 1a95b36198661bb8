"""PostgreSQL as Django has it, but whether a kept connection still lives costs no round trip."""

from __future__ import annotations

import select

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    def is_usable(self) -> bool:
        """Between two requests a live server says nothing; a word or an end means it went away."""
        if self.connection is None or self.connection.closed:
            return False
        looking = select.poll()
        looking.register(self.connection.fileno(), select.POLLIN | select.POLLHUP)
        return not looking.poll(0)
