"""Real PostgreSQL and Valkey for a machine that has only Python, and one launcher for everything.

Imports no Django: the services have to be up, and the environment say where, before settings load.
"""


class CannotRun(Exception):
    """Something foreseeable stands in the way. Printed as one line, never as a traceback."""

    def __init__(self, message: str, *, log: str = "") -> None:
        super().__init__(message)
        self.log = log
