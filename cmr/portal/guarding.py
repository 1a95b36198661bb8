"""A fresh session for those pages of allauth that control access to the account.

Our own pages use the decorator `sign_in.require_fresh_session` instead.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.account.adapter import get_adapter
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import urlencode

from cmr import sign_in

#: By the names of their URLs.
GUARDED = {
    "account_change_password",
    "account_set_password",
    "mfa_activate_totp",
    "mfa_deactivate_totp",
    "mfa_view_recovery_codes",
    "mfa_generate_recovery_codes",
    "mfa_download_recovery_codes",
    "mfa_list_webauthn",
    "mfa_add_webauthn",
    "mfa_edit_webauthn",
    "mfa_remove_webauthn",
    "usersessions_list",
}


class FreshSession:
    """Middleware that redirects from a guarded page to confirmation if the session is not fresh."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_: Any) -> HttpResponse | None:
        match = request.resolver_match
        if match is None or match.url_name not in GUARDED or not request.user.is_authenticated:
            return None
        return None if sign_in.is_session_fresh(request) else _ask_first(request)


def _ask_first(request: HttpRequest) -> HttpResponse:
    """Redirect without keeping the form. allauth would store a new password in the session."""
    methods = get_adapter().get_reauthentication_methods(request.user)
    return redirect(f"{methods[0]['url']}?{urlencode({'next': request.path})}")
