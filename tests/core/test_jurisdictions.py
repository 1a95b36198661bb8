"""Codes of countries and of their parts (ISO 3166)."""

from __future__ import annotations

import pytest

from core import jurisdictions


@pytest.mark.parametrize("code", ["DE", "US", "US-CA", "GB-ENG", "FR-01", "CA-QC"])
def test_is_known_jurisdiction_country_or_part_is_known(code: str) -> None:
    assert jurisdictions.is_known_jurisdiction(code) == code


@pytest.mark.parametrize("code", ["", "de", "us-ca", "EU", "ZZ", "USA", "US-XX", "US-CA ", "CA-US"])
def test_is_known_jurisdiction_other_code_is_refused(code: str) -> None:
    with pytest.raises(jurisdictions.UnknownJurisdiction):
        jurisdictions.is_known_jurisdiction(code)


def test_list_jurisdictions_longest_fits_column() -> None:
    assert len(jurisdictions.list_jurisdictions()) > 5_000
    assert max(map(len, jurisdictions.list_jurisdictions())) == jurisdictions.LONGEST
