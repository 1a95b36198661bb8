"""Problem details (RFC 9457): how the domain's exceptions become answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from rest_framework.exceptions import APIException


class Problem(APIException):
    """An answer that says what is wrong: a stable code, a sentence, and the field if any."""

    #: Seconds to wait, which the answer gives as `Retry-After`.
    wait: float | None = None

    def __init__(self, status: int, code: str, detail: str, field: str | None = None) -> None:
        super().__init__(detail, code)
        self.status_code = status
        self.field = field


#: From a domain's exception to the status, the code and the field of its problem.
Problems = Mapping[type[Exception], tuple[int, str, str | None]]


@contextmanager
def translate_errors(problems: Problems) -> Iterator[None]:
    """Turn the domain's exceptions into problems; an exception's own `field` wins, and its `wait`
    is how long to wait."""
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
