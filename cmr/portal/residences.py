"""The places of residence to choose from: countries, and regions with laws of their own."""

from __future__ import annotations

import gettext
from functools import cache

import pycountry
from django.utils.translation import get_language

from brands.catalogue import PRIVACY_ACTS


def by_name() -> list[tuple[str, str]]:
    """Return pairs of code and name, sorted by name in the reader's language."""
    return _by_name(get_language() or "en")


@cache
def _by_name(language: str) -> list[tuple[str, str]]:
    countries = [(each.alpha_2, _country(each.name, language)) for each in pycountry.countries]
    parts = [(code, _part(code, language)) for code in PRIVACY_ACTS]
    return sorted([*countries, *parts], key=lambda place: place[1])


def _part(code: str, language: str) -> str:
    part = pycountry.subdivisions.get(code=code)  # type: ignore[no-untyped-call]
    return f"{_country(part.country.name, language)}: {part.name}"


def _country(name: str, language: str) -> str:
    """Translate a country's name by pycountry's translations of ISO 3166-1."""
    return _translations(language).gettext(name)


@cache
def _translations(language: str) -> gettext.NullTranslations:
    return gettext.translation(
        "iso3166-1", pycountry.LOCALES_DIR, languages=[language], fallback=True
    )
