"""How well requests to stop are recognised in labelled texts."""

from __future__ import annotations

import pytest

from tests.cmr import inbound_texts

#: Of the set that nobody looked at: how many requests are missed and made up of 20 and 20. Lower a
#: number when fewer are; never raise one.
MOST_MISSED_AND_MADE_UP = {
    "de": (7, 2),
    "en": (4, 3),
    "es": (3, 1),
    "fr": (8, 3),
    "it": (11, 1),
    "nl": (7, 1),
}


@pytest.mark.parametrize("name", inbound_texts.SETS)
def test_labelled_texts_are_unchanged(name: str) -> None:
    assert inbound_texts.compute_digest(name) == inbound_texts.SETS[name][1]


def score(name: str, language: str, *, count: int) -> inbound_texts.Score:
    texts = [text for text in inbound_texts.read_texts(name) if text.language == language]
    assert len(texts) == count
    return inbound_texts.score(texts)


@pytest.mark.parametrize(("name", "count"), [("first", 100), ("dev", 40)])
@pytest.mark.parametrize("language", ["de", "en", "es", "fr", "it", "nl"])
def test_labelled_texts_are_classified_well(language: str, name: str, count: int) -> None:
    found = score(name, language, count=count)
    assert found.precision >= 0.99 and found.recall >= 0.9


@pytest.mark.parametrize("language", MOST_MISSED_AND_MADE_UP)
def test_unseen_texts_are_classified_no_worse(language: str) -> None:
    found = score("test", language, count=40)
    missed, made_up = MOST_MISSED_AND_MADE_UP[language]
    assert found.missed <= missed and found.made_up <= made_up
