"""What the console's forms take."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.template.defaultfilters import filesizeformat
from django.utils import timezone

from brands import campaigns, keys
from brands.campaigns import DayNumbers
from brands.models import Brand, Channel, Purpose, Regime, Topic
from cmr import asking
from cmr.asking import Question
from cmr.models import Role
from consent.identifiers import Contact

#: What is left open in a scope.
ANY = ("", "any")


def sentence(error: Exception) -> str:
    """What a rule refused, as people read it."""
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}."


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


class ImportForm(forms.Form):
    file = forms.FileField(label="File")
    note = forms.CharField(
        max_length=300,
        label="How these relationships came about",
        help_text="The people read it, where a row has no note of its own.",
    )
    tells = forms.BooleanField(
        required=False,
        label="Tell the webhooks of each row",
        help_text="If not, it is history: the feed has it, and it counts as no decision of today.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        most = filesizeformat(settings.MAX_UPLOAD_BYTES)
        self.fields["file"].help_text = f"CSV with headings, or NDJSON, in UTF-8; up to {most}."

    def form_of_file(self) -> str:
        """How to read it: as its name ends, or else as it begins."""
        file: UploadedFile = self.cleaned_data["file"]
        name = (file.name or "").lower()
        if name.endswith((".csv", ".ndjson", ".jsonl")):
            return "csv" if name.endswith(".csv") else "ndjson"
        begins = file.read(100).removeprefix(b"\xef\xbb\xbf").lstrip()
        file.seek(0)
        return "ndjson" if begins.startswith(b"{") else "csv"


class _OfBrand(forms.Form):
    """A form that offers what the brand's catalogue has."""

    purpose = forms.ChoiceField(label="Purpose")
    topic = forms.ChoiceField(required=False, label="Topic")

    def __init__(self, brand: Brand, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.world = brand.world
        topics = Topic.objects.filter(brand=brand).order_by("name")
        self._offer("purpose", self.purposes().order_by("position").values_list("code", "name"))
        self._offer("topic", [self.no_topic, *topics.values_list("code", "name")])

    no_topic = ANY

    def purposes(self) -> Any:
        return Purpose.objects.exclude(regime=Regime.REQUIRED)

    def _offer(self, name: str, choices: Any) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = list(choices)


class AskForm(_OfBrand):
    way = forms.ChoiceField(
        choices=[
            ("email", "E-mail address"),
            ("phone", "Phone number"),
            ("ref", "Your reference"),
            ("sha256", "SHA-256 of the address"),
        ],
        label="Who, by",
    )
    contact = forms.CharField(max_length=320, label="Which is")
    channel = forms.ChoiceField(choices=[ANY, *Channel.choices], required=False, label="Channel")
    text = forms.CharField(
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        label="Why you ask",
        help_text="In words the person reads; without web addresses.",
    )
    notice = forms.CharField(
        max_length=100, required=False, label="Notice", help_text="As you name it."
    )
    evidence = forms.CharField(
        max_length=300,
        required=False,
        label="What they did to be asked by mail",
        help_text="With it, and an e-mail address, they get a mail to confirm; "
        "without it they are asked in the portal alone.",
    )
    language = forms.ChoiceField(choices=settings.LANGUAGES, label="Language of the mail")

    field_order = ("way", "contact", "purpose", "channel", "topic")

    def clean_text(self) -> str:
        return self._plain("text")

    def clean_evidence(self) -> str:
        return self._plain("evidence")

    def _plain(self, name: str) -> str:
        text: str = self.cleaned_data[name]
        if asking.has_address(text):
            raise forms.ValidationError("Leave web addresses out: the person gets a link from us.")
        return text

    def who(self) -> Contact:
        data = self.cleaned_data
        return Contact(**{data["way"]: data["contact"]}, world=self.world)

    def question(self) -> Question:
        data = self.cleaned_data
        return Question(
            purpose=data["purpose"],
            channel=data["channel"] or None,
            topic=data["topic"] or None,
            text=data["text"],
            notice=data["notice"],
            evidence=data["evidence"],
        )


class CampaignForm(_OfBrand):
    no_topic = ("", "none")

    code = forms.RegexField(
        campaigns.CODE,
        max_length=100,
        label="Code",
        help_text="Links, checks and sends carry it. Letters, digits and ._~- alone.",
    )
    called = forms.CharField(
        max_length=200, required=False, label="Name", help_text="Empty is the code."
    )

    field_order = ("code", "called", "purpose", "topic")

    def purposes(self) -> Any:
        return Purpose.objects.filter(has_channels=True)


class DayForm(forms.Form):
    channel = forms.ChoiceField(choices=Channel.choices, label="Channel")
    day = forms.DateField(
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
        label="Day of sending",
        help_text="In UTC.",
    )
    sends, deliveries, responses, complaints = (
        forms.IntegerField(min_value=0, max_value=campaigns.BIGGEST, label=name)
        for name in ("Sends", "Deliveries", "Responses", "Complaints")
    )

    def numbers(self) -> DayNumbers:
        return DayNumbers(**self.cleaned_data)
