"""What every request goes through: an id of its own, and a body whose length is known."""

import re
import uuid
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse

from config import problems

ACCEPTED = re.compile(r"[A-Za-z0-9._:-]{1,128}")


class LengthRequired:
    """Refuses bodies of unknown length, which Django would take for empty, where nobody reads them.

    A call that streams reads its body by itself: its view says `streams_body`.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: object, kwargs: object
    ) -> HttpResponse | None:
        chunked = "chunked" in request.headers.get("Transfer-Encoding", "").lower()
        streams = getattr(getattr(view, "cls", None), "streams_body", False)
        if not chunked or streams or request.META.get("CONTENT_LENGTH"):
            return None
        return problems.answer(request, 411, "length_required", "Send a Content-Length.")


class RequestId:
    """Sets `request.id` and answers with `X-Request-Id`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-Id", "")
        # An id of any other form could forge lines in a log.
        request_id = given if ACCEPTED.fullmatch(given) else uuid.uuid4().hex
        request.id = request_id  # type: ignore[attr-defined]
        response = self.get_response(request)
        response["X-Request-Id"] = request_id
        return response
