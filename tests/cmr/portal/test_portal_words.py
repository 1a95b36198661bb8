"""The words of the portal for purposes."""

from __future__ import annotations

from brands.models import Purpose
from cmr.portal import words


def test_every_seeded_purpose_has_words_that_are_translated(db: None) -> None:
    seeded = {each.code: each for each in Purpose.objects.all()}
    assert seeded.keys() == words.PURPOSES.keys()
    for each in seeded.values():
        assert (words.title(each), words.description(each)) == (each.name, each.description)
