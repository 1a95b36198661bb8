"""Django's admin with a fixed list of models, entered by the one sign-in page."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from allauth.account.utils import get_next_redirect_url
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.db.models.base import ModelBase
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

from cmr import sign_in

#: The models that administrators see and edit. Whoever edits accounts, addresses, factors or
#: sessions can become anybody, so these are not among them.
MODELS = frozenset(
    {
        *("brands.Brand", "brands.JurisdictionRegime", "brands.Purpose", "brands.Topic"),
        *("consent.HonourClock", "consent.ImpliedTerm"),
    }
)


class AdminSite(admin.AdminSite):
    def register(
        self,
        model_or_iterable: type[Model] | Iterable[type[Model]],
        admin_class: type[admin.ModelAdmin[Any]] | None = None,
        **options: Any,
    ) -> None:
        """Register the models that are in MODELS. Others are skipped: each installed app offers
        its own, allauth's accounts and factors among them."""
        offered = model_or_iterable
        models = [offered] if isinstance(offered, ModelBase) else offered
        listed = [model for model in models if model._meta.label in MODELS]
        super().register(listed, admin_class, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        """Tell whether this is a session of an administrator, with the factor where one must be."""
        if not super().has_permission(request):
            return False
        return not sign_in.must_enrol(request.user) and not sign_in.must_confirm(request)

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Send on to the sign-in page, which asks for all that an account needs. Reads no form."""
        target = get_next_redirect_url(request) or reverse("admin:index", current_app=self.name)
        if not request.user.is_authenticated:
            return redirect(f"{reverse('account_login')}?{urlencode({'next': target})}")
        if not self.has_permission(request):
            raise PermissionDenied
        return redirect(target)

    def password_change(  # type: ignore[override]  # a redirect is no template
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Send on to the account's page, which ends other sessions and tells by mail."""
        return redirect("account_change_password")
