"""Confirming one's identity by a mailed code, for people without a password or a passkey."""

from __future__ import annotations

import hmac
import time
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import record_authentication
from allauth.account.internal.flows.reauthentication import resume_request
from allauth.account.utils import get_next_redirect_url
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.mail import EmailMessage
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from cmr import messages, rate_limits
from cmr.models import User

SESSION_KEY = "cmr_confirmation_code"
#: How often a code may be tried.
TRIES = 3


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def confirm_by_code(request: HttpRequest) -> HttpResponseBase:
    """Ask for a code. POST sends one, or checks it and resumes the interrupted request."""
    user = request.user
    assert isinstance(user, User)
    if is_mfa_enabled(user):  # a code alone does not sign them in either
        raise PermissionDenied
    if request.method != "POST":
        return _page(request, is_sent=SESSION_KEY in request.session)
    if "code" not in request.POST:
        rate_limits.count_attempt("mail request", request=request, address=user.email)
        rate_limits.count_attempt(
            "mail", address=user.email
        )  # raises: it is the person's own address
        _send_code(request, user)
        return _page(request, is_sent=True)
    rate_limits.count_attempt("code", request=request, address=user.email)
    if not _is_right(request, request.POST["code"]):
        return _page(request, is_sent=SESSION_KEY in request.session, error=True)
    record_authentication(request, user, method="code", email=user.email, reauthenticated=True)
    return resume_request(request) or redirect("home")


def _send_code(request: HttpRequest, user: User) -> None:
    code = get_adapter().generate_login_code()
    words = {"code": code, "minutes": settings.MAILED_CODE_SECONDS // 60}
    lines = [
        _("%(code)s is your code to confirm a change. It is good for %(minutes)s minutes.") % words,
        _(
            "If you did not ask for it, somebody is signed in to your account: "
            "end all sessions here."
        ),
        f"{settings.PUBLIC_URL}{reverse('security')}",
    ]
    subject = _("Your code to confirm a change")
    messages.send_mail_now(EmailMessage(subject, "\n\n".join(lines), to=[user.email]))
    request.session[SESSION_KEY] = {"code": code, "at": time.time(), "tries": 0}


def _is_right(request: HttpRequest, given: str) -> bool:
    """Return whether the code matches the one sent. A correct or overused code is deleted."""
    sent = request.session.pop(SESSION_KEY, None)
    if sent is None or time.time() - sent["at"] > settings.MAILED_CODE_SECONDS:
        return False
    if hmac.compare_digest(_plain(given).encode(), _plain(sent["code"]).encode()):
        return True
    if sent["tries"] + 1 < TRIES:
        request.session[SESSION_KEY] = sent | {"tries": sent["tries"] + 1}
    return False


def _plain(code: str) -> str:
    return code.replace("-", "").replace(" ", "").upper()


def _page(request: HttpRequest, *, is_sent: bool, error: bool = False) -> HttpResponse:
    context: dict[str, Any] = {
        "address": request.user.email,  # type: ignore[union-attr]
        "is_sent": is_sent,
        "next": get_next_redirect_url(request) or "",
        "error": _("This code is wrong or has expired.") if error else "",
    }
    return render(request, "cmr/confirm_by_code.html", context, status=422 if error else 200)
