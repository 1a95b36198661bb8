"""Errors: one class per kind, with a `code` for details."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import msgspec


class CMRError(Exception):
    """A call was refused or failed. Programs should rely on `code` (listed in docs/errors.md)."""

    def __init__(
        self,
        code: str,
        title: str,
        detail: str = "",
        *,
        status: int | None = None,
        field: str | None = None,
        errors: list[Fault] | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(code, title, detail)
        self.code = code
        self.title = title
        self.detail = detail
        self.status = status
        #: The field that is wrong, where it is one.
        self.field = field
        #: Every mistake that was found; the first one stands in `code`, `detail` and `field`.
        self.errors = errors or []
        self.request_id = request_id
        #: After how many seconds to ask again, where the service says so.
        self.retry_after = retry_after

    def __str__(self) -> str:
        where = f"{self.field}: " if self.field else ""
        traced = f", request {self.request_id}" if self.request_id else ""
        return f"{where}{self.detail or self.title} ({self.code}{traced})"


class NotSignedIn(CMRError):
    """There is no key to call with."""


class BadSignature(CMRError):
    """A webhook is too old, was altered, or does not come from the service."""


class Unreachable(CMRError):
    """There was no answer. A call that cannot be repeated may have been carried out."""


class UnexpectedAnswer(CMRError):
    """The answer is not one of the service's: wrong address, or another version."""


class NotAuthenticated(CMRError):
    """401: the key is unknown, expired or revoked."""


class NotAllowed(CMRError):
    """403: the key may not do this."""


class NotFound(CMRError):
    """404: there is no such thing, or it is not yours."""


class Conflict(CMRError):
    """409: the current state does not allow it, such as a person's own no."""


class Invalid(CMRError):
    """400, 405, 411, 413, 415, 422: invalid request; see `field` and `errors`."""


class BeyondStream(Invalid):
    """422: the sequence is beyond the stream, or was lost in a restore.

    If you got the sequence from the service, delete your copy and start again.
    """


class TooMany(CMRError):
    """429: too many calls, or too much at once; try again after `retry_after` seconds."""


class ServiceFailed(CMRError):
    """5xx: the service failed."""


KINDS: Mapping[int, type[CMRError]] = {
    401: NotAuthenticated,
    403: NotAllowed,
    404: NotFound,
    409: Conflict,
    429: TooMany,
}


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One error in a request."""

    code: str
    detail: str
    field: str | None = None


@dataclass(frozen=True, kw_only=True)
class _Document:
    """Problem document of the service (RFC 9457)."""

    title: str
    status: int
    code: str
    detail: str = ""
    field: str | None = None
    errors: list[Fault] | None = None
    request_id: str | None = None


def problem_of(answer: httpx.Response) -> CMRError:
    """Return the exception for *answer*, which is not a success."""
    status = answer.status_code
    try:
        said = msgspec.json.decode(answer.content, type=_Document)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        title = f"The answer was {status} {answer.reason_phrase}, and no problem document"
        other = ServiceFailed if status >= 500 else UnexpectedAnswer
        return other("unexpected_answer", title, status=status, retry_after=retry_after(answer))
    kind = KINDS.get(status, ServiceFailed if status >= 500 else Invalid)
    if said.code == "beyond_stream":
        kind = BeyondStream
    more: dict[str, Any] = {"field": said.field, "errors": said.errors}
    return kind(
        said.code,
        said.title,
        said.detail,
        status=status,
        request_id=said.request_id,
        retry_after=retry_after(answer),
        **more,
    )


def retry_after(answer: httpx.Response) -> float | None:
    """Return the seconds of `Retry-After`, or None if it is missing or a date."""
    said: str = answer.headers.get("Retry-After", "")
    return float(said) if said.isascii() and said.isdigit() else None
