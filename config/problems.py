"""API errors as problem documents (RFC 9457)."""

from __future__ import annotations

from typing import Any

import orjson
from django.conf import settings
from django.core.exceptions import BadRequest, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.views import defaults
from drf_standardized_errors.formatter import ExceptionFormatter
from drf_standardized_errors.handler import ExceptionHandler
from drf_standardized_errors.types import ErrorResponse
from rest_framework.exceptions import (
    APIException,
    MethodNotAllowed,
    NotAuthenticated,
    UnsupportedMediaType,
    ValidationError,
)
from rest_framework.response import Response

from cmr import rate_limits
from core.errors import DomainError
from core.problem_details import build_problem

MEDIA_TYPE = "application/problem+json"

TITLES = {
    400: "The request could not be read",
    401: "Authentication required",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    408: "Request timeout",
    409: "Conflict with the current state",
    411: "Length required",
    412: "Changed in the meantime",
    413: "Too large",
    415: "Unsupported media type",
    422: "Invalid request",
    429: "Too many requests",
    431: "Headers too large",
    500: "Internal error",
    503: "Temporarily unavailable",
}


class Formatter(ExceptionFormatter):
    """Formatter of problem documents: the first error at the top, and all of them in `errors`."""

    def format_error_response(self, error_response: ErrorResponse) -> dict[str, Any]:
        named = getattr(self.exc, "field", None)
        plainly = self._plainly()
        errors = [
            {"code": e.code, "detail": plainly or e.detail, "field": named or _field(e.attr)}
            for e in error_response.errors
        ]
        status = read_status(self.exc)
        said = {"title": TITLES.get(status, "Error"), "status": status, **errors[0]}
        request_id = getattr(self.context.get("request"), "id", None)
        return _typed(said | {"errors": errors, "request_id": request_id})

    def _plainly(self) -> str:
        """Return what to do about an error whose framework message does not say it."""
        if isinstance(self.exc, NotAuthenticated):
            return "Authentication required: send a key or token as `Authorization: Bearer …`."
        view = self.context["view"]
        if isinstance(self.exc, MethodNotAllowed):
            methods = [each for each in view.allowed_methods if each != "OPTIONS"]
            return f"Method not allowed. Use {', '.join(methods)}."
        if isinstance(self.exc, UnsupportedMediaType):
            kinds = [parser.media_type for parser in view.get_parsers()]
            return f"Unsupported media type. Send `Content-Type: {' or '.join(kinds)}`."
        return ""


def _field(path: str | int | None) -> str | None:
    """Return the field's path as the caller wrote it; for an error of an object, the object's."""
    parts = [] if path is None else str(path).split(".")
    return ".".join(part for part in parts if part != "non_field_errors") or None


class Unavailable(APIException):
    """The database does not answer, or rolled back in favour of another transaction. Retry later.

    If the connection broke during the commit, it is unknown whether the commit succeeded.
    """

    status_code = 503
    default_code = "unavailable"
    default_detail = (
        "The service is temporarily unavailable. Try again soon. If this was a write, "
        "check first whether it took effect."
    )
    wait = 2  # seconds


class UnreadableRequest(APIException):
    """A request that Django refuses to parse, such as a query with too many fields."""

    status_code = 400
    default_code = "bad_request"
    default_detail = "The request could not be read."


class StreamedBodyTooSlow(APIException):
    """A body that the view itself reads arrived too slowly, or ended early."""

    status_code = 408
    default_code = "body_too_slow"
    default_detail = "The body arrived too slowly. Send it again over a faster connection."


class Handler(ExceptionHandler):
    def convert_known_exceptions(self, exc: Exception) -> Exception:
        if isinstance(exc, UnreadablePostError):
            return StreamedBodyTooSlow()
        # RecursionError: JSON too deep for a serializer; the parser accepts a thousand levels.
        if isinstance(exc, BadRequest | SuspiciousOperation | RecursionError):
            return UnreadableRequest()
        if isinstance(exc, OperationalError | InterfaceError | rate_limits.LimitsUnavailable):
            return Unavailable()
        if isinstance(exc, DomainError):
            return build_problem(exc)
        known: Exception = super().convert_known_exceptions(exc)
        return known

    def get_response(self, exc: APIException, data: dict[str, Any]) -> Response:
        return Response(
            data, status=read_status(exc), headers=self.get_headers(exc), content_type=MEDIA_TYPE
        )


def read_status(error: APIException) -> int:
    """Return the status: 422 for readable but invalid input, since 400 means unreadable input."""
    return 422 if isinstance(error, ValidationError) else error.status_code


def answer(request: HttpRequest, status: int, code: str, detail: str) -> HttpResponse:
    body = build(status, code, detail, request_id=getattr(request, "id", None))
    return HttpResponse(body, status=status, content_type=MEDIA_TYPE)


def build(status: int, code: str, detail: str, *, request_id: str | None = None) -> bytes:
    """Return a problem document as bytes."""
    error = {"code": code, "detail": detail, "field": None}
    problem = {"title": TITLES[status], "status": status, **error, "errors": [error]}
    return orjson.dumps(_typed(problem | {"request_id": request_id}))


def _typed(problem: dict[str, Any]) -> dict[str, Any]:
    """Add the problem's type: the URL of its code in the catalogue of errors."""
    return {"type": f"{settings.PUBLIC_URL}/docs/errors#{problem['code']}", **problem}


def _is_api(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if _is_api(request):
        return answer(request, 400, "bad_request", "The request could not be read.")
    return defaults.bad_request(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if _is_api(request):
        hint = " API URLs have no trailing slash." if request.path.endswith("/") else ""
        return answer(request, 404, "not_found", f"No resource at this URL.{hint}")
    return defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    if _is_api(request):
        return answer(
            request,
            500,
            "error",
            "Internal error. If this was a write, check whether it took effect before you "
            "repeat it.",
        )
    return defaults.server_error(request)
