"""Console pages: asking for permission and reading the answers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.utils import timezone

from brands.catalogue import privacy_notices
from brands.models import Brand, Topic, Workspace
from cmr.models import Answer, PermissionRequest, TestMail
from cmr.permission_requests import requests
from consent.ledger.recording import Actor
from consent.models import Refusal, Relationship
from consent.relationships import lifecycle
from tests import mails
from tests.cmr.console.conftest import Browser
from tests.factories import find_subject

LIST = "acme/live/requests"
FORM = {
    "way": "email",
    "contact": "ann@example.org",
    "purpose": "research",
    "channel": "email",
    "text": "May we ask you once a year?",
    "language": "en",
}


@pytest.fixture
def ann(is_live: Workspace, acme: Brand, now: datetime) -> Relationship:
    person = find_subject("ann@example.org")
    return lifecycle.start_relationship(
        person, acme, by=Actor("brand_api", acme.pk), now=now, ref="A-1"
    )[0]


def ask(by: Browser, **more: Any) -> Any:
    return by.post(f"{LIST}/new", **{**FORM, **more})


def test_request_page_shows_answer(ann: Relationship, dev: Browser) -> None:
    privacy_notices.write_notice(
        ann.brand, code="research-2", texts={"en": "Once."}, now=timezone.now()
    )
    assert "There is none yet" in dev.text(LIST)
    assert ask(dev, notice="research-2").status_code == 302
    seen = dev.text(LIST)
    assert "A-1" in seen and FORM["text"] in seen and "<dt>Waiting</dt><dd>1</dd>" in seen
    assert "There is none of these" in dev.text(LIST, show="answered")
    asked = PermissionRequest.objects.get()
    assert (asked.relationship, asked.notice, asked.topic) == (ann, "research-2@1", None)
    requests.answer_request(asked, Answer.YES, by="portal", now=timezone.now())
    assert "<dt>Yes</dt><dd>1</dd>" in dev.text(LIST, show="answered")
    assert "There is none of these" in dev.text(LIST, show="waiting")


@pytest.mark.parametrize("wrong", [{"notice": "none"}, {"purpose": "profiling"}])
def test_request_form_invalid_field_is_explained(
    wrong: dict[str, str], ann: Relationship, dev: Browser
) -> None:
    assert ask(dev, **wrong).status_code == 422
    assert not PermissionRequest.objects.exists()
    assert mails.sent() == []


def test_request_form_with_evidence_sends_mail(ann: Relationship, dev: Browser) -> None:
    ask(dev, evidence="Form “Tell us”", language="de")
    assert mails.sent()[0].to == ["ann@example.org"]
    assert not TestMail.objects.exists()


def test_request_form_refusal_is_counted(ann: Relationship, dev: Browser) -> None:
    ask(dev)
    answer = ask(dev)
    assert answer.status_code == 422
    assert "The same request is already waiting for an answer." in answer.content.decode()
    assert FORM["text"] in answer.content.decode()  # what was typed is not lost
    assert Refusal.objects.get(kind="ask").count == 1


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"contact": "nobody@example.org"}, "You have no relationship with this contact."),
        ({"contact": "nobody"}, "This is not an e-mail address."),
        ({"way": "ref", "contact": "A-2"}, "You have no relationship with this contact."),
        ({"text": "See www.example.org"}, "Leave web addresses out"),
        ({"evidence": "https://example.org"}, "Leave web addresses out"),
        ({"purpose": "nothing"}, "Select a valid choice"),
        ({"topic": "offers"}, "There is no topic"),
        ({"text": ""}, "This field is required"),
    ],
)
def test_request_form_unknown_contact_is_explained(
    wrong: dict[str, str], said: str, ann: Relationship, acme: Brand, dev: Browser
) -> None:
    Topic.objects.create(brand=acme, code="offers", name="Offers", purpose_id="marketing")
    answer = ask(dev, **wrong)
    assert answer.status_code == 422 and said in answer.content.decode()
    assert not PermissionRequest.objects.exists()


def test_requests_page_of_other_brand_is_not_found(
    ann: Relationship, dev: Browser, vera: Browser
) -> None:
    ask(dev)
    assert FORM["text"] not in dev.text("acme/test/requests")
    assert FORM["text"] in vera.text(LIST) and "Ask somebody" not in vera.text(LIST)
    assert ask(vera).status_code == 403
    here = dev.post("acme/test/requests/new", **FORM)  # ann is the live brand's
    assert here.status_code == 422
