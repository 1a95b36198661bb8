"""Import of how to close accounts, from a file in JustDeleteMe's format: a JSON array of objects.

Fields: `name`, `url`, `difficulty`, `domains`; optionally `notes` with translations (`notes_de`),
and `email`. Others are ignored. The brand is found by its organisational domain. An entry whose
domains no brand has becomes a listed brand.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import orjson
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.text import slugify

from brands.catalogue.directory_import import ImportOutcome
from brands.models import Brand, ClosingDifficulty
from mailbox_reader import find_organisational_domain

#: The columns that an entry sets.
COLUMNS = ["closing_url", "closing_difficulty", "closing_email", "closing_notes"]
MOST_NOTES = 4_000  # characters in one language
#: The rank of an entry whose hosts no brand has: after all others.
NOWHERE = 1_000_000
LANGUAGE = re.compile(r"notes_([a-z]{2,3}(?:-[A-Za-z]{2,4})?)")
#: Links of Markdown, which become the text with the address behind it.
MARKDOWN_LINK = re.compile(r"\[([^\]]+)\]\((https?://[^)\s]+)\)")


class NotAnArray(ValueError):
    """The file is no JSON array."""


class BadEntry(ValueError):
    """The entry cannot be used; the message says why."""


@dataclass(frozen=True, slots=True)
class ClosingEntry:
    """How to close an account with one company. The hosts are in lower case, without `www.`."""

    name: str
    hosts: Sequence[str]
    values: Mapping[str, Any]


@dataclass
class BrandIndex:
    """The live brands by what an entry can name them by, and those that an entry was found for."""

    by_host: dict[str, list[Brand]] = field(default_factory=lambda: defaultdict(list))
    by_domain: dict[str, list[Brand]] = field(default_factory=lambda: defaultdict(list))
    slugs: set[str] = field(default_factory=set)
    #: The number of the entry of each brand's id.
    taken: dict[int, int] = field(default_factory=dict)

    @classmethod
    def from_brands(cls) -> BrandIndex:
        """Return an index of all live brands with a web site."""
        index = cls(slugs=set(Brand.objects.values_list("slug", flat=True)))
        for brand in Brand.objects.live().exclude(website="").order_by("pk"):
            index.add(brand)
        return index

    def add(self, brand: Brand) -> None:
        self.slugs.add(brand.slug)
        host = read_host(brand.website)
        self.by_host[host].append(brand)
        self.by_domain[find_organisational_domain(host)].append(brand)

    def rank(self, entry: ClosingEntry) -> int:
        """Return the position of the first of the entry's hosts that a brand has; else a large one.

        A brand that an entry creates gets its first host, so that the entry finds it again.
        """
        return next((at for at, host in enumerate(entry.hosts) if host in self.by_host), NOWHERE)

    def find(self, entry: ClosingEntry) -> Brand | None:
        """Return the brand of the entry; None if no brand has one of its domains.

        Raises:
            BadEntry: several brands have it, and none has the entry's name.
        """
        found = self._list_candidates(entry)
        same_name = [each for each in found if each.name.casefold() == entry.name.casefold()]
        if len(found) > 1 and len(same_name) != 1:
            slugs = ", ".join(each.slug for each in found[:5])
            raise BadEntry(f"domains: several brands have them: {slugs}")
        return next(iter(same_name or found), None)

    def is_same_name(self, entry: ClosingEntry) -> bool:
        found = self._list_candidates(entry)
        return any(each.name.casefold() == entry.name.casefold() for each in found)

    def _list_candidates(self, entry: ClosingEntry) -> Sequence[Brand]:
        """Return the brands at the first host that has a free one, or else at the first domain."""
        hosts = [self.by_host[host] for host in entry.hosts if host in self.by_host]
        domains = map(find_organisational_domain, entry.hosts)
        found = hosts or [self.by_domain[each] for each in domains if each in self.by_domain]
        free = (brands for brands in found if any(each.pk not in self.taken for each in brands))
        return next(free, found[0] if found else [])


def import_closing_entries(text: bytes) -> ImportOutcome:
    """Set how to close an account for the brand of every entry. `skipped` has entries' numbers.

    All valid entries are written in one transaction.

    Raises:
        NotAnArray
    """
    try:
        entries = orjson.loads(text.removeprefix(BOM_UTF8))
    except orjson.JSONDecodeError as error:
        raise NotAnArray(f"not JSON: {error}") from error
    if not isinstance(entries, list):
        raise NotAnArray("not a JSON array")
    outcome = ImportOutcome()
    with transaction.atomic():
        index = BrandIndex.from_brands()
        for number, entry in _order_entries(_parse_all(entries, outcome), index):
            try:
                _write(number, entry, index, outcome)
            except BadEntry as problem:
                outcome.skipped.append((number, str(problem)))
    outcome.skipped.sort()
    return outcome


def _parse_all(
    entries: Sequence[object], outcome: ImportOutcome
) -> Iterator[tuple[int, ClosingEntry]]:
    for number, entry in enumerate(entries, start=1):
        try:
            yield number, parse_closing_entry(entry)
        except BadEntry as problem:
            outcome.skipped.append((number, str(problem)))


def _order_entries(
    numbered: Iterator[tuple[int, ClosingEntry]], index: BrandIndex
) -> list[tuple[int, ClosingEntry]]:
    """Return entries of a brand's own host first, and of these the ones with its name.

    Otherwise `maps.acme.example` could take the place of `acme.example`.
    """
    return sorted(
        numbered, key=lambda pair: (index.rank(pair[1]), not index.is_same_name(pair[1]), pair[0])
    )


# -- One entry -----------------------------------------------------------------------------------


def parse_closing_entry(entry: object) -> ClosingEntry:
    """Return what an entry says.

    Raises:
        BadEntry
    """
    if not isinstance(entry, dict):
        raise BadEntry("not a JSON object")
    difficulty = _read_text(entry, "difficulty", 10)
    if difficulty not in ClosingDifficulty.values:
        raise BadEntry(f"difficulty: not one of {', '.join(ClosingDifficulty.values)}")
    if not (name := _read_text(entry, "name", 300)):
        raise BadEntry("name: missing")
    url = _read_text(entry, "url", 1000)
    if not url.startswith(("https://", "http://")):
        raise BadEntry("url: not a web address")
    values = {
        "closing_url": url,
        "closing_difficulty": difficulty,
        "closing_email": _read_email(entry),
        "closing_notes": _read_notes(entry) or None,
    }
    return ClosingEntry(name, _read_hosts(entry), values)


def _read_text(entry: Mapping[str, object], key: str, most: int) -> str:
    value = entry.get(key, "")
    if not isinstance(value, str):
        raise BadEntry(f"{key}: not a text")
    if "\0" in value:
        raise BadEntry(f"{key}: contains a NUL character")
    if len(value := value.strip()) > most:
        raise BadEntry(f"{key}: longer than {most} characters")
    return value


def _read_email(entry: Mapping[str, object]) -> str:
    email = _read_text(entry, "email", 320)
    try:
        if email:
            validate_email(email)
    except ValidationError as error:
        raise BadEntry("email: not an address") from error
    return email


def _read_notes(entry: Mapping[str, object]) -> dict[str, str]:
    """Return the notes by language: those without a language are English."""
    keys = {"notes": "en"} | {key: found[1] for key in entry if (found := LANGUAGE.fullmatch(key))}
    texts = {
        language: MARKDOWN_LINK.sub(r"\1 (\2)", _read_text(entry, key, MOST_NOTES))
        for key, language in keys.items()
    }
    return {language: text for language, text in texts.items() if text}


def _read_hosts(entry: Mapping[str, object]) -> list[str]:
    domains = entry.get("domains")
    if not isinstance(domains, list) or not all(isinstance(each, str) for each in domains):
        raise BadEntry("domains: not a list of texts")
    hosts = [read_host(each) for each in domains]
    if not (valid := [host for host in hosts if find_organisational_domain(host)]):
        raise BadEntry("domains: none is a domain")
    return list(dict.fromkeys(valid))


def read_host(website: str) -> str:
    """Return the host of a web address or domain, without `www.`; empty if there is none."""
    try:
        host = urlsplit(website if "//" in website else f"//{website}").hostname or ""
    except ValueError:
        return ""
    return host.removeprefix("www.")


# -- Writing -------------------------------------------------------------------------------------


def _write(number: int, entry: ClosingEntry, index: BrandIndex, outcome: ImportOutcome) -> None:
    """Create or update the brand of an entry.

    Raises:
        BadEntry
    """
    brand = index.find(entry)
    if brand is None:
        brand = _create(entry, index)
        outcome.created += 1
    elif brand.pk in index.taken:
        raise BadEntry(f"entry {index.taken[brand.pk]} is about the same brand, {brand.slug}")
    elif all(getattr(brand, name) == value for name, value in entry.values.items()):
        outcome.unchanged += 1
    else:
        _set_values(brand, entry)
        brand.save(update_fields=COLUMNS)
        outcome.updated += 1
    index.taken[brand.pk] = number


def _set_values(brand: Brand, entry: ClosingEntry) -> None:
    for name, value in entry.values.items():
        setattr(brand, name, value)


def _create(entry: ClosingEntry, index: BrandIndex) -> Brand:
    """Create a listed brand.

    Raises:
        BadEntry: its name or the slug made of it is not allowed.
    """
    slug = next((each for each in _propose_slugs(entry) if each and each not in index.slugs), "")
    brand = Brand(slug=slug, name=entry.name, website=f"https://{entry.hosts[0]}")
    _set_values(brand, entry)
    try:
        brand.clean_fields()
    except ValidationError as error:
        name, texts = next(iter(error.message_dict.items()))
        raise BadEntry(f"{name}: {texts[0]}") from error
    brand.save()
    index.add(brand)
    return brand


def _propose_slugs(entry: ClosingEntry) -> Iterator[str]:
    """Return slugs to try, by name and by host."""
    yield slugify(entry.name)[:100]
    yield slugify(entry.hosts[0].replace(".", "-"))[:100]
