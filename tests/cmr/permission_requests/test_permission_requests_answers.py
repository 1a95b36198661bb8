"""Answering a brand's request for permission."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.test import Client
from django.utils import timezone

from cmr.models import Answer, Consumer, PermissionRequest
from cmr.permission_requests import requests
from cmr.permission_requests.requests import RequestedPermission
from consent.models import LedgerEntry, Relationship
from tests.conftest import Api
from tests.factories import open_account

NEW = "dora@example.org"


QUESTION = RequestedPermission("research", "email", None, "Once a year?")


@pytest.fixture
def asked(met: Relationship, now: datetime) -> PermissionRequest:
    return requests.ask_person(met, QUESTION, now=now)


def test_ask_person_again_or_after_never_is_refused(
    asked: PermissionRequest, met: Relationship, ana: Consumer, now: datetime
) -> None:
    with pytest.raises(requests.AskedAlready):
        requests.ask_person(met, QUESTION, now=now)
    requests.answer_request(asked, Answer.NEVER, by="portal", now=timezone.now())
    with pytest.raises(requests.NeverAgain):
        requests.ask_person(met, QUESTION, now=now)
    with pytest.raises(requests.AlreadyAnswered):
        requests.answer_request(asked, Answer.YES, by="portal", now=timezone.now())


def test_answer_by_api_records_choice(as_ana: Api, asked: PermissionRequest) -> None:
    (shown,) = as_ana.get("me/permission-requests").json()["data"]
    assert (shown["brand"], shown["purpose"], shown["text"]) == ("acme", "research", "Once a year?")
    path = f"me/permission-requests/{shown['id']}"
    assert as_ana.post(path, {"answer": "maybe"}).status_code == 422
    (entry,) = as_ana.post(path, {"answer": "yes"}).json()["data"]
    assert (entry["decision"], entry["scope"]["channel"]) == ("grant", "email")
    assert as_ana.post(path, {"answer": "no"}).json()["code"] == "answered_already"
    assert as_ana.get("me/permission-requests").json()["data"] == []


def test_answer_request_of_other_person_is_not_found(
    asked: PermissionRequest, nobody: Api, now: datetime
) -> None:
    from cmr.sign_in import access_tokens

    ben = open_account(NEW, now=now)
    as_ben = Api(access_tokens.issue_token(ben, name="x"))
    assert as_ben.get("me/permission-requests").json()["data"] == []
    path = f"me/permission-requests/{asked.pk}"
    assert as_ben.post(path, {"answer": "yes"}).status_code == 404
    browser = Client()
    browser.force_login(ben.user)
    assert browser.post(f"/asked/{asked.pk}", {"answer": "yes"}).status_code == 404
    assert not LedgerEntry.objects.exists()
