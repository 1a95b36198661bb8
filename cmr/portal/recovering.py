"""Recovering an account by the link mailed to one of its addresses."""

from __future__ import annotations

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from cmr import accounts
from cmr.accounts import BadRecoveryLink, Recovery


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def recover(request: HttpRequest, token: str) -> HttpResponse:
    """Say what the link does. POST recovers the account and signs its owner in."""
    now = timezone.now()
    try:
        recovery = accounts.read_recovery_link(token, now=now)
        if request.method == "POST":
            return _recover(request, recovery)
    except BadRecoveryLink:
        return render(request, "cmr/recover.html", {"recovery": None}, status=404)
    return render(request, "cmr/recover.html", {"recovery": recovery})


def _recover(request: HttpRequest, recovery: Recovery) -> HttpResponse:
    """Sign in as by a code to this address, so that an older second factor is still required."""
    user = accounts.recover_account(recovery, now=timezone.now())
    logout(request)
    record_authentication(request, user, method="code", email=recovery.address)
    messages.success(
        request, _("Your account is yours again. Remove the addresses you do not know.")
    )
    login = Login(user=user, email=recovery.address, redirect_url=reverse("addresses"))
    response: HttpResponse = perform_login(request, login)
    return response
