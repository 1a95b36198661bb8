"""Constant answer times for forms that take an address, so that they do not reveal known ones."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase

View = Callable[..., HttpResponseBase]
#: Answers that do not depend on the address: no CSRF token, wrong method, over a limit.
WITHOUT_LOOKING = frozenset({403, 405, 413, 429})


def answer_at_full_step(view: View) -> View:
    """Have each POST to this view answered at the next full step after it arrived."""

    @wraps(view)
    def marked(*args: Any, **kwargs: Any) -> HttpResponseBase:
        return view(*args, **kwargs)

    marked.is_at_full_step = True  # type: ignore[attr-defined]
    return marked


class AnswerAtFullSteps:
    """Middleware that delays an answer to the next full step of `ADDRESS_FORM_SECONDS`.

    Example with a step of 0.5 s: answers that took 0.1 s and 0.4 s are both sent after 0.5 s.

    It is the outermost middleware, because saving the session also takes longer for some requests.
    No thread waits: the web server (`config.web`) holds the answer back until `send_at`, in seconds
    of `time.monotonic`.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began, step = time.monotonic(), settings.ADDRESS_FORM_SECONDS
        response = self.get_response(request)
        if step and _is_at_full_step(request) and response.status_code not in WITHOUT_LOOKING:
            spent = time.monotonic() - began
            response.send_at = began + math.ceil(spent / step) * step  # type: ignore[attr-defined]
        return response


def _is_at_full_step(request: HttpRequest) -> bool:
    match = request.resolver_match
    return request.method == "POST" and getattr(match and match.func, "is_at_full_step", False)
