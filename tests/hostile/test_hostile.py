"""No form that leads inside makes a connection, and no endpoint can do harm by its answer."""

from __future__ import annotations

import pytest

from tests.conftest import ROOT
from tests.hostile import table
from tests.hostile.planted import planted
from tests.hostile.table import Table


@pytest.fixture(scope="module")
def done() -> Table:
    """Tried once, before any test's own fixtures."""
    return table.run()


def test_no_connection_is_made(done: Table) -> None:
    assert done.connections == 0
    assert len(done.refused) > 700


def test_every_row_is_as_it_must_be(done: Table) -> None:
    assert done.failures == []


def test_the_counters_count(done: Table) -> None:
    """Without the guard most of the forms connect; what is allowed does, and is counted twice."""
    assert sum((row.without or 0) > 0 for row in done.refused) > 600
    assert [row.happened for row in done.controls] == ["1 heard by the audit, 1 accepted"] * 4


def test_the_page_has_the_table_as_it_is(done: Table) -> None:
    page = (ROOT / "docs" / "outbound.md").read_text()
    for line in table.by_kind(done):
        kind_tried_and_made = line.rsplit("|", 2)[0]
        assert f"\n{kind_tried_and_made}|" in page


@pytest.fixture(scope="module", params=["the socket is not guarded", "nobody looks at the URL"])
def done_with_bug(request: pytest.FixtureRequest) -> Table:
    with planted(request.param):
        return table.run(without=False, misbehaviours=[])


def test_a_planted_bug_is_caught(done_with_bug: Table) -> None:
    assert len(done_with_bug.failures) > 200
