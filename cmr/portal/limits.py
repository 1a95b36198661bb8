"""Rate limits on other packages' pages, and the answer to a refused attempt on any page."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

from allauth.account.internal.flows.email_verification_by_code import EmailVerificationProcess
from allauth.account.internal.flows.password_reset_by_code import PasswordResetVerificationProcess
from allauth.account.stages import EmailVerificationStage, LoginByCodeStage, LoginStageController
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from cmr import messages, rate_limits
from cmr.models import User
from cmr.rate_limits import LimitsUnavailable, TooManyAttempts

log = logging.getLogger(__name__)

#: The action, and what it is counted by besides the caller.
Counted = tuple[str, dict[str, str]]
GetResponse = Callable[[HttpRequest], HttpResponse]
#: Fields whose values are never repeated on a page.
SECRET = ("password", "code", "key", "csrfmiddlewaretoken")


def _count_mail(field: str) -> Callable[[HttpRequest], Iterator[Counted]]:
    def count(request: HttpRequest) -> Iterator[Counted]:
        yield "mail request", {"address": request.POST.get(field, "")}

    return count


def _count_sign_up(request: HttpRequest) -> Iterator[Counted]:
    yield "sign-up", {}
    yield from _count_mail("email")(request)


def _count_code(find_state: Callable[[HttpRequest], Any]) -> Callable[..., Iterator[Counted]]:
    """Count a code, or a resent mail with one, by the address that it was sent to."""

    def count(request: HttpRequest) -> Iterator[Counted]:
        if (state := find_state(request)) is None:
            return  # no code waits in this session, so there is nothing to guess
        is_mail = request.POST.get("action") == "resend"
        yield "mail request" if is_mail else "code", {"address": state.get("email", "")}

    return count


def _login_state(request: HttpRequest) -> Any:
    stage = LoginStageController.enter(request, LoginByCodeStage.key)
    return stage.state if stage else None


def _verification_state(request: HttpRequest) -> Any:
    LoginStageController.enter(request, EmailVerificationStage.key)
    process = EmailVerificationProcess.resume(request)
    return process.state if process else None


def _reset_state(request: HttpRequest) -> Any:
    process = PasswordResetVerificationProcess.resume(request)
    return process.state if process else None


def _count_own_password(request: HttpRequest) -> Iterator[Counted]:
    if isinstance(request.user, User):
        yield "password", {"address": request.user.email}


def _count_caller(action: str) -> Callable[[HttpRequest], Iterator[Counted]]:
    def count(request: HttpRequest) -> Iterator[Counted]:
        yield action, {}

    return count


#: What a POST to each page counts as, by the name of its URL.
COUNTED: dict[str, Callable[[HttpRequest], Iterator[Counted]]] = {
    "account_signup": _count_sign_up,
    "account_request_login_code": _count_mail("email"),
    "account_reset_password": _count_mail("email"),
    "account_confirm_login_code": _count_code(_login_state),
    "account_email_verification_sent": _count_code(_verification_state),
    "account_confirm_password_reset_code": _count_code(_reset_state),
    "account_change_password": _count_own_password,
    "mfa_login_webauthn": _count_caller("passkey"),
    "mfa_reauthenticate_webauthn": _count_caller("passkey"),
    "link": _count_mail("email"),
    "reports-key": _count_caller("key"),
}
#: Pages of allauth that count in their own code, where a success can be given back.
COUNTED_INSIDE = {
    "account_login": "`Adapter.authenticate`",
    "account_reauthenticate": "`Adapter.authenticate`",
    "mfa_authenticate": "`factor_forms.AuthenticateForm`",
    "mfa_reauthenticate": "`factor_forms.ReauthenticateForm`",
}
#: Pages of allauth that need no limit, and the reason.
NOT_COUNTED = {
    "account_logout": "nothing can be guessed",
    "account_inactive": "takes no form",
    "account_email": "leads to our own page",
    "account_set_password": "asks for no password that is held",
    "account_complete_password_reset": "the code was right before",
    "account_password_reset_completed": "takes no form",
    "mfa_index": "takes no form",
    "mfa_activate_totp": "whoever types the code sees its secret",
    "mfa_deactivate_totp": "asks for a fresh sign-in first",
    "mfa_view_recovery_codes": "takes no form",
    "mfa_generate_recovery_codes": "asks for a fresh sign-in first",
    "mfa_download_recovery_codes": "takes no form",
    "mfa_list_webauthn": "takes no form",
    "mfa_add_webauthn": "asks for a fresh sign-in first",
    "mfa_remove_webauthn": "asks for a fresh sign-in first",
    "mfa_edit_webauthn": "asks for a fresh sign-in first",
    "usersessions_list": "ends one's own sessions",
}


class RateLimits:
    """Middleware that counts each POST before its view, and answers 429 beyond a limit.

    If the counts cannot be read, it answers 503: what cannot be counted is not let in.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *view: object) -> HttpResponse | None:
        match = request.resolver_match
        count = COUNTED.get(match.view_name) if match else None
        if request.method != "POST" or count is None:
            return None
        try:
            for action, counted_by in count(request):
                rate_limits.count_attempt(action, request=request, **counted_by)
        except (TooManyAttempts, LimitsUnavailable) as error:
            return refuse(request, error)
        return None

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, TooManyAttempts | LimitsUnavailable):
            return refuse(request, error)
        if isinstance(error, messages.CannotSendNow | messages.CannotReach):
            return _refuse_to_send(request, error)
        return None


def _refuse_to_send(
    request: HttpRequest, error: messages.CannotSendNow | messages.CannotReach
) -> HttpResponse:
    """Say that no mail was sent. The mail server is the same for known and unknown addresses."""
    is_final = isinstance(error, messages.CannotReach)
    if not is_final:
        log.warning("no server for a message that somebody waits for: %s", error)
    status = 422 if is_final else 503
    return render(request, "cmr/cannot_send.html", {"is_final": is_final}, status=status)


def refuse(request: HttpRequest, error: TooManyAttempts | LimitsUnavailable) -> HttpResponse:
    """Say how long to wait. A button leads back to the form, with the values that were entered."""
    if isinstance(error, LimitsUnavailable):
        return render(request, "cmr/unavailable.html", status=503)
    typed = [
        (name, value)
        for name, values in request.POST.lists()
        if not any(part in name for part in SECRET)
        for value in values
    ]
    has_secret = any(part in name for name in request.POST for part in SECRET[:-1])
    # Without its secret the form has to be filled in again.
    context = {
        "problem": str(error),
        "typed": typed,
        "has_secret": has_secret,
    }
    page = render(request, "cmr/too_many_attempts.html", context, status=429)
    page["Retry-After"] = str(error.wait)
    return page
