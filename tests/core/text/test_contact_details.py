"""Finding addresses in free text."""

from __future__ import annotations

import pytest

from core.text.contact_details import holds_address, mask_addresses


@pytest.mark.parametrize(
    "text",
    [
        "chloe@example.org",
        "by Chloe@Example.ORG.",
        "chloe@münchen.example",
        "chloe%40example.org",
        r'{"ref":"chloe\u0040example.org"}',
        "+4915112345678",
        "call +49 (151) 123-456-78",
    ],
)
def test_holds_address_text_with_address_is_masked(text: str) -> None:
    assert holds_address(text)
    assert "example" not in mask_addresses(text).lower() and "123" not in mask_addresses(text)


@pytest.mark.parametrize(
    "text",
    ["", "C-1009", "newsletter@3", "4915112345678", "2026-11-30T01:25:00+01:00", "a@b", "1+2"],
)
def test_holds_address_other_text_is_unchanged(text: str) -> None:
    assert not holds_address(text)
    assert mask_addresses(text) == text
