"""The second factor of administrators, which they need before they can do anything."""

from __future__ import annotations

from collections.abc import Callable

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from cmr import sign_in
from config import problems

#: Paths that need no identity, and sign-out. Links in mails must work for everybody who opens them.
PUBLIC = ("/language", "/static/", "/docs/", "/.well-known/", "/healthz", "/readyz", "/metrics")
OPEN = (*PUBLIC, "/u/", "/p/", "/account/logout/", "/admin/logout/", "/api/v1/session")
#: Presenting the factor, which is also required before removing it or adding another.
TO_CONFIRM = ("/account/factors/reauthenticate/", "/account/factors/webauthn/reauthenticate/")
#: Setting up a factor.
TO_ENROL = ("/account/factors/", "/account/reauthenticate/")
MISSING = "An administrator needs a second factor. Sign in on the pages to set one up."
UNUSED = "This session was opened without your second factor. Sign in again, with its code."


class RequireSecondFactor:
    """Middleware that makes administrators set up or present their factor; the API answers 403."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return _intervene(request) or self.get_response(request)


def _intervene(request: HttpRequest) -> HttpResponse | None:
    """Return the answer that replaces the view's, or None if the view may answer."""
    path = request.path_info
    # Without a cookie nobody is signed in; reading the user would make every answer vary by cookie.
    if settings.SESSION_COOKIE_NAME not in request.COOKIES or path.startswith(OPEN):
        return None
    if sign_in.must_enrol(request.user):
        return _refuse(request, "second_factor_missing", MISSING) or _lead_to_enrol(request)
    if sign_in.must_confirm(request) and not path.startswith(TO_CONFIRM):
        return _refuse(request, "second_factor_required", UNUSED) or _lead_to_confirm(request)
    return None


def _refuse(request: HttpRequest, code: str, detail: str) -> HttpResponse | None:
    if not request.path_info.startswith("/api/"):
        return None
    return problems.answer(request, 403, code, detail)


def _lead_to_enrol(request: HttpRequest) -> HttpResponse | None:
    if not sign_in.may_enrol(request):
        logout(request)  # they sign in again, and also need a mailed code
        return redirect_to_login(request.get_full_path())
    if request.path_info.startswith(TO_ENROL):
        return None
    messages.warning(request, _("Administrators need a second factor. Set one up to go on."))
    return redirect("mfa_index")


def _lead_to_confirm(request: HttpRequest) -> HttpResponse:
    methods = get_adapter(request).get_reauthentication_methods(request.user)
    url = next(each["url"] for each in methods if each["id"].startswith("mfa_reauthenticate"))
    back = request.get_full_path() if request.method == "GET" else reverse("home")
    return redirect(f"{url}?{urlencode({'next': back})}")
