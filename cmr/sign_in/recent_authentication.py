"""Recent authentication: whether the user of a session proved their identity a short time ago.

An open or stolen session must not be enough to change the access to an account. allauth treats
users without a password and second factor as always authenticated, and it does not count a sign-in.
We therefore store the moment ourselves.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.signals import authentication_step_completed
from allauth.core.exceptions import ReauthenticationRequired
from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest
from django.http.response import HttpResponseBase

View = Callable[..., HttpResponseBase]
#: The session's entry for the moment, in seconds since 1970.
SESSION_KEY = "cmr_authenticated_at"


def is_session_fresh(request: HttpRequest) -> bool:
    """Return whether the user signed in, or confirmed their identity, within the time limit."""
    at = request.session.get(SESSION_KEY, 0) if request.user.is_authenticated else 0
    return bool(0 <= time.time() - at < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT)


def require_fresh_session(view: View) -> View:
    """Make users without a fresh session confirm their identity, then resume what they posted."""

    @wraps(view)
    def guarded_view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not is_session_fresh(request):
            raise ReauthenticationRequired  # allauth's middleware stores the form and resumes it
        return view(request, *args, **kwargs)

    return guarded_view


def require_fresh_session_to_post(view: View) -> View:
    """Require a fresh session for changes only; reading the page needs none."""
    changing = require_fresh_session(view)

    @wraps(view)
    def guarded_view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        is_read = request.method in ("GET", "HEAD")
        return (view if is_read else changing)(request, *args, **kwargs)

    return guarded_view


@receiver(user_logged_in)
def note_sign_in(sender: object, request: HttpRequest, **_: Any) -> None:
    """Store the moment of a sign-in. Django sends this signal for every way of signing in."""
    request.session[SESSION_KEY] = time.time()


@receiver(authentication_step_completed)
def note_reauthentication(sender: object, request: HttpRequest, **extra: Any) -> None:
    """Store the moment of a confirmation. A single step of a sign-in does not count."""
    if extra.get("reauthenticated"):
        request.session[SESSION_KEY] = time.time()
