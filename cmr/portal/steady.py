"""Forms that take anybody's address answer at the same times, whether or not it is known."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase

View = Callable[..., HttpResponseBase]


def steady(view: View) -> View:
    """Have each POST to this view answered at the next full step after it came."""

    @wraps(view)
    def marked(*args: Any, **kwargs: Any) -> HttpResponseBase:
        return view(*args, **kwargs)

    marked.is_steady = True  # type: ignore[attr-defined]
    return marked


class AtFullSteps:
    """Waits for the next step of `ADDRESS_FORM_SECONDS`, once all else is done: the session's row,
    too, is longer for some.

    Accepted: a thread waits meanwhile. The forms are limited by caller, so few do at once.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began, step = time.monotonic(), settings.ADDRESS_FORM_SECONDS
        response = self.get_response(request)
        match = request.resolver_match
        if step and request.method == "POST" and getattr(match and match.func, "is_steady", False):
            spent = time.monotonic() - began
            time.sleep(math.ceil(spent / step) * step - spent)
        return response
