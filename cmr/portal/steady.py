"""Forms that take anybody's address answer at the same times, whether or not it is known."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

View = Callable[..., HttpResponseBase]


def steady(view: View) -> View:
    """Answer each POST at the next full step of `ADDRESS_FORM_SECONDS` after it came.

    Accepted: a thread waits meanwhile. The forms are limited by caller, so few do at once.
    """

    @wraps(view)
    def waiting(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        began, step = time.monotonic(), settings.ADDRESS_FORM_SECONDS
        response = view(request, *args, **kwargs)
        if request.method == "POST" and step:
            spent = time.monotonic() - began
            time.sleep(math.ceil(spent / step) * step - spent)
        return response

    return waiting
