"""Each request has an id, its caller's or ours, echoed in the answer."""

import re
import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

ACCEPTED = re.compile(r"[A-Za-z0-9._:-]{1,128}")


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
