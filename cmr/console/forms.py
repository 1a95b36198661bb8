"""The console's forms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from datetime import timedelta
from operator import itemgetter
from typing import Any
from zoneinfo import available_timezones

import pycountry
from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import get_language_info
from phonenumbers import SUPPORTED_REGIONS

from brands import campaigns, catalogue, credentials, workspaces
from brands.campaigns import DayNumbers
from brands.events import EVENT_TYPES
from brands.models import Brand, Channel, Purpose, Regime, Signature, Topic
from brands.webhooks import SubscriptionTerms
from cmr.allauth_hooks import AddressFormField
from cmr.inbound import PROVIDERS
from cmr.models import Role
from cmr.permission_requests import RequestedPermission
from consent import imports
from consent.decision import Limit, Scope
from consent.identity import Contact
from consent.imports import ColumnMapping
from consent.ledger import ChoiceTerms, NewChoice
from consent.models import ImportFile
from consent.rules import ScopeNames
from core.text import check_name, has_address, holds_address

MAX_SEQUENCE = 2**63 - 1
#: The choice that leaves a part of a scope open.
ANY = ("", "any")


def size(number: int) -> str:
    """Return a number of bytes as the documentation writes it: 20 MB are 20,000,000."""
    return f"{number / 1_000_000:.4g} MB"


def _name(**settings: Any) -> forms.CharField:
    return forms.CharField(validators=[check_name], **settings)


class WorkspaceForm(forms.Form):
    name = _name(max_length=100, label="Company", help_text="As people know it.")
    domain = forms.CharField(
        max_length=300,
        label="Domain",
        help_text="Of its web site, as acme.example. You prove it before you go live, not now.",
    )

    def clean(self) -> None:
        """Refuse a name that is a web site other than the company's own."""
        name, domain = (self.cleaned_data.get(field, "") for field in ("name", "domain"))
        try:
            own = workspaces.read_domain(domain)
        except workspaces.BadDomain:
            return  # the view that creates the workspace reports it
        if has_address(name, own=own):
            self.add_error("name", "Leave web addresses out, but for the domain below.")


class InvitationForm(forms.Form):
    address = AddressFormField(label="E-mail address")
    role = forms.ChoiceField(choices=Role.choices, initial=Role.DEVELOPER, label="Role")


class KeyForm(forms.Form):
    name = _name(max_length=100, label="Name", help_text="What it is for.")
    scopes = forms.MultipleChoiceField(
        choices=[(name, f"{name}: {what}") for name, what in credentials.KEY_SCOPES.items()],
        widget=forms.CheckboxSelectMultiple,
        label="What it may do",
        initial=[name for name in credentials.KEY_SCOPES if name != "keys"],
        help_text="With “keys” a program makes, rotates and revokes keys by itself; few need that.",
    )
    days = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=3650,
        label="Days until it ends",
        help_text="Leave it empty for a key that never ends.",
    )

    def terms(self) -> dict[str, Any]:
        """Return the arguments of `credentials.issue_key`."""
        data = self.cleaned_data
        ends = timezone.now() + timedelta(days=data["days"]) if data["days"] else None
        return {"name": data["name"], "scopes": data["scopes"], "expires_at": ends}


class SigningKeyForm(forms.Form):
    signing_key = forms.CharField(
        required=False,
        max_length=1_000,
        label="Signing key",
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text="What the provider gives you to verify its signatures with. Leave it empty to "
        "take all that comes to the secret address.",
    )


def _list_countries() -> list[tuple[str, str]]:
    """Return the countries that have phone numbers, by name."""
    known = ((code, pycountry.countries.get(alpha_2=code)) for code in SUPPORTED_REGIONS)
    named = [(code, country.name) for code, country in known if country]
    return [("", "Numbers have their country code"), *sorted(named, key=itemgetter(1))]


class CountryForm(forms.Form):
    country = forms.ChoiceField(
        choices=_list_countries,
        required=False,
        label="Country of numbers without +",
        help_text="Only if your SMS gateway leaves out the country code.",
    )


class InletForm(SigningKeyForm, CountryForm):
    provider = forms.ChoiceField(
        choices=[(code, each.name) for code, each in PROVIDERS.items()], label="Provider"
    )
    field_order = ("provider", "signing_key", "country")


class RotationForm(forms.Form):
    hours = forms.IntegerField(min_value=0, max_value=24 * 30, initial=24)


LONGEST_CODE = 60


def _code(*, required: bool, help_text: str) -> forms.SlugField:
    """Return a field for the code by which programs name a topic or a notice."""
    signs = "Letters, digits, - and _ alone, as in new-harvests."
    return forms.SlugField(
        max_length=LONGEST_CODE,
        required=required,
        label="Code",
        help_text=f"As your programs name it; it stays for good. {help_text or signs}",
        error_messages={"invalid": signs},
    )


class TopicForm(forms.Form):
    name = _name(max_length=100, label="Name", help_text="As people read it.")
    code = _code(required=False, help_text="Leave it empty and it is made of the name.")
    purpose = forms.ChoiceField(
        choices=catalogue.list_topic_purposes, label="Purpose", help_text="It stays for good."
    )

    def clean(self) -> None:
        data = self.cleaned_data
        if "code" in self.errors or data["code"] or "name" not in data:
            return
        data["code"] = slugify(data["name"])[:LONGEST_CODE].rstrip("-")
        if not data["code"]:
            self.add_error("code", "None can be made of this name: give one.")


class TopicNameForm(forms.Form):
    name = _name(max_length=100, label="Name", help_text="As people read it.")


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
        """Return the texts for `write_notice`; a language with an empty text is left out."""
        return {language: text for language, text in self._texts() if text}

    def _texts(self) -> Iterator[tuple[str, str]]:
        data = self.cleaned_data
        for language in self.languages:
            yield language, data[f"text-{language}"]
        yield data["language"], data["text"]


class NewNoticeForm(NoticeForm):
    code = _code(required=True, help_text="")


def _text(label: str, *, initial: str = "", language: str = "") -> forms.CharField:
    area = forms.Textarea(attrs={"rows": 5} | ({"lang": language} if language else {}))
    return forms.CharField(
        required=False,
        max_length=catalogue.LONGEST_NOTICE,
        label=label,
        initial=initial,
        widget=area,
    )


def _name_of(language: str) -> str:
    try:
        return str(get_language_info(language)["name"])
    except KeyError:
        return language


#: The pattern of every event. With it ticked, all other ticks have no effect.
EVERY = "*"
EVENT_PATTERNS = [
    (EVERY, "All"),
    ("preference.*", "All about preferences"),
    ("relationship.*", "All about relationships"),
    *((name, f"{name}: {what.replace('`', '')}") for name, what in EVENT_TYPES.items()),
]


def purposes() -> list[tuple[str, str]]:
    return list(Purpose.objects.order_by("position").values_list("code", "name"))


class TermsForm(forms.Form):
    """The events that a brand wants from a webhook, and how they are sent."""

    url = forms.CharField(
        max_length=2000, label="Address", help_text="Of your endpoint, beginning with https://"
    )
    event_types = forms.MultipleChoiceField(
        choices=EVENT_PATTERNS,
        widget=forms.CheckboxSelectMultiple(attrs={"data-alone": EVERY}),
        label="Events",
        initial=[EVERY],
    )
    purposes = forms.MultipleChoiceField(
        choices=purposes,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label="Only about these purposes",
        help_text="If none is ticked, about all.",
    )
    channels = forms.MultipleChoiceField(
        choices=Channel.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label="Only about these channels",
        help_text="If none is ticked, about all.",
    )
    batch = forms.IntegerField(
        min_value=1, max_value=100, initial=1, label="Events in each request, at most"
    )
    rate_limit = forms.IntegerField(
        min_value=1,
        max_value=1_000,
        required=False,
        label="Requests in a second, at most",
        help_text="Leave it empty to have them as fast as the endpoint takes them.",
    )

    def clean_event_types(self) -> list[str]:
        chosen: list[str] = self.cleaned_data["event_types"]
        if EVERY in chosen and len(chosen) > 1:
            raise forms.ValidationError("Tick All, or those that you want without it.")
        return chosen

    def terms(self) -> SubscriptionTerms:
        data = self.cleaned_data
        every = {name: None for name in ("purposes", "channels") if not data[name]}
        return SubscriptionTerms(
            **{each.name: data[each.name] for each in fields(SubscriptionTerms)} | every
        )


class WebhookForm(TermsForm):
    after = forms.IntegerField(
        min_value=0,
        max_value=MAX_SEQUENCE,
        required=False,
        label="Start after event",
        help_text="0 for the whole stream; leave it empty to start with what comes next.",
    )
    signature = forms.ChoiceField(
        choices=Signature.choices, initial=Signature.HMAC, label="Signature"
    )


class SeekForm(forms.Form):
    after = forms.IntegerField(min_value=0, max_value=MAX_SEQUENCE, label="Go on after event")


class ReplayForm(forms.Form):
    first = forms.IntegerField(min_value=1, max_value=MAX_SEQUENCE, label="From event")
    last = forms.IntegerField(
        min_value=1,
        max_value=MAX_SEQUENCE,
        required=False,
        label="Through event",
        help_text="Leave it empty for all that were sent since.",
    )

    def clean_last(self) -> int | None:
        last: int | None = self.cleaned_data["last"]
        if last is not None and last < self.cleaned_data.get("first", 0):
            raise forms.ValidationError("This is before the first.")
        return last


class SayForm(forms.Form):
    """A choice of a made-up person."""

    #: The field that a decision also needs.
    NEEDS = {"pause": "days", "limit": "times"}

    address = forms.CharField(
        max_length=320,
        label="Whose",
        help_text="Any e-mail address, or a number with +. Whoever is not there yet is made up.",
    )
    decision = forms.ChoiceField(
        choices=[
            ("grant", "says yes"),
            ("deny", "says no"),
            ("pause", "pauses"),
            ("limit", "limits how often"),
            ("clear", "takes it back"),
        ],
        label="What they do",
    )
    purpose = forms.ChoiceField(
        choices=lambda: [ANY, *purposes()], required=False, initial="marketing", label="Purpose"
    )
    channel = forms.ChoiceField(
        choices=[ANY, *Channel.choices], required=False, initial=Channel.EMAIL, label="Channel"
    )
    topic = forms.ChoiceField(required=False, label="Topic")
    days = forms.IntegerField(
        min_value=1, max_value=3650, required=False, initial=30, label="Days of a pause"
    )
    times = forms.IntegerField(
        min_value=1, max_value=1_000, required=False, initial=1, label="Times a week of a limit"
    )

    def __init__(self, *args: Any, brand: Brand, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.brand = brand
        topics = Topic.objects.selectable(brand, chosen=()).order_by("name", "pk")
        field = self.fields["topic"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [ANY, *topics.values_list("code", "name")]

    def clean(self) -> None:
        needed = self.NEEDS.get(self.cleaned_data.get("decision", ""))
        if needed and needed not in self.errors and self.cleaned_data[needed] is None:
            self.add_error(needed, "This decision needs it.")

    def contact(self) -> Contact:
        address = self.cleaned_data["address"].strip()
        way = "phone" if address.startswith("+") else "email"
        return Contact(**{way: address}, namespace=self.brand.namespace)

    def names(self) -> ScopeNames:
        given = (self.cleaned_data[name] or None for name in ("purpose", "channel", "topic"))
        return ScopeNames(self.brand.slug, *given)

    def choice(self, scope: Scope) -> NewChoice:
        data, decision = self.cleaned_data, self.cleaned_data["decision"]
        until = timezone.now() + timedelta(days=data["days"]) if decision == "pause" else None
        limit = Limit(data["times"], "week") if decision == "limit" else None
        return NewChoice(scope, ChoiceTerms(decision, until=until, limit=limit))


DETECTED = ("", "detect automatically")


class ImportForm(forms.Form):
    file = forms.FileField(label="File")
    encoding = forms.ChoiceField(
        required=False,
        label="Encoding",
        choices=[
            DETECTED,
            ("utf-8", "UTF-8"),
            ("utf-16", "UTF-16 (Excel: Unicode text)"),
            ("windows-1252", "Windows-1252 (Western Europe)"),
        ],
    )
    separator = forms.ChoiceField(
        required=False,
        label="Separator",
        choices=[DETECTED, ("comma", "comma ,"), ("semicolon", "semicolon ;"), ("tab", "tab")],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        most = settings.MAX_UPLOAD_BYTES
        file = self.fields["file"]
        file.help_text = f"CSV with headings, or NDJSON; up to {size(most)}."
        file.widget.attrs["data-most-bytes"] = most  # console.js checks it before it sends anything

    def form_of_file(self) -> str:
        """Return the file's format, by the end of its name or else by its first bytes."""
        file: UploadedFile = self.cleaned_data["file"]
        name = (file.name or "").lower()
        if name.endswith((".csv", ".ndjson", ".jsonl")):
            return "csv" if name.endswith(".csv") else "ndjson"
        begins = file.read(100).removeprefix(b"\xef\xbb\xbf").lstrip()
        file.seek(0)
        return "ndjson" if begins.startswith(b"{") else "csv"


#: What a column can be, in words for people.
TARGETS = {
    "": "leave it out",
    "email": "e-mail address",
    "phone": "phone number",
    "sha256": "SHA-256 of the address",
    "ref": "your reference",
    "decision": "decision: subscribed, unsubscribed, …",
    "opted_in": "opted in: yes, or nothing said",
    "opted_out": "opted out: no, or nothing said",
    "made_at": "when they said it",
    "expires_at": "when their yes ends",
    "evidence": "evidence (several are joined)",
    "note": "how you know them",
    "jurisdiction": "where they live: DE, US-CA",
    "purpose": "purpose, by its code",
    "channel": "channel, by its code",
    "topic": "topic, by its code",
    "notice": "notice, by its code",
    "basis": "basis: express or implied",
    "ground": "ground of an implied yes",
}


class ColumnsForm(forms.Form):
    """The meaning of each column of a file."""

    def __init__(
        self, kept: ImportFile, first: Mapping[str, Any], *args: Any, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.headings = kept.headings
        chosen = imports.read_mapping(kept).columns
        for number, heading in enumerate(self.headings):
            example = str(first.get(heading) or "")[:80]
            self.fields[f"column-{number}"] = forms.ChoiceField(
                required=False,
                label=heading,
                choices=list(TARGETS.items()),
                initial=chosen.get(heading, ""),
                help_text=example or "empty in the first row",
            )

    def columns(self) -> dict[str, str]:
        values = (self.cleaned_data.get(f"column-{n}", "") for n in range(len(self.headings)))
        pairs = zip(self.headings, values, strict=True)
        return {heading: target for heading, target in pairs if target}

    def clean(self) -> None:
        targets = list(self.columns().values())
        twice = {
            each for each in targets if targets.count(each) > 1 and each != imports.EVIDENCE_COLUMN
        }
        for each in sorted(twice):
            self.add_error(None, f"Two columns are the {TARGETS[each]}: leave one of them out.")
        if not set(targets) & set(imports.CONTACT_COLUMNS):
            self.add_error(
                None,
                "Say which column tells who it is: an address, its SHA-256, or your reference.",
            )


class DefaultsForm(forms.Form):
    """Values for all rows that do not have their own."""

    note = forms.CharField(
        max_length=300,
        label="How these relationships came about",
        help_text="The people read it. As: You subscribed to our newsletter.",
    )
    decision = forms.ChoiceField(
        required=False,
        label="Rows without a decision of their own",
        choices=[
            ("", "say nothing: the people are added alone"),
            ("grant", "are a yes"),
            ("deny", "are a no"),
        ],
    )
    purpose = forms.ChoiceField(required=False, label="Purpose")
    channel = forms.ChoiceField(
        required=False, label="Channel", choices=[ANY, *Channel.choices], initial="email"
    )
    evidence = forms.CharField(
        required=False,
        max_length=1_000,
        widget=forms.Textarea(attrs={"rows": 2}),
        label="Evidence of each yes",
        help_text="What you have to show, as: form on our site, confirmed by mail. "
        "A yes needs it, here or in a column.",
    )
    made_at = forms.CharField(
        required=False,
        max_length=40,
        label="When they said it",
        help_text="As 2024-03-01 10:00. Empty: when the import runs.",
    )
    zone = forms.CharField(
        max_length=60,
        initial="UTC",
        label="Time zone of times without one",
        help_text="As UTC or Europe/Berlin.",
    )
    dates = forms.ChoiceField(
        label="Dates are written",
        choices=[
            ("ymd", "2024-03-01"),
            ("dmy", "01-03-2024 (day first)"),
            ("mdy", "03-01-2024 (month first)"),
        ],
    )
    tells = forms.BooleanField(
        required=False,
        label="Tell the webhooks of each row",
        help_text="If not, it is history: the feed has it, and it counts as no decision of today.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        purpose = self.fields["purpose"]
        assert isinstance(purpose, forms.ChoiceField)
        purpose.choices = [ANY, *purposes()]

    def clean_zone(self) -> str:
        zone = str(self.cleaned_data["zone"])
        if zone not in available_timezones():
            raise forms.ValidationError("There is no such time zone.")
        return zone

    def clean_made_at(self) -> str:
        text = str(self.cleaned_data["made_at"]).strip()
        if text and not imports.is_year_first_time(text):
            raise forms.ValidationError("A time reads as 2024-03-01 10:00.")
        return text

    def choices(self, columns: Mapping[str, str]) -> ColumnMapping:
        names = "purpose channel decision evidence made_at zone dates".split()
        return ColumnMapping(columns, **{name: self.cleaned_data[name] for name in names})


class _OfBrand(forms.Form):
    """A form that offers the purposes and topics of the brand's catalogue."""

    purpose = forms.ChoiceField(label="Purpose")
    topic = forms.ChoiceField(required=False, label="Topic")

    def __init__(self, brand: Brand, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.namespace, self.domain = brand.namespace, workspaces.find_proven_domain(brand)
        topics = Topic.objects.selectable(brand, chosen=()).order_by("name")
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
        max_length=100, required=False, label="Notice", help_text="The code of one of yours."
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
        if has_address(text, own=self.domain) or holds_address(text):
            raise forms.ValidationError("Leave web addresses out: the person gets a link from us.")
        return text

    def who(self) -> Contact:
        data = self.cleaned_data
        return Contact(**{data["way"]: data["contact"]}, namespace=self.namespace)

    def question(self) -> RequestedPermission:
        data = self.cleaned_data
        return RequestedPermission(
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
    called = _name(
        max_length=200,
        required=False,
        label="Name",
        help_text="Leave it empty to call it by its code.",
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
