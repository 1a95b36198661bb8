"""Middleware for every request: its id, its API version, a body of known length, and no files."""

from collections.abc import Callable
from typing import Any

from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest, HttpResponse
from django.middleware.security import SecurityMiddleware
from django.urls import ResolverMatch
from structlog.contextvars import bound_contextvars

from brands.models import BrandKey
from config import problems
from config.request_ids import choose_request_id
from config.web.targets import find_target
from core import api

#: The content security policy of answers that are not pages.
NOTHING_TO_SHOW = "default-src 'none'; frame-ancestors 'none'"
API = "/api/v1/"
#: How many host names a process remembers.
MOST_HOSTS = 100

GetResponse = Callable[[HttpRequest], HttpResponse]


class RequestId:
    """Middleware that sets `request.id`, answers `X-Request-Id`, and names the log's caller."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.META.get("HTTP_X_REQUEST_ID", "")  # `request.headers` copies them all
        request_id = choose_request_id(given)
        request.id = request_id  # type: ignore[attr-defined]
        with bound_contextvars(request_id=request_id):  # for every line logged meanwhile
            response = self.get_response(request)
        response["X-Request-Id"] = request_id
        response.caller = _name_caller(request)  # type: ignore[attr-defined]
        return response


def _name_caller(request: HttpRequest) -> str:
    """Return the caller's name for the access log.

    A key is named by its prefix. A person is named only by how they authenticated.
    """
    if prefix := getattr(request, "key_prefix", ""):  # the fast path knows only the prefix
        return f"key {prefix}"
    if auth := getattr(request, "auth", None):
        return f"key {auth.prefix}" if isinstance(auth, BrandKey) else "token"
    # Django stores the user here once it is loaded. Loading it now would read the session.
    user = getattr(request, "_cached_user", None)
    return "session" if user is not None and user.is_authenticated else ""


class Versioned:
    """Middleware that answers API calls with `CMR-Version`, and announces deprecated versions."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not request.path_info.startswith(API):
            return response
        asked = api.read_requested_version(request)
        response[api.VERSION_HEADER] = asked if asked in api.API_VERSIONS else api.API_VERSIONS[0]
        if ending := api.VERSION_ENDINGS.get(asked) or _ending_of(request):
            for name, value in ending.headers().items():
                response[name] = value
        return response


def _ending_of(request: HttpRequest) -> api.VersionEnding | None:
    view = getattr(request.resolver_match, "func", None)  # None for an unknown path
    return getattr(_class_of(view), "ending", None)


class Programs:
    """Middleware that takes a call with its own authorisation straight to its view.

    Sessions, CSRF tokens, messages and page policies are for browsers; for a program's call they
    would only cost time. A view that accepts bearer tokens of programs sets `knows_programs`.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.security = SecurityMiddleware(get_response)
        #: Host headers that were validated as ours.
        self.hosts: set[str] = set()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        match = _for_programs(request)
        if match is None:
            return self.get_response(request)
        if request.META.get("HTTP_HOST") not in self.hosts:
            self._learn(request.get_host())  # raises if the name is not ours
        request.resolver_match = match
        response = self.security.process_request(request) or _refused(request, match.func)
        response = response or match.func(request, *match.args, **match.kwargs)
        if hasattr(response, "render"):
            response = response.render()
        if not response.streaming:  # without it, the server would close the connection
            response.headers.setdefault("Content-Length", str(len(response.content)))
        response.headers["Content-Security-Policy"] = NOTHING_TO_SHOW
        return self.security.process_response(request, response)

    def _learn(self, host: str) -> None:
        if len(self.hosts) < MOST_HOSTS:
            self.hosts.add(host)


def _for_programs(request: HttpRequest) -> ResolverMatch | None:
    """Return the target of a program's call; None for every other request."""
    if not request.META.get("HTTP_AUTHORIZATION", "").startswith("Bearer "):
        return None
    match = find_target(request.path_info).match
    return match if match and getattr(_class_of(match.func), "knows_programs", False) else None


class Readable:
    """Middleware that refuses requests that no view could read correctly, of browsers as well."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: object, kwargs: object
    ) -> HttpResponse | None:
        return _refused(request, view)


class NoFiles(FileUploadHandler):
    """Drops the files of a form. A page that accepts files sets its own handler."""

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        return None

    def file_complete(self, file_size: int) -> None:
        return None


def _refused(request: HttpRequest, view: Any) -> HttpResponse | None:
    """Return the refusal of a request that no view could read correctly, or None.

    Refused are an unknown API version, a body with a content coding, which no view decodes, and a
    body of unknown length, which Django would read as empty. A view that reads its own body sets
    `streams_body`.
    """
    if (
        request.path_info.startswith(API)
        and api.read_requested_version(request) not in api.API_VERSIONS
    ):
        known = f"{api.VERSION_HEADER} may be: {', '.join(api.API_VERSIONS)}."
        return problems.answer(request, 400, "unknown_version", known)
    chunked = "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower()
    has_length = request.META.get("CONTENT_LENGTH")
    if (chunked or has_length not in (None, "", "0")) and not _is_plain(request):
        return _refuse_coding(request)
    if not chunked or has_length:
        return None
    if getattr(_class_of(view), "streams_body", False):
        return None
    return problems.answer(request, 411, "length_required", "Send a Content-Length.")


def _is_plain(request: HttpRequest) -> bool:
    return request.META.get("HTTP_CONTENT_ENCODING", "").strip().lower() in ("", "identity")


def _refuse_coding(request: HttpRequest) -> HttpResponse:
    detail = "Send the body as it is, without `Content-Encoding`."
    refusal = problems.answer(request, 415, "unsupported_content_encoding", detail)
    refusal["Accept-Encoding"] = "identity"  # RFC 9110, 15.5.16
    return refusal


def _class_of(view: Any) -> Any:
    return getattr(view, "cls", None)
