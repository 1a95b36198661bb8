"""The brand's API keys: creating, rotating and revoking them."""

from __future__ import annotations

from datetime import timedelta
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from brands import credentials
from brands.models import BrandKey
from cmr.console.access import Shown, WorkspaceAccess, for_members
from cmr.console.forms import KeyForm, RotationForm
from cmr.sign_in import require_fresh_session
from core.problem_details import write_sentence


def sure_in_live_mode(view: Shown) -> Shown:
    """Require a fresh session in live mode, for views that control access to its data."""
    asking: Shown = require_fresh_session(view)

    @wraps(view)
    def guarded_view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return (asking if kwargs["mode"] == "live" else view)(request, *args, **kwargs)

    return guarded_view


@require_safe
@for_members
def keys(request: HttpRequest, access: WorkspaceAccess) -> HttpResponse:
    now = timezone.now()
    rows = BrandKey.objects.filter(brand=access.brand).order_by("-pk")
    usable = [key for key in rows if credentials.is_key_usable(key, now=now)]
    ended = [key for key in rows if key not in usable]
    context = {"access": access, "page": "keys", "usable": usable, "ended": ended}
    return render(request, "console/keys.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@sure_in_live_mode
@for_members
def issue(request: HttpRequest, access: WorkspaceAccess) -> HttpResponse:
    """Create a key. Its text is shown once."""
    form = KeyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return _render_key(request, access, credentials.issue_key(access.brand, **form.terms()))
    context = {"access": access, "page": "keys", "form": form}
    status = 422 if form.errors else 200
    return render(request, "console/issue_key.html", context, status=status)


@require_POST
@sure_in_live_mode
@for_members
def rotate(request: HttpRequest, access: WorkspaceAccess, key_id: int) -> HttpResponse:
    key = get_object_or_404(BrandKey, pk=key_id, brand=access.brand)
    form = RotationForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Give the hours for which the old key goes on, up to 720.")
        return _back(access)
    overlap = timedelta(hours=form.cleaned_data["hours"])
    try:
        text = credentials.rotate_key(key, overlap=overlap, now=timezone.now())
    except credentials.KeyNotUsable:
        messages.error(request, "This key was revoked or has expired.")
        return _back(access)
    return _render_key(request, access, text)


@require_POST
@for_members
def revoke(request: HttpRequest, access: WorkspaceAccess, key_id: int) -> HttpResponse:
    key = get_object_or_404(BrandKey, pk=key_id, brand=access.brand)
    credentials.revoke_key(key, now=timezone.now())
    messages.success(request, f"{key.name} opens nothing any more.")
    return _back(access)


@require_POST
@sure_in_live_mode
@for_members
def rotate_link_key(request: HttpRequest, access: WorkspaceAccess) -> HttpResponse:
    """Replace the brand's key for the links in its mails."""
    revoke_old = "revoke_old" in request.POST
    try:
        until = credentials.rotate_link_key(access.brand, revoke_old=revoke_old, now=timezone.now())
    except credentials.TooManyLinkKeys as error:
        messages.error(request, write_sentence(error))
        return _back(access)
    still = "Old links no longer work." if revoke_old else f"Old links work until {until:%Y-%m-%d}."
    messages.success(request, f"Your links have a new key. {still}")
    return _back(access)


def _render_key(request: HttpRequest, access: WorkspaceAccess, text: str) -> HttpResponse:
    return render(request, "console/key.html", {"access": access, "page": "keys", "text": text})


def _back(access: WorkspaceAccess) -> HttpResponse:
    return redirect("console-keys", workspace=access.workspace.slug, mode=access.mode)
