"""Slowing down whoever guesses passwords, at every door alike.

Counted per minute in each web process. Accepted: with several processes the limits are that many
times as high; they are there against guessing by the thousand.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from hashlib import sha256

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from rest_framework.throttling import BaseThrottle

from cmr.models.user import sign_in_name

MINUTE = 60  # seconds


class TooManyTries(Exception):
    """Somebody tries too often. `wait` is in seconds."""

    def __init__(self, wait: int) -> None:
        super().__init__(f"too many tries; wait {wait} seconds")
        self.wait = wait


def count(address: str, request: HttpRequest) -> None:
    """Count one try to sign in as *address*, by this caller; however the address is spelt.

    Raises:
        TooManyTries: by this caller at this address, or by this caller at any.
    """
    caller = BaseThrottle().get_ident(request)  # type: ignore[arg-type]  # reads META alone
    _count(f"{caller} {sign_in_name(address)}", settings.SIGN_IN_TRIES)
    _count(caller, settings.SIGN_IN_TRIES_OF_CALLER)


def _count(what: str, most: int) -> None:
    minute, gone = divmod(int(time.time()), MINUTE)
    key = f"sign-in:{minute}:{sha256(what.encode()).hexdigest()}"  # any text is a valid key so
    cache.add(key, 0, timeout=MINUTE)
    if cache.incr(key) > most:
        raise TooManyTries(MINUTE - gone)


def limited(
    view: Callable[..., HttpResponseBase], field: str = "username"
) -> Callable[..., HttpResponseBase]:
    """For a form that takes an address in *field*: too many tries get 429 and the time to wait."""

    @wraps(view)
    def limiting(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if request.method == "POST":
            try:
                count(request.POST.get(field, ""), request)
            except TooManyTries as error:
                page = render(request, "cmr/slow_down.html", {"wait": error.wait}, status=429)
                page["Retry-After"] = str(error.wait)
                return page
        return view(request, *args, **kwargs)

    return limiting
