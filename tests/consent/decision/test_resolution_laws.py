"""The rule keeps every law, and every law finds the bug planted against it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.consent.laws.bugs import BUGS, LAWS, Bug
from tests.consent.laws.law import PATIENCE, Law, hold, hunt
from tests.consent.laws.rule import REAL, NotOnce, broken

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "precedence.md").read_text()
#: A moderate number, the same examples each time; `make laws` draws others, as many as you like.
EXAMPLES = 100


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
def test_resolution_random_choices_keeps_law(law: Law) -> None:
    run = hold(law, REAL, examples=EXAMPLES, repeatable=True)
    assert run.met >= run.drawn / 3, "its premise is met too rarely to say much"


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: f"{bug.law.name}: {bug.name}")
def test_law_against_planted_bug_fails(bug: Bug) -> None:
    rule = broken(bug.module, bug.old, bug.new)
    assert hunt(bug.law, rule, examples=PATIENCE, repeatable=True).failure is not None


def test_laws_each_have_planted_bug() -> None:
    assert {law.name for law in LAWS} == {bug.law.name for bug in BUGS}


@pytest.mark.parametrize("old", ["not in the source", "return"])
def test_planted_bug_not_in_source_is_refused(old: str) -> None:
    with pytest.raises(NotOnce):
        broken("resolution", old, "")


def test_precedence_page_lists_every_law() -> None:
    _, _, section = PAGE.partition("## Laws")
    rows = re.findall(r"^\| ([a-z ]+) \| (.+) \|$", section, re.M)
    assert rows[1:] == [(law.name, law.sentence) for law in LAWS]
