"""Jurisdictions: countries and their subdivisions by their ISO 3166 codes ("DE", "US-CA")."""

from __future__ import annotations

from functools import cache

import pycountry

from core.errors import DomainError

#: Two letters for a country; a hyphen and up to three more characters for a subdivision.
FORM = "^[A-Z]{2}(-[A-Z0-9]{1,3})?$"
LONGEST = 6


class UnknownJurisdiction(DomainError):
    """The code is neither ISO 3166-1 alpha-2 nor ISO 3166-2, in upper case."""

    code = "unknown_jurisdiction"
    field = "jurisdiction"


def is_known_jurisdiction(code: str) -> str:
    """Check that *code* is a known jurisdiction, and return it.

    Raises:
        UnknownJurisdiction
    """
    if code not in list_jurisdictions():
        raise UnknownJurisdiction(f"there is no jurisdiction {code!r}; write it like DE or US-CA")
    return code


@cache
def list_jurisdictions() -> frozenset[str]:
    """Return the codes of all countries and subdivisions."""
    countries = {country.alpha_2 for country in pycountry.countries}
    return frozenset(countries | {part.code for part in pycountry.subdivisions})


def list_enclosing_jurisdictions(code: str) -> tuple[str, ...]:
    """Return *code* and the country that contains it, the narrowest first.

    Example: "US-CA" gives ("US-CA", "US"), and "DE" gives ("DE",).
    """
    country = code.partition("-")[0]
    return (code,) if code == country else (code, country)
