"""What the console's forms take."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.translation import get_language_info

from brands import keys, notices, topics
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


class TopicForm(forms.Form):
    name = forms.CharField(max_length=100, label="Name", help_text="As people read it.")
    code = forms.SlugField(
        max_length=60, label="Code", help_text="As your programs name it; it stays for good."
    )
    purpose = forms.ChoiceField(
        choices=topics.purposes, label="Purpose", help_text="It stays for good."
    )


class TopicNameForm(forms.Form):
    name = forms.CharField(max_length=100, label="Name", help_text="As people read it.")


class NoticeForm(forms.Form):
    """A text for each language of the notice and of our pages, and for one more language."""

    def __init__(self, *args: Any, texts: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        ours = [code for code, _ in settings.LANGUAGES if code not in texts]
        self.languages = [*texts, *ours]
        for language in self.languages:
            self.fields[f"text-{language}"] = _text(
                _name_of(language), initial=texts.get(language, ""), language=language
            )
        self.fields["language"] = forms.CharField(
            required=False, max_length=20, label="Another language", help_text="As fr or pt-BR."
        )
        self.fields["text"] = _text("Its text")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if bool(data.get("language")) != bool(data.get("text")):
            self.add_error("language", "Give both another language and its text, or neither.")
        elif data.get("language") in self.languages:
            self.add_error("language", "This language has its field above.")
        return data

    def texts(self) -> dict[str, str]:
        """What `notices.write` takes; an empty text is no language of the notice."""
        return {language: text for language, text in self._texts() if text}

    def _texts(self) -> Iterator[tuple[str, str]]:
        data = self.cleaned_data
        for language in self.languages:
            yield language, data[f"text-{language}"]
        yield data["language"], data["text"]


class NewNoticeForm(NoticeForm):
    code = forms.SlugField(
        max_length=60, label="Code", help_text="As your programs name it; it stays for good."
    )


def _text(label: str, *, initial: str = "", language: str = "") -> forms.CharField:
    area = forms.Textarea(attrs={"rows": 5} | ({"lang": language} if language else {}))
    return forms.CharField(
        required=False, max_length=notices.LONGEST, label=label, initial=initial, widget=area
    )


def _name_of(language: str) -> str:
    try:
        return str(get_language_info(language)["name"])
    except KeyError:
        return language
