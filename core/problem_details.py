"""Problem details (RFC 9457): translation of domain exceptions to error responses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from rest_framework.exceptions import APIException


class Problem(APIException):
    """Error response with a stable code, a sentence, and the name of the field if any."""

    #: Seconds to wait, sent as the header `Retry-After`.
    wait: float | None = None

    def __init__(self, status: int, code: str, detail: str, field: str | None = None) -> None:
        super().__init__(detail, code)
        self.status_code = status
        self.field = field


#: From the class of a domain exception to the status, code and field of its problem.
Problems = Mapping[type[Exception], tuple[int, str, str | None]]


@contextmanager
def translate_errors(problems: Problems) -> Iterator[None]:
    """Turn domain exceptions into problems.

    An exception's own `field` replaces the one in *problems*. Its `wait` is the number of seconds
    for `Retry-After`.
    """
    try:
        yield
    except tuple(problems) as error:
        kind = next(each for each in type(error).__mro__ if each in problems)
        status, code, field = problems[kind]
        own = getattr(error, "field", None)
        code = code.format(field=own)
        problem = Problem(status, code, str(error), own or field)
        problem.wait = getattr(error, "wait", None)
        raise problem from error
