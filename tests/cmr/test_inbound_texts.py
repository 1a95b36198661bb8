"""How well requests to stop are understood, on the labelled texts."""

from __future__ import annotations

from tests.cmr import inbound_texts


def test_the_labelled_texts_are_as_they_were_written() -> None:
    assert inbound_texts.compute_digest() == inbound_texts.DIGEST
