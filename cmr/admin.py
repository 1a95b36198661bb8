"""The mail providers in Django's admin. Nothing that was read in a mailbox is shown there."""

from __future__ import annotations

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from cmr.models import MailProvider
from mailbox_reader import find_organisational_domain


class MailProviderForm(forms.ModelForm):  # type: ignore[type-arg]
    def clean_domain(self) -> str:
        """Return the domain in lower case. Raises ValidationError for what is no domain.

        A subdomain is accepted, because some providers give only one to their customers. A public
        suffix such as `co.uk` would make a provider of everybody below it, so it is refused.
        """
        domain: str = self.cleaned_data["domain"].strip().lower().strip(".")
        if not find_organisational_domain(domain):
            raise ValidationError("Enter a domain that an organisation owns, such as example.com.")
        return domain


@admin.register(MailProvider)
class MailProviderAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("domain", "kind")
    list_filter = ("kind",)
    search_fields = ("domain",)
    ordering = ("domain",)
    form = MailProviderForm

    def get_readonly_fields(
        self, request: HttpRequest, obj: MailProvider | None = None
    ) -> tuple[str, ...]:
        """Make the domain of an existing row read-only. It is the key: a new one is a new row."""
        return ("domain",) if obj else ()
