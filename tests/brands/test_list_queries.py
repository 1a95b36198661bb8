"""A query that a list does not know is refused: it must not be dropped in silence."""

from __future__ import annotations

import pytest

from tests.conftest import Api

OF_BRANDS = ["events", "events/overdue", "campaigns", "imports", "permission-requests"]


@pytest.mark.parametrize("path", OF_BRANDS)
def test_a_list_of_a_brand_refuses_what_it_does_not_know(path: str, as_acme: Api) -> None:
    answer = as_acme.get(path, zzz="1")
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_field")
    assert answer.json()["field"] == "zzz"


@pytest.mark.parametrize("path", ["me/relationships", "me/history"])
def test_a_list_of_a_person_refuses_what_it_does_not_know(path: str, as_ana: Api) -> None:
    answer = as_ana.get(path, zzz="1")
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_field")
