"""A brand asks for a yes: what it may ask, how the person answers, and what it learns."""

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
from consent.checks import single
from consent.checks.single import Asked
from consent.decision.resolution import Scope
from consent.identity.identifiers import Contact
from consent.ledger import recording
from consent.ledger.recording import Actor, NewChoice
from consent.models import LedgerEntry, Refusal, Relationship
from consent.relationships import lifecycle
from tests import mails
from tests.conftest import EMAIL, Api

TEXT = "May we ask you once a year?"
ASK = {
    "contact": {"email": EMAIL},
    "purpose": "research",
    "channel": "email",
    "text": TEXT,
}
FORM = {"evidence": "Form “Tell us”, sent on 25 November 2026"}


def is_allowed(brand: Brand) -> bool:
    asked = Asked(brand.pk, Contact(email=EMAIL), "research", "email")
    return single.check_contact(asked, now=timezone.now()).allowed


def refused() -> int:
    return sum(Refusal.objects.filter(kind="ask").values_list("count", flat=True))


def test_asked_answered_and_read(
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
    assert is_allowed(met.brand)
    path = f"permission-requests/{made.json()['id']}"
    assert as_acme.get(path).json()["answer"] == "yes"
    assert as_acme.get("permission-requests").json()["data"][0]["answer"] == "yes"
    entry = LedgerEntry.objects.get(decision="grant")
    assert (entry.notice, entry.maker) == ("research-2026-2@1", "person")
    assert mails.sent() == []  # nobody showed that she had asked for one


def test_the_same_is_not_asked_twice(as_acme: Api, met: Relationship) -> None:
    as_acme.post("permission-requests", ASK)
    answer = as_acme.post("permission-requests", ASK)
    assert (answer.status_code, answer.json()["code"]) == (409, "asked_already")
    assert refused() == 1


def test_after_a_no_it_rests(
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


def test_how_long_it_rests_is_told_by_the_hour(
    as_acme: Api, met: Relationship, time_machine: Any
) -> None:
    """Or two brands could tell by it that they hear of one person."""
    begun = timezone.now().replace(minute=20, second=7, microsecond=0)
    time_machine.move_to(begun, tick=False)
    no = NewChoice(Scope(None, "research"), "deny")
    recording.record_choices(met.subject_id, [no], by=Actor("portal"), now=begun)
    answer = as_acme.post("permission-requests", ASK)
    free = timezone.now() + timedelta(seconds=int(answer.headers["Retry-After"]))
    assert (free.minute, free - begun - requests.REST < timedelta(hours=1)) == (0, True)


def test_a_no_in_any_other_way_counts_too(as_acme: Api, met: Relationship) -> None:
    wide = NewChoice(Scope(met.brand_id), "deny")
    recording.record_choices(met.subject_id, [wide], by=Actor("portal"), now=timezone.now())
    assert as_acme.post("permission-requests", ASK).json()["code"] == "asked_too_soon"


def test_never_is_never(as_acme: Api, met: Relationship, time_machine: Any) -> None:
    as_acme.post("permission-requests", ASK)
    requests.answer_request(
        PermissionRequest.objects.get(), Answer.NEVER, by="portal", now=timezone.now()
    )
    time_machine.move_to(timezone.now() + 10 * requests.REST)
    assert as_acme.post("permission-requests", ASK).json()["code"] == "never_again"


def test_not_too_much_at_once(as_acme: Api, met: Relationship) -> None:
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
def test_what_is_wrong_is_said(
    change: Any, status: int, code: str, as_acme: Api, met: Relationship
) -> None:
    answer = as_acme.post("permission-requests", {**ASK, **change})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not PermissionRequest.objects.exists()
    assert refused() == 0


def test_another_brand_reads_none_of_it(as_acme: Api, as_rival: Api, met: Relationship) -> None:
    made = as_acme.post("permission-requests", ASK).json()
    assert as_rival.get(f"permission-requests/{made['id']}").status_code == 404
    assert as_rival.get("permission-requests").json()["data"] == []


def test_the_list_has_pages(as_acme: Api, met: Relationship) -> None:
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
def test_a_mail_with_a_link_to_answer(
    given: str, allowed: bool, as_acme: Api, met: Relationship
) -> None:
    made = as_acme.post("permission-requests", {**ASK, **FORM}).json()
    (letter,) = mails.sent()
    assert letter.to == [EMAIL] and letter.subject == "Acme asks you to confirm"
    assert FORM["evidence"] in str(letter.body) and TEXT in str(letter.body)
    page = Client().get(page_in_mail())
    assert TEXT.encode() in page.content
    assert not is_allowed(met.brand)  # looking changes nothing
    answered = Client().post(page_in_mail(), {"asked": made["id"], "answer": given})
    assert answered.status_code == 200
    assert is_allowed(met.brand) == allowed
    entry = LedgerEntry.objects.get()
    assert (entry.source, entry.evidence) == ("link", FORM["evidence"])
    again = Client().post(page_in_mail(), {"asked": made["id"], "answer": "yes"})
    assert again.status_code == 422
    assert is_allowed(met.brand) == allowed


def test_the_mail_speaks_their_language(as_acme: Api, met: Relationship) -> None:
    as_acme.post("permission-requests", {**ASK, **FORM, "language": "de"})
    assert "bittet" in mails.sent()[0].subject


def test_only_an_address_in_clear_can_be_written_to(as_acme: Api, met: Relationship) -> None:
    sha = hashlib.sha256(EMAIL.encode()).hexdigest()
    as_acme.post("permission-requests", {**ASK, **FORM, "contact": {"sha256": sha}})
    assert mails.sent() == []


def test_a_brand_cannot_answer_by_a_link_of_its_mails(as_acme: Api, met: Relationship) -> None:
    made = as_acme.post("permission-requests", {**ASK, **FORM}).json()
    token = links.build_token(Link(met, "research", "email"))
    assert TEXT.encode() not in Client().get(f"/p/{token}").content
    answer = Client().post(f"/p/{token}", {"asked": made["id"], "answer": "yes"})
    assert answer.status_code == 422
    assert not is_allowed(met.brand)


def test_one_s_own_link_answers_nothing_of_others(
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
    assert not is_allowed(met.brand)
