"""Signing in: factors, sessions, and the programs that act for the person."""

from __future__ import annotations

from allauth.account.decorators import reauthentication_required
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
from cmr import sessions, tokens
from cmr.models import AccessToken, Consumer
from cmr.portal.person import for_consumers


@require_safe
@for_consumers
def security(request: HttpRequest, consumer: Consumer) -> HttpResponse:
    user = consumer.user
    context = {
        "has_password": user.has_usable_password(),
        "has_factor": is_mfa_enabled(user),
        "sessions": UserSession.objects.filter(user=user).count(),
        "tokens": consumer.tokens.filter(revoked_at=None).order_by("-pk"),
        "new_token": None,
    }
    return render(request, "cmr/security.html", context)


@require_POST
@for_consumers
def sign_out_everywhere(request: HttpRequest, consumer: Consumer) -> HttpResponse:
    """End every session, this one too."""
    sessions.end_all(consumer.user)
    logout(request)
    messages.success(request, _("You are signed out everywhere."))
    return redirect("home")


@require_http_methods(["GET", "HEAD", "POST"])
@reauthentication_required  # type: ignore[untyped-decorator]
@for_consumers
def issue_token(request: HttpRequest, consumer: Consumer) -> HttpResponse:
    """A token for a program that acts for the person; shown once."""
    text = None
    if request.method == "POST":
        name = " ".join(names.remove_unseen(request.POST.get("name", "")).split())
        name = name[:100] or _("A program")
        text = tokens.issue(consumer, name=name)
    return render(request, "cmr/token.html", {"text": text})


@require_POST
@for_consumers
def revoke_token(request: HttpRequest, consumer: Consumer, token_id: int) -> HttpResponse:
    token = get_object_or_404(AccessToken, pk=token_id, consumer=consumer)
    tokens.revoke(token, now=timezone.now())
    messages.success(request, _("%s may act for you no longer.") % token.name)
    return redirect("security")
