"""Which spellings of a phone number are one number, and which are none."""

from __future__ import annotations

import pytest

from consent.identifiers import InvalidAddress, normalise_phone


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("+52 1 55 1234 5678", "+525512345678"),
        ("+52 55 1234 5678", "+525512345678"),
        ("+49 151 12345678", "+4915112345678"),
        ("+1 212 555 1234", "+12125551234"),
    ],
)
def test_normalise_phone_returns_one_number_for_all_spellings(text: str, number: str) -> None:
    assert normalise_phone(text) == number


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("+1 555 1234", "area code"),
        ("+49 151 12345678 ext. 5", "extension"),
        ("+49 151 12345678;ext=7", "extension"),
        ("+52 1 55 1234 56789", "length"),
    ],
)
def test_normalise_phone_of_what_is_no_whole_number_says_why(text: str, reason: str) -> None:
    with pytest.raises(InvalidAddress, match=reason):
        normalise_phone(text)
