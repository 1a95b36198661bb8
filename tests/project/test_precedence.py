"""The page that states the precedence is true, row by row."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from consent.decision.resolution import Choice, Limit, Question, Regime, Scope, decide_by_choices

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "precedence.md").read_text()
ROWS = re.findall(r"^\| (.+?) \| (yes|no) \| `(\w+)` \|$", PAGE, re.M)
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
BRANDS = {"acme": 1, "rival": 2}
ASKED = Scope(1, "marketing", "email", "weekly")
#: The page's words for a decision, and what they add to it.
WORDS: dict[str, dict[str, Any]] = {
    "grant": {"decision": "grant"},
    "expired grant": {"decision": "grant", "expires_at": NOW - DAY / 2},
    "implied": {"decision": "grant", "basis": "implied", "expires_at": NOW + DAY},
    "deny": {"decision": "deny"},
    "pause": {"decision": "pause", "until": NOW + DAY},
    "ended pause": {"decision": "pause", "until": NOW - DAY / 2},
    "limit": {"decision": "limit", "limit": Limit(1, "week")},
    "clear": {"decision": "clear"},
}


def choices(text: str) -> list[Choice]:
    said = re.findall(r"(person|brand) ([a-z ]+) `([^`]+)`", text)
    return [
        Choice(
            entry=uuid.UUID(int=n),
            seq=n,
            scope=_scope(scope),
            maker=maker,
            made_at=NOW - DAY * (len(said) - n),
            **WORDS[words],
        )
        for n, (maker, words, scope) in enumerate(said)
    ]


def _scope(text: str) -> Scope:
    brand, purpose, channel, topic = (None if p == "*" else p for p in text.split("/"))
    return Scope(BRANDS[brand] if brand else None, purpose, channel, topic)


@pytest.mark.parametrize(("said", "answer", "rule"), ROWS)
def test_the_row_is_true(said: str, answer: str, rule: str) -> None:
    named = re.search(r"\((\w+)\)$", said)
    regime: Regime = named[1] if named else "opt_in"  # type: ignore[assignment]
    decision = decide_by_choices(choices(said), Question(ASKED, regime), NOW)
    assert (decision.allowed, decision.rule) == (answer == "yes", rule)


def test_the_page_shows_every_rule_that_the_code_has() -> None:
    shown = {rule for _, _, rule in ROWS}
    assert shown == {
        *("person_denied", "brand_denied", "person_paused"),
        *("person_granted", "brand_granted", "implied"),
        *("default_opt_in", "default_opt_out", "required"),
    }
    assert all(choices(said) for said, _, _ in ROWS if not said.startswith("nothing"))
