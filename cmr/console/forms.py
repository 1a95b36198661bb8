"""What the console's forms take."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone

from brands import keys
from cmr.models import Role


class WorkspaceForm(forms.Form):
    name = forms.CharField(max_length=100, label="Company", help_text="As people know it.")
    domain = forms.CharField(
        max_length=300,
        label="Domain",
        help_text="Of its web site, as acme.example. You prove it before you go live, not now.",
    )


class InvitationForm(forms.Form):
    address = forms.EmailField(max_length=320, label="E-mail address")
    role = forms.ChoiceField(choices=Role.choices, initial=Role.DEVELOPER, label="Role")


class KeyForm(forms.Form):
    name = forms.CharField(max_length=100, label="Name", help_text="What it is for.")
    scopes = forms.MultipleChoiceField(
        choices=[(name, f"{name}: {what}") for name, what in keys.SCOPES.items()],
        widget=forms.CheckboxSelectMultiple,
        label="What it may do",
    )
    days = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=3650,
        label="Ends after days",
        help_text="Empty is never.",
    )

    def terms(self) -> dict[str, Any]:
        """What `keys.issue` takes."""
        data = self.cleaned_data
        ends = timezone.now() + timedelta(days=data["days"]) if data["days"] else None
        return {"name": data["name"], "scopes": data["scopes"], "expires_at": ends}


class RotationForm(forms.Form):
    hours = forms.IntegerField(min_value=0, max_value=24 * 30, initial=24)
