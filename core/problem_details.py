"""Problem details (RFC 9457): translation of domain exceptions to error responses."""

from __future__ import annotations

from rest_framework.exceptions import APIException

from core.errors import DomainError


class Problem(APIException):
    """Error response with a stable code, a sentence, and the name of the field if any."""

    #: Seconds to wait, sent as the header `Retry-After`.
    wait: float | None = None

    def __init__(self, status: int, code: str, detail: str, field: str | None = None) -> None:
        super().__init__(write_sentence(detail), code)
        self.status_code = status
        self.field = field


def build_problem(error: DomainError) -> Problem:
    """Return the error response that the class of *error* describes."""
    problem = Problem(error.status, error.code, error.detail or str(error), error.field)
    problem.wait = error.wait
    return problem


def write_sentence(message: object) -> str:
    """Return the message of a domain exception as a sentence.

    Example: "there is no topic 'x'" gives "There is no topic 'x'."
    """
    text = str(message)
    end = "" if text.endswith((".", "!", "?")) else "."
    return f"{text[:1].upper()}{text[1:]}{end}" if text else text
