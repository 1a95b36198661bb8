"""A member that stands twice in a JSON object is refused wherever JSON is read."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest

from consent.models import Import, LedgerEntry, Relationship
from core.json_bodies import DuplicateMember, load_json
from tests.conftest import EMAIL, Api

CHECK = b'"contact":{"email":"ana@example.org"},"purpose":"marketing","channel":"email"'


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('{"a":1,"a":2}', "a"),
        ('{"a":1,"a" :2}', "a"),
        ('{"a":1,"a"\n:\t2}', "a"),
        ('{"a":":","a":"x"}', "a"),
        ('{"a":1,"\\u0061":2}', "a"),
        ('{"b":{"a":1,"a":1}}', "a"),
        ('[{"x":[{"a":1,"b":2,"a":1}]}]', "a"),
        ('{"":1,"":2}', ""),
    ],
)
def test_load_json_duplicate_member_is_refused(text: str, name: str) -> None:
    with pytest.raises(DuplicateMember) as found:
        load_json(text.encode())
    assert found.value.field == name


@pytest.mark.parametrize(
    "text",
    [
        '{"a":1,"b":{"a":1},"c":[{"a":1},{"a":1}]}',
        '{"at":"2026-01-01T10:00:00Z","b":" : \\":"}',
        '[1,"a","a",null]',
        "7",
        '{"n":{"a":' + "9" * 300 + "}}",
    ],
)
def test_load_json_without_duplicates_is_read(text: str) -> None:
    assert load_json(text.encode()) == orjson.loads(text)


@pytest.mark.parametrize("depth", [500, 900, 1_000, 1_024, 200_000])
@pytest.mark.parametrize(("opens", "closes"), [("[", "]"), ('{"a":', "}")])
def test_load_json_deep_nesting_is_refused(
    depth: int, opens: str, closes: str, as_acme: Api
) -> None:
    body = (opens * depth + "1" + closes * depth).encode()
    assert as_acme.send("POST", "choices", body[:1_000_000]).status_code in (400, 422)


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("check", b'{%b,"channel":"sms"}' % CHECK, "channel"),
        ("check", b'{"contact":{"email":"a@b.org","email":"ana@example.org"}}', "email"),
        ("checks", b'{"contacts":[{"ref":"1","ref":"2"}],"purpose":"service"}', "ref"),
        ("choices", b'{"decision":"deny","decision":"grant"}', "decision"),
    ],
)
def test_body_with_duplicate_member_is_refused(
    path: str, body: bytes, field: str, as_acme: Api, met: Relationship
) -> None:
    answer = as_acme.send("POST", path, body)
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "duplicate_field")
    assert problem["field"] == field


def test_stream_line_with_duplicate_member_is_error(as_acme: Api, met: Relationship) -> None:
    lines = b'{"ref":"1","ref":"2"}\n{"email":"%b"}\n' % EMAIL.encode()
    path = "checks/stream?purpose=marketing&channel=email"
    answer: Any = as_acme.send("POST", path, lines, "application/x-ndjson")
    first, second = map(json.loads, answer.getvalue().splitlines()[:2])
    assert first["error"]["code"] == "duplicate_field" and "allowed" in second


@pytest.mark.parametrize("depth", [500, 900, 1_000, 1_024, 1_500])
def test_deeply_nested_line_is_error_of_its_own(
    depth: int, as_acme: Api, met: Relationship
) -> None:
    """orjson still parses what is too deep for a search of it in Python."""
    line = b'{"":' * depth + b"1" + b"}" * depth
    lines = line + b'\n{"email":"%b"}\n' % EMAIL.encode()
    path = "checks/stream?purpose=marketing&channel=email"
    answer: Any = as_acme.send("POST", path, lines, "application/x-ndjson")
    first, second = map(json.loads, answer.getvalue().splitlines()[:2])
    assert first["error"]["line"] == 1 and "allowed" in second
    job = as_acme.post("imports", {"note": "Our list"}).json()["id"]
    part = as_acme.send("PUT", f"imports/{job}/parts/1", line, "application/x-ndjson")
    assert (part.status_code, part.json()["bad"]) == (200, 1)


def test_import_line_with_duplicate_member_is_bad_row(as_acme: Api, met: Relationship) -> None:
    job = as_acme.post("imports", {"note": "Our list"}).json()["id"]
    line = b'{"email":"ana@example.org","note":"x","decision":"deny","decision":"grant"}'
    path = f"imports/{job}/parts/1"
    assert as_acme.send("PUT", path, line, "application/x-ndjson").json()["bad"] == 1
    (bad,) = as_acme.get(f"imports/{job}/exceptions").json()["data"]
    assert (bad["code"], bad["field"]) == ("duplicate_field", "decision")
    assert Import.objects.count() == 1 and not LedgerEntry.objects.exists()
