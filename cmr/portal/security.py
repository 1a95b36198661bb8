"""Signing in: factors, sessions, and the programs that act for the person."""

from __future__ import annotations

from allauth.mfa.utils import is_mfa_enabled
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from brands import names
from cmr import account_access
from cmr import tokens as access_tokens
from cmr.freshness import fresh_session_required
from cmr.models import AccessToken, Consumer, TokenScope
from cmr.portal.person import for_consumers

#: The days from which the page has one choose.
DAYS = (7, 30, access_tokens.DEFAULT_DAYS, access_tokens.MOST_DAYS)


@require_safe
@for_consumers
def security(request: HttpRequest, consumer: Consumer) -> HttpResponse:
    user = consumer.user
    context = {
        "has_password": user.has_usable_password(),
        "has_factor": is_mfa_enabled(user),
        "sessions": UserSession.objects.filter(user=user).count(),
        "tokens": AccessToken.objects.usable(timezone.now()).filter(consumer=consumer).count(),
    }
    return render(request, "cmr/security.html", context)


@require_POST
@for_consumers
def sign_out_everywhere(request: HttpRequest, consumer: Consumer) -> HttpResponse:
    """End every session, this one too, and every token."""
    account_access.end_all(consumer.user, now=timezone.now())
    logout(request)
    messages.success(request, _("You are signed out everywhere, and so is every program."))
    return redirect("home")


@require_http_methods(["GET", "HEAD", "POST"])
@fresh_session_required
@for_consumers
def tokens(request: HttpRequest, consumer: Consumer) -> HttpResponse:
    """List the programs that act for the person; POST makes a token, which is shown this once."""
    if request.method != "POST":
        return _tokens(request, consumer)
    name = " ".join(names.remove_unseen(request.POST.get("name", "")).split())[:100]
    scope, days = request.POST.get("scope", ""), request.POST.get("days", "")
    if not name or scope not in TokenScope.values or days not in map(str, DAYS):
        return _tokens(request, consumer, error=_("Give a name, what it may do, and for how long."))
    text = account_access.make_token(
        consumer, name=name, scope=scope, days=int(days), now=timezone.now()
    )
    return _tokens(request, consumer, text=text)


def _tokens(
    request: HttpRequest, consumer: Consumer, *, text: str = "", error: str = ""
) -> HttpResponse:
    typed = request.POST if error else {}
    context = {
        "tokens": AccessToken.objects.usable(timezone.now()).filter(consumer=consumer),
        "text": text,
        "error": error,
        "scopes": TokenScope.choices,
        "days": DAYS,
        "typed_name": typed.get("name", ""),
        "chosen_scope": typed.get("scope") or TokenScope.READ,
        "chosen_days": typed.get("days") or str(access_tokens.DEFAULT_DAYS),
    }
    return render(request, "cmr/tokens.html", context, status=422 if error else 200)


@require_POST
@fresh_session_required
@for_consumers
def revoke_token(request: HttpRequest, consumer: Consumer, token_id: int) -> HttpResponse:
    token = get_object_or_404(AccessToken, pk=token_id, consumer=consumer)
    access_tokens.revoke(token, now=timezone.now())
    messages.success(request, _("%s may act for you no longer.") % token.name)
    return redirect("tokens")
