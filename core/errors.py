"""Base class of the exceptions that the API reports as problem details (RFC 9457)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class DomainError(Exception):
    """A call that cannot be fulfilled. Its class says how the API reports it.

    The text of the exception is the problem's `detail`.
    """

    #: HTTP status of the response.
    status: int = 422
    #: Stable code, which `docs/errors.md` explains.
    code: str
    #: Part of the call that is wrong, if it is only one.
    field: str | None = None
    #: What callers read, if that is not the text of the exception.
    detail: str = ""
    #: Seconds to wait, sent as the header `Retry-After`.
    wait: float | None = None


@contextmanager
def report_field(field: str, *kinds: type[DomainError]) -> Iterator[None]:
    """Report errors of *kinds* for *field*, where the caller knows it by another name."""
    try:
        yield
    except kinds as error:
        error.field = field
        raise
