"""GET /events and POST /events/ack: the change feed and its acknowledgement."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from brands.models import Acknowledgement
from consent.models import Relationship
from tests.conftest import Api

pytestmark = pytest.mark.usefixtures("met")  # its start is the first event


@pytest.fixture
def seven(as_ana: Api) -> None:
    """Six choices, so that acme's stream has seven events."""
    choices = [{"scope": {"brand": "acme"}, "decision": d} for d in ["deny", "grant"] * 3]
    assert as_ana.post("me/choices", choices).status_code == 201


@pytest.fixture
def ack(as_acme: Api) -> Callable[[Any], Any]:
    return lambda through: as_acme.post("events/ack", {"through": through})


def sequences(answer: Any) -> list[int]:
    return [event["sequence"] for event in answer.json()["data"]]


def test_feed_is_dense_from_one(as_acme: Api, seven: None) -> None:
    answer = as_acme.get("events")
    assert sequences(answer) == [1, 2, 3, 4, 5, 6, 7]
    assert answer.json()["next_cursor"] is None


def test_feed_event_describes_change(as_acme: Api, seven: None, met: Relationship) -> None:
    event = as_acme.get("events", after=1).json()["data"][0]
    assert event["type"] == "preference.denied"
    assert event["data"]["subject"] == {"id": str(met.id), "ref": None}
    assert event["data"]["scope"]["brand"] == "acme"
    assert event["data"]["subject_seq"] == 2  # the beginning of the relationship was the first
    assert event["data"]["honour_by"] > event["timestamp"]


def test_feed_pages_are_consecutive(as_acme: Api, seven: None) -> None:
    after, pages = 0, []
    while after is not None:
        answer = as_acme.get("events", after=after, limit=3)
        pages.append(sequences(answer))
        after = answer.json()["next_cursor"]
    assert pages == [[1, 2, 3], [4, 5, 6], [7]]


def test_feed_full_last_page_has_no_cursor(as_acme: Api, seven: None) -> None:
    answer = as_acme.get("events", after=4, limit=3)
    assert sequences(answer) == [5, 6, 7]
    assert answer.json()["next_cursor"] is None


def test_feed_after_newest_is_empty(as_acme: Api, seven: None) -> None:
    assert as_acme.get("events/newest").json() == {"sequence": 7}
    answer = as_acme.get("events", after=7)
    assert answer.status_code == 200
    assert answer.json() == {"data": [], "next_cursor": None}


@pytest.mark.parametrize("after", [8, 2**63 - 1])
@pytest.mark.parametrize("wait", [0, 30])
def test_feed_after_beyond_stream_is_refused(
    after: int, wait: int, as_acme: Api, seven: None
) -> None:
    answer = as_acme.get("events", after=after, wait=wait)
    assert (answer.status_code, answer.json()["code"]) == (422, "beyond_stream")
    assert answer.json()["field"] == "after"


@pytest.mark.parametrize("after", [8, 2**63 - 1])
def test_overdue_after_beyond_stream_is_refused(after: int, as_acme: Api, seven: None) -> None:
    assert as_acme.get("events/overdue", after=7).json() == {"data": [], "next_cursor": None}
    answer = as_acme.get("events/overdue", after=after)
    assert (answer.status_code, answer.json()["code"]) == (422, "beyond_stream")
    assert answer.json()["field"] == "after"


def test_feed_empty_stream_has_newest_zero(as_rival: Api, seven: None) -> None:
    assert as_rival.get("events/newest").json() == {"sequence": 0}
    assert as_rival.get("events", after=0).status_code == 200
    assert as_rival.get("events", after=1).json()["code"] == "beyond_stream"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"after": -1}, "after"),
        ({"after": "x"}, "after"),
        ({"after": ""}, "after"),
        ({"after": "1.5"}, "after"),
        ({"after": 2**63}, "after"),
        ({"after": "9" * 2_000}, "after"),
        ({"after": "1\0"}, "after"),
        ({"after": "+1"}, "after"),
        ({"after": " 1 "}, "after"),
        ({"after": "1.0"}, "after"),
        ({"after": "٣"}, "after"),
        ({"wait": "0.0"}, "wait"),
        ({"limit": "1_0"}, "limit"),
        ({"types": "preference.*"}, "types"),
        ({"limit": 0}, "limit"),
        ({"limit": 1001}, "limit"),
        ({"limit": -5}, "limit"),
    ],
)
def test_feed_invalid_query_is_refused(query: dict[str, Any], field: str, as_acme: Api) -> None:
    answer = as_acme.get("events", **query)
    assert (answer.status_code, answer.json()["field"]) == (422, field)


def test_feed_of_other_brand_is_empty(as_rival: Api, seven: None) -> None:
    assert as_rival.get("events").json() == {"data": [], "next_cursor": None}


def test_feed_reading_stores_no_acknowledgement(as_acme: Api, seven: None) -> None:
    as_acme.get("events")
    assert not Acknowledgement.objects.exists()


def test_ack_several_returns_highest(ack: Callable[[Any], Any], seven: None) -> None:
    assert [ack(n).json() for n in (2, 5, 7)] == [{"through": n} for n in (2, 5, 7)]


def test_ack_again_changes_nothing(ack: Callable[[Any], Any], seven: None) -> None:
    assert [ack(4).json()["through"] for _ in range(3)] == [4, 4, 4]
    assert Acknowledgement.objects.count() == 1


def test_ack_lower_keeps_higher(ack: Callable[[Any], Any], seven: None) -> None:
    ack(6)
    answer = ack(2)
    assert (answer.status_code, answer.json()) == (200, {"through": 6})
    assert Acknowledgement.objects.get().through == 6


def test_ack_zero_stores_nothing(ack: Callable[[Any], Any]) -> None:
    assert ack(0).json() == {"through": 0}
    assert not Acknowledgement.objects.exists()


def test_ack_beyond_stream_is_refused(
    ack: Callable[[Any], Any], as_rival: Api, seven: None
) -> None:
    for answer in (ack(8), as_rival.post("events/ack", {"through": 1})):
        assert (answer.status_code, answer.json()["code"]) == (422, "beyond_stream")
        assert answer.json()["field"] == "through"
    assert not Acknowledgement.objects.exists()


@pytest.mark.parametrize("through", [-1, 2**63, 2**80, "x", None, True, 1.5, [], {}])
def test_ack_invalid_body_is_refused(through: Any, ack: Callable[[Any], Any], seven: None) -> None:
    answer = ack(through)
    assert (answer.status_code, answer.json()["field"]) == (422, "through")
    assert not Acknowledgement.objects.exists()
