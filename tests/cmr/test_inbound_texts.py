"""How well requests to stop are understood, on the labelled texts."""

from __future__ import annotations

import pytest

from tests.cmr import inbound_texts


def test_the_labelled_texts_are_as_they_were_written() -> None:
    assert inbound_texts.compute_digest() == inbound_texts.DIGEST


@pytest.mark.parametrize("language", ["de", "en", "es", "fr", "it", "nl"])
def test_requests_are_neither_lost_nor_made_up(language: str) -> None:
    texts = [text for text in inbound_texts.read_texts() if text.language == language]
    found = inbound_texts.score(texts)
    assert len(texts) == 100
    assert found.precision >= 0.99 and found.recall >= 0.9
