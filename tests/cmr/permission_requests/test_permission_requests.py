"""/permission-requests: what a brand may ask, how people answer, what it learns."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from brands.catalogue import privacy_notices
from brands.models import Brand
from cmr.choices import links
from cmr.choices.links import Link
from cmr.models import Answer, Consumer, PermissionRequest
from cmr.permission_requests import requests
from consent.decision.resolution import Scope
from consent.ledger.recording import Actor
from consent.models import LedgerEntry, Refusal, Relationship
from consent.relationships import lifecycle
from tests import mails
from tests.conftest import EMAIL, Api
from tests.factories import is_allowed, record_choice

TEXT = "May we ask you once a year?"
ASK = {
    "contact": {"email": EMAIL},
    "purpose": "research",
    "channel": "email",
    "text": TEXT,
}
FORM = {"evidence": "Form “Tell us”, sent on 25 November 2026"}


def refused() -> int:
    return sum(Refusal.objects.filter(kind="ask").values_list("count", flat=True))


def test_request_answered_is_read_by_brand(
    as_acme: Api, as_ana: Api, met: Relationship, now: datetime
) -> None:
    privacy_notices.write_notice(
        met.brand, code="research-2026-2", texts={"en": "Once a year."}, now=now
    )
    made = as_acme.post("permission-requests", ASK | {"notice": "research-2026-2"})
    assert made.status_code == 201
    assert (made.json()["answer"], made.json()["subject"]["id"]) == (None, str(met.pk))
    (waits,) = as_ana.get("me/permission-requests").json()["data"]
    assert waits["text"] == TEXT
    as_ana.post(f"me/permission-requests/{waits['id']}", {"answer": "yes"})
    assert is_allowed(met.brand, "research")
    path = f"permission-requests/{made.json()['id']}"
    assert as_acme.get(path).json()["answer"] == "yes"
    assert as_acme.get("permission-requests").json()["data"][0]["answer"] == "yes"
    entry = LedgerEntry.objects.get(decision="grant")
    assert (entry.notice, entry.maker) == ("research-2026-2@1", "person")
    assert mails.sent() == []  # nobody showed that she had asked for one


def test_request_again_is_refused(as_acme: Api, met: Relationship) -> None:
    as_acme.post("permission-requests", ASK)
    answer = as_acme.post("permission-requests", ASK)
    assert (answer.status_code, answer.json()["code"]) == (409, "asked_already")
    assert refused() == 1


def test_request_after_no_is_refused_for_a_while(
    as_acme: Api, ana: Consumer, met: Relationship, time_machine: Any
) -> None:
    begun = timezone.now().replace(minute=0, second=0, microsecond=0)
    time_machine.move_to(begun, tick=False)
    as_acme.post("permission-requests", ASK)
    requests.answer_request(PermissionRequest.objects.get(), Answer.NO, by="portal", now=begun)
    answer = as_acme.post("permission-requests", ASK)
    assert (answer.status_code, answer.json()["code"]) == (409, "asked_too_soon")
    assert int(answer.headers["Retry-After"]) == requests.REST.total_seconds()
    time_machine.move_to(begun + requests.REST - timedelta(seconds=1), tick=False)
    assert as_acme.post("permission-requests", ASK).status_code == 409
    time_machine.move_to(begun + requests.REST, tick=False)
    assert as_acme.post("permission-requests", ASK).status_code == 201
    assert refused() == 2


def test_request_too_soon_rounds_wait_to_hour(
    as_acme: Api, met: Relationship, time_machine: Any
) -> None:
    """Or two brands could tell by it that they hear of one person."""
    begun = timezone.now().replace(minute=20, second=7, microsecond=0)
    time_machine.move_to(begun, tick=False)
    record_choice(met, "deny", Scope(None, "research"), now=begun)
    answer = as_acme.post("permission-requests", ASK)
    free = timezone.now() + timedelta(seconds=int(answer.headers["Retry-After"]))
    assert (free.minute, free - begun - requests.REST < timedelta(hours=1)) == (0, True)


def test_request_after_denial_is_refused(as_acme: Api, met: Relationship) -> None:
    record_choice(met, "deny", Scope(met.brand_id))
    assert as_acme.post("permission-requests", ASK).json()["code"] == "asked_too_soon"


def test_request_after_never_is_refused_for_good(
    as_acme: Api, met: Relationship, time_machine: Any
) -> None:
    as_acme.post("permission-requests", ASK)
    requests.answer_request(
        PermissionRequest.objects.get(), Answer.NEVER, by="portal", now=timezone.now()
    )
    time_machine.move_to(timezone.now() + 10 * requests.REST)
    assert as_acme.post("permission-requests", ASK).json()["code"] == "never_again"


def test_request_more_than_three_waiting_is_refused(as_acme: Api, met: Relationship) -> None:
    for channel in ("email", "sms", "post"):
        assert as_acme.post("permission-requests", {**ASK, "channel": channel}).status_code == 201
    answer = as_acme.post("permission-requests", {**ASK, "channel": "voice"})
    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_waiting")


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"purpose": "weather"}, 422, "unknown_purpose"),
        ({"purpose": "service"}, 422, "cannot_be_refused"),
        ({"channel": "weather"}, 422, "unknown_channel"),
        ({"topic": "weather"}, 422, "unknown_topic"),
        ({"text": "Read https://evil.example first"}, 422, "no_addresses"),
        ({"text": "see evil.example/win"}, 422, "no_addresses"),
        ({"evidence": "www.evil.example"}, 422, "no_addresses"),
        ({"text": "pay at evil.example now"}, 422, "no_addresses"),
        ({"evidence": "form at shop.evil.example"}, 422, "no_addresses"),
        ({"text": ""}, 422, "blank"),
        ({"contact": {"email": "nobody@example.org"}}, 404, "no_relationship"),
        ({"language": "xx"}, 422, "invalid_choice"),
        ({"weather": 1}, 422, "unknown_field"),
    ],
)
def test_request_invalid_body_is_refused(
    change: Any, status: int, code: str, as_acme: Api, met: Relationship
) -> None:
    answer = as_acme.post("permission-requests", {**ASK, **change})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not PermissionRequest.objects.exists()
    assert refused() == 0


def test_request_of_other_brand_is_not_found(
    as_acme: Api, as_rival: Api, met: Relationship
) -> None:
    made = as_acme.post("permission-requests", ASK).json()
    assert as_rival.get(f"permission-requests/{made['id']}").status_code == 404
    assert as_rival.get("permission-requests").json()["data"] == []


def test_list_requests_returns_pages(as_acme: Api, met: Relationship) -> None:
    for channel in ("email", "sms", "post"):
        as_acme.post("permission-requests", {**ASK, "channel": channel})
    first = as_acme.get("permission-requests", limit=2).json()
    rest = as_acme.get("permission-requests", limit=2, cursor=first["next_cursor"]).json()
    channels = [row["channel"] for row in first["data"] + rest["data"]]
    assert (channels, rest["next_cursor"]) == (["post", "sms", "email"], None)
    assert as_acme.get("permission-requests", cursor="x").json()["code"] == "invalid_cursor"


# -- Double opt-in --------------------------------------------------------------------------------


def page_in_mail() -> str:
    (letter,) = mails.sent()
    found = re.search(r"http://127.0.0.1:8000(/p/\S+)", str(letter.body))
    assert found
    return found[1]


@pytest.mark.parametrize(("given", "allowed"), [("yes", True), ("no", False), ("never", False)])
def test_request_with_mail_is_answered_by_link(
    given: str, allowed: bool, as_acme: Api, met: Relationship
) -> None:
    made = as_acme.post("permission-requests", {**ASK, **FORM}).json()
    (letter,) = mails.sent()
    assert letter.to == [EMAIL] and letter.subject == "Acme asks you to confirm"
    assert FORM["evidence"] in str(letter.body) and TEXT in str(letter.body)
    page = Client().get(page_in_mail())
    assert TEXT.encode() in page.content
    assert not is_allowed(met.brand, "research")  # looking changes nothing
    answered = Client().post(page_in_mail(), {"asked": made["id"], "answer": given})
    assert answered.status_code == 200
    assert is_allowed(met.brand, "research") == allowed
    entry = LedgerEntry.objects.get()
    assert (entry.source, entry.evidence) == ("link", FORM["evidence"])
    again = Client().post(page_in_mail(), {"asked": made["id"], "answer": "yes"})
    assert again.status_code == 422
    assert is_allowed(met.brand, "research") == allowed


def test_request_with_language_mails_in_it(as_acme: Api, met: Relationship) -> None:
    as_acme.post("permission-requests", {**ASK, **FORM, "language": "de"})
    assert "bittet" in mails.sent()[0].subject


def test_request_by_digest_sends_no_mail(as_acme: Api, met: Relationship) -> None:
    sha = hashlib.sha256(EMAIL.encode()).hexdigest()
    as_acme.post("permission-requests", {**ASK, **FORM, "contact": {"sha256": sha}})
    assert mails.sent() == []


def test_answer_by_link_of_brand_is_refused(as_acme: Api, met: Relationship) -> None:
    made = as_acme.post("permission-requests", {**ASK, **FORM}).json()
    token = links.build_token(Link(met, "research", "email"))
    assert TEXT.encode() not in Client().get(f"/p/{token}").content
    answer = Client().post(f"/p/{token}", {"asked": made["id"], "answer": "yes"})
    assert answer.status_code == 422
    assert not is_allowed(met.brand, "research")


def test_answer_by_link_for_other_brand_is_refused(
    as_acme: Api, met: Relationship, rival: Brand
) -> None:
    made = as_acme.post("permission-requests", ASK).json()
    other, _ = lifecycle.start_relationship(
        met.subject_id, rival, by=Actor("portal"), now=timezone.now()
    )
    token = links.build_proven_token(Link(other), now=timezone.now())
    for asked in (made["id"], "x", ""):
        answer = Client().post(f"/p/{token}", {"asked": asked, "answer": "yes"})
        assert answer.status_code == 422
    assert not is_allowed(met.brand, "research")
