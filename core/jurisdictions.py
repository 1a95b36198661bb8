"""Where a law holds: a country or a part of one, as ISO 3166 codes them ("DE", "US-CA")."""

from __future__ import annotations

from functools import cache

import pycountry

#: Two letters for a country; a hyphen and up to three more characters for a part of it.
FORM = "^[A-Z]{2}(-[A-Z0-9]{1,3})?$"
LONGEST = 6


class UnknownJurisdiction(ValueError):
    """Neither an ISO 3166-1 alpha-2 code nor an ISO 3166-2 one, in upper case."""

    field = "jurisdiction"


def is_known_jurisdiction(code: str) -> str:
    """*code* itself.

    Raises:
        UnknownJurisdiction
    """
    if code not in list_jurisdictions():
        raise UnknownJurisdiction(f"there is no jurisdiction {code!r}; they read as DE or US-CA")
    return code


@cache
def list_jurisdictions() -> frozenset[str]:
    """Every country's and every part's."""
    countries = {country.alpha_2 for country in pycountry.countries}
    return frozenset(countries | {part.code for part in pycountry.subdivisions})


def list_enclosing_jurisdictions(code: str) -> tuple[str, ...]:
    """The jurisdictions that somebody in *code* is in, the narrowest first."""
    country = code.partition("-")[0]
    return (code,) if code == country else (code, country)
