"""What Django or a serializer cannot read is refused, and no mistake of ours."""

from __future__ import annotations

from tests.conftest import Api


def test_a_query_of_too_many_fields_is_refused(as_acme: Api) -> None:
    answer = as_acme.get("campaigns?" + "&a" * 1_100)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


def test_json_too_deep_for_a_field_is_refused(as_acme: Api) -> None:
    deep = b"[" * 1_000 + b"]" * 1_000
    answer = as_acme.send("POST", "campaigns", b'{"code": %b}' % deep)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")
