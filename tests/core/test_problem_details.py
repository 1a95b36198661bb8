"""Exceptions of the domain as problem documents: their classes say the code, status and field."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from rest_framework.response import Response

from cmr.messages import CannotSendNow
from cmr.permission_requests.requests import AskedTooSoon
from config.problems import Handler
from consent.identity import InvalidAddress
from consent.ledger import ExpiresTooSoon
from consent.rules import UnknownName
from core.errors import DomainError, report_field


def handle(error: Exception) -> Response:
    context: Any = {"request": SimpleNamespace(id="r-1"), "view": None, "args": (), "kwargs": {}}
    answer = Handler(error, context).run()
    assert answer is not None
    return answer


def test_handler_domain_error_is_problem_of_its_class() -> None:
    answer = handle(InvalidAddress("this is no address"))
    assert answer.status_code == 422
    error = {"code": "invalid_contact", "detail": "This is no address.", "field": "contact"}
    assert answer.data["errors"] == [error]
    assert answer.data | error == answer.data
    assert answer.data["type"].endswith("/docs/errors#invalid_contact")


def test_handler_error_with_wait_sends_retry_after() -> None:
    answer = handle(AskedTooSoon(90.0))
    assert (answer.status_code, answer.data["code"]) == (409, "asked_too_soon")
    assert answer.headers["Retry-After"] == "90"


def test_handler_error_with_detail_hides_its_text() -> None:
    answer = handle(CannotSendNow("SMTPConnectError"))
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "60"
    assert "SMTP" not in str(answer.data)


@pytest.mark.parametrize("field", ["brand", "purpose", "channel", "topic", "contact_point"])
def test_unknown_name_code_names_the_field(field: str) -> None:
    answer = handle(UnknownName(field, "zz"))
    assert (answer.data["code"], answer.data["field"]) == (f"unknown_{field}", field)


def test_report_field_named_kind_gets_the_field() -> None:
    with pytest.raises(InvalidAddress) as refused, report_field("from", InvalidAddress):
        raise InvalidAddress("this is no address")
    assert handle(refused.value).data["field"] == "from"
    assert InvalidAddress.field == "contact"


def test_report_field_other_kind_keeps_its_field() -> None:
    with pytest.raises(DomainError) as refused, report_field("from", InvalidAddress):
        raise ExpiresTooSoon("too soon")
    assert refused.value.field == "expires_at"
