"""Whether whoever uses a session has shown a moment ago who they are.

A session that somebody left open, or that was stolen, must not be enough to decide who gets in.
allauth counts a person as shown for good who has neither a password nor a second factor, and does
not count a sign-in; so the moment is kept here.
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
#: Where the session keeps the moment, in seconds since 1970.
SESSION_KEY = "cmr_authenticated_at"


def is_session_fresh(request: HttpRequest) -> bool:
    """Return whether the person signed in, or confirmed who they are, within the time limit."""
    at = request.session.get(SESSION_KEY, 0) if request.user.is_authenticated else 0
    return bool(0 <= time.time() - at < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT)


def require_fresh_session(view: View) -> View:
    """Send whoever has no fresh session to confirm who they are; what they posted goes on then."""

    @wraps(view)
    def guarded_view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not is_session_fresh(request):
            raise ReauthenticationRequired  # allauth's middleware keeps the form, and resumes it
        return view(request, *args, **kwargs)

    return guarded_view


def require_fresh_session_to_post(view: View) -> View:
    """Do the same for what a page changes; looking at it takes no fresh session."""
    changing = require_fresh_session(view)

    @wraps(view)
    def guarded_view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        is_read = request.method in ("GET", "HEAD")
        return (view if is_read else changing)(request, *args, **kwargs)

    return guarded_view


@receiver(user_logged_in)
def note_sign_in(sender: object, request: HttpRequest, **_: Any) -> None:
    """Keep the moment, whichever way somebody signed in: Django's signal is sent for all."""
    request.session[SESSION_KEY] = time.time()


@receiver(authentication_step_completed)
def note_reauthentication(sender: object, request: HttpRequest, **extra: Any) -> None:
    """Keep the moment of a confirmation; a single step of a sign-in is none."""
    if extra.get("reauthenticated"):
        request.session[SESSION_KEY] = time.time()
