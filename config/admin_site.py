"""Django's admin with a fixed list of models, behind the project's own sign-in page."""

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

#: The models that administrators can see and edit. Editing accounts, addresses, factors or sessions
#: would let an administrator become anybody, so these are not included. Neither is anything that
#: was read in a mailbox: no administrator sees one.
MODELS = frozenset(
    {
        *("brands.Brand", "brands.JurisdictionRegime", "brands.Purpose", "brands.Topic"),
        *("consent.HonourClock", "consent.ImpliedTerm"),
        "cmr.MailProvider",
    }
)


class AdminSite(admin.AdminSite):
    def register(
        self,
        model_or_iterable: type[Model] | Iterable[type[Model]],
        admin_class: type[admin.ModelAdmin[Any]] | None = None,
        **options: Any,
    ) -> None:
        """Register the models that are in MODELS.

        Others are skipped, because each installed app registers its own, such as allauth's accounts
        and factors.
        """
        offered = model_or_iterable
        models = [offered] if isinstance(offered, ModelBase) else offered
        listed = [model for model in models if model._meta.label in MODELS]
        super().register(listed, admin_class, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        """Return whether an administrator is signed in, with a second factor if it is required."""
        if not super().has_permission(request):
            return False
        return not sign_in.must_enrol(request.user) and not sign_in.must_confirm(request)

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Redirect to the sign-in page, which asks for everything that an account needs."""
        target = get_next_redirect_url(request) or reverse("admin:index", current_app=self.name)
        if not request.user.is_authenticated:
            return redirect(f"{reverse('account_login')}?{urlencode({'next': target})}")
        if not self.has_permission(request):
            raise PermissionDenied
        return redirect(target)

    def password_change(  # type: ignore[override]  # a redirect is no template
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Redirect to the account's page, which also ends other sessions and sends a notice."""
        return redirect("account_change_password")
