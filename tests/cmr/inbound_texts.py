"""Print how well requests to stop are understood, on texts labelled by somebody who had not seen
the code: `make inbound-texts`.

`first` and `dev` were looked at when the phrases were written. Of `test` only the counts were, so
that it says what to expect of texts that nobody has seen: never read it to improve a phrase.

The texts never change; a test compares their digests. Precision is the share of the texts taken for
a request that are one, recall the share of the requests that are understood.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import django

django.setup()  # where this module is run, nothing else has

from cmr.inbound import replies  # noqa: E402

FOLDER = Path(__file__).parent
#: By their names: the file, and its SHA-256.
SETS = {
    "first": (
        "inbound_texts.jsonl",
        "e36fc37b3880e6cf3da001c6696c2eedb769eaf7ba3931b25d401818b41f8853",
    ),
    "dev": (
        "inbound_texts_dev.jsonl",
        "6a31aba1cbbfc8d2b5c89dc5c7ae5faf772fb64b2cb4a36a822aae8b336debdc",
    ),
    "test": (
        "inbound_texts_test.jsonl",
        "801fa226191de557a7182e482067dbcc3894099dc7923fe239e0fca6a863c130",
    ),
}


@dataclass(frozen=True)
class Labelled:
    """A text, and whether its label says that it asks to stop."""

    language: str
    medium: str
    text: str
    is_request: bool
    subject: str = ""

    @property
    def is_understood(self) -> bool:
        """Whether the code takes it for a request to stop."""
        understood = self.read().understood
        return understood is not None and understood.meaning == "stop"

    def read(self) -> replies.Reading:
        if self.medium == "sms":
            return replies.read_sms(self.text)
        return replies.read_mail(sender="", subject=self.subject, text=self.text, auto_submitted="")


@dataclass(frozen=True)
class Score:
    """How many requests were understood, were missed, and were made up."""

    understood: int
    missed: int
    made_up: int

    @property
    def precision(self) -> float:
        taken = self.understood + self.made_up
        return self.understood / taken if taken else 1.0

    @property
    def recall(self) -> float:
        requests = self.understood + self.missed
        return self.understood / requests if requests else 1.0


def read_texts(name: str) -> list[Labelled]:
    """Return the texts of one of the `SETS`."""
    lines = (FOLDER / SETS[name][0]).read_text("utf-8").splitlines()
    return [_read_line(json.loads(line)) for line in lines]


def _read_line(said: dict[str, Any]) -> Labelled:
    is_request = said["request"] if "request" in said else said["label"] == "stop"
    subject = said.get("subject", "")
    return Labelled(said["language"], said["medium"], said["text"], is_request, subject)


def compute_digest(name: str) -> str:
    return hashlib.sha256((FOLDER / SETS[name][0]).read_bytes()).hexdigest()


def score(texts: Sequence[Labelled]) -> Score:
    pairs = [(text.is_request, text.is_understood) for text in texts]
    return Score(pairs.count((True, True)), pairs.count((True, False)), pairs.count((False, True)))


def build_report(name: str) -> Iterator[str]:
    texts = read_texts(name)
    yield f"{name}: {len(texts)} texts"
    yield f"{'language':10}{'medium':8}{'texts':>6}{'precision':>11}{'recall':>8}  missed  made up"
    for language in [*sorted({text.language for text in texts}), "all"]:
        for medium in ("sms", "mail", "both"):
            chosen = [
                text
                for text in texts
                if language in ("all", text.language) and medium in ("both", text.medium)
            ]
            found = score(chosen)
            yield (
                f"{language:10}{medium:8}{len(chosen):6}{found.precision:11.3f}"
                f"{found.recall:8.3f}{found.missed:8}{found.made_up:9}"
            )


if __name__ == "__main__":
    for each in SETS:
        print("\n".join(build_report(each)), end="\n\n")
