"""Access to report pages: admins read all reports, a brand reads its own with its key."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone

from brands import credentials
from brands.models import Brand, BrandKey

View = Callable[..., HttpResponseBase]
#: The scope that a key needs to open its brand's reports.
SCOPE = "reports"
#: The session's entry for the id of the key that opened it. The key itself is never stored.
HELD = "reports_key"


def for_admins(view: View) -> View:
    """Allow admins only.

    Redirect anonymous users to sign-in, and refuse users who are not admins.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if not request.user.is_staff:
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded


def for_brands(view: View) -> View:
    """Pass the brand whose key opened the session, while that key may read reports.

    Redirect to the key form otherwise.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if (brand := _brand_of(request)) is None:
            return redirect("reports-key")
        return view(request, brand, *args, **kwargs)

    return guarded


def _brand_of(request: HttpRequest) -> Brand | None:
    held = int(request.session.get(HELD) or 0)
    key = BrandKey.objects.filter(pk=held).select_related("brand").first()
    return (
        key.brand
        if key and credentials.is_key_usable(key, now=timezone.now()) and _may(key)
        else None
    )


def _may(key: BrandKey) -> bool:
    return SCOPE in key.scopes


def open_with(request: HttpRequest, text: str) -> bool:
    """Open the session for the brand of a key. Return False for a key without permission."""
    key = credentials.recognise_key(text, now=timezone.now())
    if key is None or not _may(key):
        return False
    request.session.cycle_key()
    request.session[HELD] = key.pk
    return True


def close(request: HttpRequest) -> HttpResponse:
    request.session.pop(HELD, None)
    return redirect("reports-key")
