"""The rule keeps every law, and every law catches the bug planted against it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.consent.laws.bugs import BUGS, LAWS, Bug
from tests.consent.laws.law import PATIENCE, Law, hold, hunt
from tests.consent.laws.rule import REAL, NotOnce, broken

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "precedence.md").read_text()
#: A moderate number, the same examples each time; `make laws` draws others, as many as you like.
EXAMPLES = 100


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
def test_the_rule_keeps_the_law(law: Law) -> None:
    run = hold(law, REAL, examples=EXAMPLES, repeatable=True)
    assert run.met >= run.drawn / 3, "its premise is met too rarely to say much"


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: f"{bug.law.name}: {bug.name}")
def test_the_law_catches_the_bug(bug: Bug) -> None:
    rule = broken(bug.module, bug.old, bug.new)
    assert hunt(bug.law, rule, examples=PATIENCE, repeatable=True).failure is not None


def test_a_law_without_a_bug_proves_nothing() -> None:
    assert {law.name for law in LAWS} == {bug.law.name for bug in BUGS}


@pytest.mark.parametrize("old", ["not in the source", "return"])
def test_a_bug_that_no_longer_fits_the_source_is_refused(old: str) -> None:
    with pytest.raises(NotOnce):
        broken("resolution", old, "")


def test_the_page_lists_the_laws() -> None:
    _, _, section = PAGE.partition("## Laws")
    rows = re.findall(r"^\| ([a-z ]+) \| (.+) \|$", section, re.M)
    assert rows[1:] == [(law.name, law.sentence) for law in LAWS]
