"""The program of `docs/examples/brand` by itself: how it answers, and how it mends its copy."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from tests.chaos.example import PROGRAM, Example

ANA, BEN = "ana-at-acme", "ben-at-acme"
YES: dict[str, Any] = {
    "purpose": "marketing",
    "channel": None,
    "topic": None,
    "allowed": True,
    "then": [],
}
NO_BY_EMAIL = {**YES, "channel": "email", "allowed": False}
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
Rows = list[dict[str, Any]] | None


@pytest.fixture
def brand(httpserver: HTTPServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The program as a module, with an empty copy, and a service that *httpserver* plays."""
    for name, value in Example(tmp_path / "copy.sqlite", 1).told(httpserver.url_for("")).items():
        monkeypatch.setenv(name, value.rstrip("/"))
    spec = importlib.util.spec_from_file_location("brand", PROGRAM)
    assert spec and spec.loader
    program = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(program)
    program.database().executescript(program.TABLES)
    program.own("regimes", json.dumps({"marketing": "opt_in", "service": "required"}))
    return program


def event(
    sequence: int, rows: Rows, *, person: str = ANA, seq: int = 1, kind: str = "preference.denied"
) -> dict[str, Any]:
    data = {"subject": {"id": person, "ref": None}, "subject_seq": seq, "permissions": rows}
    if kind == "relationship.ended":
        del data["permissions"]
    return {"type": kind, "sequence": sequence, "data": data}


def exported(rows: Rows, *, person: str = ANA, seq: int = 1, **more: Any) -> str:
    line = {"subject": {"id": person}, "subject_seq": seq, "ended_at": None, "permissions": rows}
    return json.dumps(line | more) + "\n"


@pytest.fixture
def export(httpserver: HTTPServer) -> Callable[..., None]:
    """Say what the next export since a sequence holds."""

    def answer(*lines: str, since: int) -> None:
        path, query = "/api/v1/exports/preferences", {"since": str(since)}
        held = httpserver.expect_oneshot_request(path, query_string=query)
        held.respond_with_data("".join(lines), content_type="application/x-ndjson")

    return answer


def test_the_most_specific_row_decides(brand: Any) -> None:
    brand.write_events([event(1, [YES, NO_BY_EMAIL])])
    assert brand.may(ANA, "marketing", "sms") is True
    assert brand.may(ANA, "marketing", "email", "news") is False
    assert brand.may(ANA, "service", "email") is True


def test_a_turn_counts_from_its_time_on(brand: Any) -> None:
    pause = {**YES, "allowed": False, "then": [{"at": "2026-11-25T12:00:00Z", "allowed": True}]}
    brand.write_events([event(1, [pause])])
    assert brand.may(ANA, "marketing", "sms", at=NOON.replace(hour=11)) is False
    assert brand.may(ANA, "marketing", "sms", at=NOON) is True


def test_without_a_relationship_it_is_no(brand: Any) -> None:
    brand.write_events([event(1, [YES]), event(2, None, seq=2, kind="relationship.ended")])
    assert brand.may(ANA, "service", "email") is False
    assert brand.may(BEN, "service", "email") is False


def test_a_purpose_that_is_new_has_to_be_asked_about(brand: Any) -> None:
    brand.write_events([event(1, [YES])])
    assert brand.may(ANA, "research", "email") is None


def test_an_older_event_after_a_newer_one_changes_nothing(brand: Any) -> None:
    brand.write_events([event(2, [NO_BY_EMAIL], seq=2)])
    assert not brand.is_whole(ANA)
    brand.write_events([event(1, [YES])])
    assert brand.may(ANA, "marketing", "sms") is False
    assert brand.is_whole(ANA)


def test_too_many_permissions_are_fetched(brand: Any, export: Callable[..., None]) -> None:
    brand.write_events([event(1, [YES], person=BEN), event(2, None)])
    assert brand.may(ANA, "marketing", "sms") is None
    export(exported([YES]), since=1)
    brand.fetch_permissions()
    assert brand.may(ANA, "marketing", "sms") is True


def test_a_list_that_is_cut_off_is_read_again(
    brand: Any, export: Callable[..., None], httpserver: HTTPServer
) -> None:
    brand.write_events([event(1, None), event(2, None, person=BEN)])
    export(exported([YES]), '{"error": {"code": "cut_off"}}\n', since=0)
    brand.fetch_permissions()
    assert (brand.may(ANA, "marketing"), brand.may(BEN, "marketing")) == (True, None)
    export(exported([YES], person=BEN), since=1)
    brand.fetch_permissions()
    assert brand.may(BEN, "marketing") is True
    brand.fetch_permissions()  # asks nothing more
    httpserver.check_assertions()
    assert len(httpserver.log) == 2


def test_an_answer_of_before_the_newest_event_is_not_taken(
    brand: Any, export: Callable[..., None]
) -> None:
    brand.write_events([event(2, None, seq=2)])
    export(exported([YES], seq=1), since=1)
    brand.fetch_permissions()
    assert brand.may(ANA, "marketing") is None


def test_an_event_that_the_answer_knew_changes_nothing(
    brand: Any, export: Callable[..., None]
) -> None:
    brand.write_events([event(1, None)])
    export(exported([], seq=2, ended_at="2026-11-25T12:00:00Z"), since=0)
    brand.fetch_permissions()
    brand.write_events([event(2, [YES], seq=2)])
    assert brand.may(ANA, "marketing") is False


def feed(httpserver: HTTPServer, after: int, *events: Any, gaps: Any = None) -> None:
    """Have the service answer the feed once, and take every acknowledgement."""
    query = {"after": str(after), "limit": "1000"}
    page = {"data": events, "next_cursor": None} | ({"gaps": gaps} if gaps else {})
    httpserver.expect_request("/api/v1/events", query_string=query).respond_with_json(page)
    httpserver.expect_request("/api/v1/events/ack").respond_with_json({})


def test_numbers_that_a_restore_skipped_are_not_missing(brand: Any, httpserver: HTTPServer) -> None:
    brand.write_events([event(1, [YES])])
    later = event(1_002, [NO_BY_EMAIL], seq=1_002)
    feed(httpserver, 1, later, gaps=[{"first": 2, "last": 1_001}])
    brand.repair()
    assert brand.whole_through() == 1_002
    assert brand.is_whole(ANA)
    assert brand.may(ANA, "marketing", "email") is False


def test_a_copy_of_what_was_lost_is_made_anew(brand: Any, httpserver: HTTPServer) -> None:
    brand.write_events([event(1, [NO_BY_EMAIL]), event(2, [YES], seq=2)])
    refused = httpserver.expect_oneshot_request("/api/v1/events")
    refused.respond_with_json({"code": "beyond_stream"}, status=422)
    brand.repair()
    assert brand.whole_through() == 0
    feed(httpserver, 0, event(1, [NO_BY_EMAIL]))
    brand.repair()
    assert brand.may(ANA, "marketing", "email") is False


def test_a_type_of_later_changes_nothing(brand: Any) -> None:
    later = event(2, None, seq=2, kind="relationship.moved")
    del later["data"]["permissions"]
    brand.write_events([event(1, [YES]), later])
    assert brand.may(ANA, "marketing") is True
    assert brand.is_whole(ANA)
