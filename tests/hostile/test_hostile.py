"""The table of `make hostile`, row by row, and what may not become of the worker."""

from __future__ import annotations

import resource

import pytest

from brands.models import Outcome
from tests.hostile import forms as hostile
from tests.hostile.forms import MEGABYTE, Form

FORMS = hostile.forms()


@pytest.mark.parametrize(
    "form", FORMS, ids=[f"{n} {form.group} {form.url}"[:60] for n, form in enumerate(FORMS)]
)
def test_nobody_gets_us_to_connect_to_where_we_must_not(form: Form) -> None:
    result = hostile.attempt(form)
    assert result.connections == 0
    if form.serve is None:
        assert result.answer.status is None


def test_the_count_counts() -> None:
    result = hostile.control()
    assert (result.connections, result.answer.outcome) == (1, Outcome.DELIVERED)


def test_a_bomb_and_an_endless_body_cost_no_memory() -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for form in FORMS:
        if form.group in {"compressed bomb", "endless body", "endless headers", "endless header"}:
            hostile.attempt(form)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown * 1_024 < 60 * MEGABYTE  # the bomb itself is made in this process
