"""Print how well requests to stop are understood, on texts labelled by somebody who had not seen
the code: `make inbound-texts`.

The texts never change; a test compares their digest. Precision is the share of the texts taken for
a request that are one, recall the share of the requests that are understood.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cmr.inbound import replies

FILE = Path(__file__).with_suffix(".jsonl")
DIGEST = "e36fc37b3880e6cf3da001c6696c2eedb769eaf7ba3931b25d401818b41f8853"


@dataclass(frozen=True)
class Labelled:
    """A text, and what its label says: `stop` or `none`."""

    id: str
    language: str
    medium: str
    text: str
    label: str
    why: str
    subject: str = ""

    @property
    def is_request(self) -> bool:
        return self.label == "stop"

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


def read_texts() -> list[Labelled]:
    return [Labelled(**json.loads(line)) for line in FILE.read_text("utf-8").splitlines()]


def compute_digest() -> str:
    return hashlib.sha256(FILE.read_bytes()).hexdigest()


def score(texts: Sequence[Labelled]) -> Score:
    pairs = [(text.is_request, text.is_understood) for text in texts]
    return Score(pairs.count((True, True)), pairs.count((True, False)), pairs.count((False, True)))


def build_report(texts: Sequence[Labelled]) -> Iterator[str]:
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
    print("\n".join(build_report(read_texts())))
