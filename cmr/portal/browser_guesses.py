"""What a browser tells of a person's country, as a guess that they confirm."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cache
from importlib import resources

from django.http import HttpRequest
from django.utils.translation.trans_real import parse_accept_lang_header

from cmr.portal.person import browser_zone


def guess_country(request: HttpRequest, known: Collection[str]) -> str:
    """Return one of the *known* country codes; empty if the browser tells none.

    The time zone counts before the language: many people read English who live elsewhere.
    """
    guesses = (_read_zone_countries().get(browser_zone(request), ""), *_list_regions(request))
    return next((each for each in guesses if each in known), "")


def _list_regions(request: HttpRequest) -> list[str]:
    """Return the regions of the wanted languages, the most wanted first: `AT` of `de-AT`."""
    wanted = parse_accept_lang_header(request.META.get("HTTP_ACCEPT_LANGUAGE", "")[:500])
    parts = [language.split("-") for language, _quality in wanted]
    return [each[-1].upper() for each in parts if len(each) > 1 and len(each[-1]) == 2]


@cache
def _read_zone_countries() -> Mapping[str, str]:
    """Return the country of each time zone, from the table of the time zone database."""
    table = resources.files("tzdata.zoneinfo").joinpath("zone.tab").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in table.splitlines() if not line.startswith("#")]
    return {row[2]: row[0] for row in rows}
