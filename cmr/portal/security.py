"""Sign-in settings: factors, sessions, and access tokens of programs."""

from __future__ import annotations

from allauth.mfa.utils import is_mfa_enabled
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cmr import accounts, sign_in
from cmr.models import AccessToken, Consumer, TokenScope, User
from cmr.portal.person import for_consumers
from cmr.sign_in import require_fresh_session
from core.text import remove_unseen

#: The numbers of days to choose from.
DAYS = (7, 30, sign_in.DEFAULT_TOKEN_DAYS, sign_in.MOST_TOKEN_DAYS)
#: The session's key of a new token, until its owner has seen it.
SESSION_KEY = "cmr_made_for_a_program"


@require_safe
@never_cache
@login_required
def security(request: HttpRequest) -> HttpResponse:
    """Show how a user signs in: a consumer, a workspace member or an administrator."""
    user = request.user
    assert isinstance(user, User)
    usable = AccessToken.objects.usable(timezone.now())
    context = {
        "has_password": user.has_usable_password(),
        "has_factor": is_mfa_enabled(user),
        "sessions": sign_in.count_live_sessions(user, now=timezone.now()),
        "tokens": usable.filter(consumer__user=user).count(),
    }
    return render(request, "cmr/security.html", context)


@require_POST
@login_required
def sign_out_everywhere(request: HttpRequest) -> HttpResponse:
    """End all sessions, including this one, and revoke all tokens."""
    assert isinstance(request.user, User)
    accounts.end_all_access(request.user, now=timezone.now())
    logout(request)
    messages.success(request, _("You are signed out everywhere, and so is every program."))
    return redirect("home")


@require_http_methods(["GET", "HEAD", "POST"])
@require_fresh_session
@for_consumers
def tokens(request: HttpRequest, consumer: Consumer) -> HttpResponse:
    """List the access tokens. POST creates one, which is shown once."""
    if request.method != "POST":
        return _tokens(request, consumer, text=request.session.pop(SESSION_KEY, ""))
    name = " ".join(remove_unseen(request.POST.get("name", "")).split())[:100]
    scope, days = request.POST.get("scope", ""), request.POST.get("days", "")
    if not name:
        return _tokens(request, consumer, error=_("Give the program a name."))
    if scope not in TokenScope.values or days not in map(str, DAYS):
        return _tokens(request, consumer, error=_("Choose what it may do, and for how long."))
    # Kept for one page view, so that a reload makes no second token. Sessions are encrypted.
    request.session[SESSION_KEY] = accounts.create_token(
        consumer, name=name, scope=scope, days=int(days), now=timezone.now()
    )
    return redirect("tokens")


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
        "chosen_days": typed.get("days") or str(sign_in.DEFAULT_TOKEN_DAYS),
    }
    return render(request, "cmr/tokens.html", context, status=422 if error else 200)


@require_POST
@require_fresh_session
@for_consumers
def revoke_token(request: HttpRequest, consumer: Consumer, token_id: int) -> HttpResponse:
    token = get_object_or_404(AccessToken, pk=token_id, consumer=consumer)
    sign_in.revoke_token(token, now=timezone.now())
    messages.success(request, _("Revoked the token of %s.") % token.name)
    return redirect("tokens")
