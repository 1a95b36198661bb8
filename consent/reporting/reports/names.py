"""Display names for the codes in a report's tables. Programs read the codes."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from django.db.models import Model

from brands.models import Brand, Campaign, Purpose, Topic
from consent.reporting.reports.figures import Column, Value

NOT_NARROWED = "any"
WORDS: dict[str, dict[str, str]] = {
    "channel": {
        "email": "e-mail",
        "sms": "SMS",
        "voice": "phone calls",
        "push": "push notifications",
        "post": "letters",
        "in_app": "messages in the app",
        "messaging": "messengers",
    },
    "reason": {
        "": "not given",
        "too_many_in_general": "Too many messages in general",
        "too_many_from_brand": "Too many from this brand",
        "not_relevant": "Not relevant",
        "never_signed_up": "Never signed up",
        "no_longer_customer": "No longer a customer",
        "content_changed": "Not what they signed up for",
        "privacy": "Privacy",
        "profiling": "Did not want to be profiled",
        "bad_experience": "A bad experience",
        "other": "Something else",
    },
    "source": {
        "portal": "the person's pages",
        "api": "a program of the person's",
        "link": "a link in a message",
        "merge": "two addresses that were joined",
        "gpc": "a browser's Global Privacy Control signal",
        "sms": "a text message to the brand",
        "mail_reply": "a mail to the brand",
        "mail_provider": "the unsubscribe or spam button of a mail program",
        "brand_api": "the brand",
    },
    "purpose": {
        "marketing": "Marketing",
        "service": "Service",
        "research": "Research",
        "personalised_ads": "Personalised ads",
        "profiling": "Profiling",
        "sale_or_sharing": "Sale or sharing",
        "ai_training": "AI training",
    },
    "campaign": {"": "none"},
    "state": {
        "after_no_in_time": "after a no, still in time",
        "after_no_late": "after a no, too late",
    },
    "rule": {
        "person_denied": "the person's no",
        "person_paused": "the person's pause",
        "brand_denied": "a no that the brand recorded",
        "brand_paused": "a pause that the brand recorded",
    },
}
#: The kinds of codes that each brand defines for itself.
OF_BRANDS: dict[str, type[Model]] = {"topic": Topic, "campaign": Campaign}
CHUNK = 1_000


@dataclass
class CodeNames:
    """Names by kind and code, and by brand as well for codes that each brand defines."""

    of_code: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    of_brand: dict[str, dict[tuple[str, str], str]] = field(
        default_factory=lambda: defaultdict(dict)
    )

    def get(self, kind: str, code: str, brand: str = "") -> str:
        """Return the name, or the code if there is no name or more than one."""
        if word := WORDS.get(kind, {}).get(code):
            return word
        if not code:
            return NOT_NARROWED
        if brand and kind in OF_BRANDS:
            return self.of_brand[kind].get((brand, code), code)
        return self.of_code[kind].get(code, code)


def read_names(codes: Mapping[str, Collection[str]], *, brand: str = "") -> CodeNames:
    """Return the names of these codes by kind. With *brand*, use only its topics and campaigns."""
    names = CodeNames()
    if wanted := codes.get("brand"):
        brands = Brand.objects.filter(slug__in=wanted)
        names.of_code["brand"] = _tell_apart(brands.values_list("slug", "name"))
    if wanted := codes.get("purpose"):
        purposes = Purpose.objects.filter(code__in=wanted)
        names.of_code["purpose"] = _tell_apart(purposes.values_list("code", "name"))
    for kind, model in OF_BRANDS.items():
        if wanted := codes.get(kind):
            rows = model._default_manager.filter(code__in=wanted)
            rows = rows.filter(brand__slug=brand) if brand else rows.filter(brand__test=False)
            _add_of_brands(names, kind, rows.values_list("brand__slug", "code", "name"))
    return names


def _tell_apart(rows: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the names by code. Add the code to a name that several codes have."""
    found = list(rows)
    times = Counter(name for _, name in found)
    return {code: name if times[name] == 1 else f"{name} ({code})" for code, name in found}


def _add_of_brands(names: CodeNames, kind: str, rows: Iterable[tuple[str, str, str]]) -> None:
    several: dict[str, set[str]] = defaultdict(set)
    for slug, code, name in rows:
        names.of_brand[kind][slug, code] = name
        several[code].add(name)
    names.of_code[kind] = {code: min(each) for code, each in several.items() if len(each) == 1}


def read_row_names(
    columns: Sequence[Column], rows: Iterable[Sequence[Value]], *, brand: str = ""
) -> CodeNames:
    """Return the names of the codes in these rows."""
    coded = [(nth, column.codes) for nth, column in enumerate(columns) if column.codes]
    codes: dict[str, set[str]] = defaultdict(set)
    for row in rows if coded else ():
        for nth, kind in coded:
            codes[kind].add(row[nth] or "")
    return read_names(codes, brand=brand)


def find_row_brand(columns: Sequence[Column], row: Sequence[Value], default: str = "") -> str:
    """Return the slug of the row's brand, or *default* if there is no brand column."""
    return next((row[n] for n, each in enumerate(columns) if each.name == "brand"), default)


# -- Files -----------------------------------------------------------------------------------------


def add_columns(columns: Sequence[Column]) -> list[Column]:
    """Return the columns, with a column of names after each column of codes."""
    added: list[Column] = []
    for each in columns:
        added.append(each)
        if each.codes:
            added.append(Column(f"{each.name}_name", f"{each.label}, name"))
    return added


def add_names(
    columns: Sequence[Column], rows: Iterable[Sequence[Value]], *, brand: str = ""
) -> Iterator[list[Value]]:
    """Yield the rows with the names for the columns that `add_columns` added."""
    left = iter(rows)
    while chunk := list(islice(left, CHUNK)):
        names = read_row_names(columns, chunk, brand=brand)
        for row in chunk:
            yield list(_with_names(columns, row, names, find_row_brand(columns, row, brand)))


def _with_names(
    columns: Sequence[Column], row: Sequence[Value], names: CodeNames, brand: str
) -> Iterator[Value]:
    for column, value in zip(columns, row, strict=True):
        yield value
        if column.codes:
            yield names.get(column.codes, value or "", brand)
