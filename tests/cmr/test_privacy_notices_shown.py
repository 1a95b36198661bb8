"""A privacy notice from the brand's call to the ledger; and retired topics on people's pages."""

from __future__ import annotations

import io
import re
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from brands.catalogue import privacy_notices, topics
from brands.models import Brand, Topic
from cmr.choices import links
from cmr.choices.links import Link
from cmr.models import Answer, PermissionRequest
from cmr.permission_requests import requests
from consent.decision.resolution import Scope
from consent.imports import jobs, receiving
from consent.models import ImportProblem, LedgerEntry, Relationship
from tests import mails
from tests.cmr.api.test_me_choices import refusal
from tests.conftest import EMAIL, Api
from tests.factories import record_choice

EN, DE = "<b>Once</b> a year.", "Einmal im Jahr."
ASK = {
    "contact": {"email": EMAIL},
    "purpose": "research",
    "channel": "email",
    "text": "May we ask you once a year?",
    "notice": "survey",
}
YES = {
    "contact": {"email": EMAIL},
    "scope": {"purpose": "research", "channel": "email"},
    "decision": "grant",
    "evidence": "Form",
}
OF_OLD = "2020-01-01T00:00:00Z"


@pytest.fixture
def survey(acme: Brand) -> None:
    """A notice in two languages, at its second version."""
    begun = timezone.now() - timedelta(days=2)
    privacy_notices.write_notice(acme, code="survey", texts={"en": "Twice a year."}, now=begun)
    later = begun + timedelta(days=1)
    privacy_notices.write_notice(acme, code="survey", texts={"en": EN, "de": DE}, now=later)


def read_page(client: Client, path: str, language: str = "en") -> str:
    answer = client.get(path, headers={"Accept-Language": language})
    assert answer.status_code == 200
    return answer.content.decode()


# -- Asked ----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("survey")
def test_request_with_notice_shows_it_to_person(
    as_acme: Api, as_ana: Api, met: Relationship, browser: Client
) -> None:
    made = as_acme.post("permission-requests", ASK).json()
    assert made["notice"] == "survey@2"
    for page in ("/asked", "/brands/acme"):
        assert "&lt;b&gt;Once&lt;/b&gt; a year." in read_page(browser, page)
        assert DE in read_page(browser, page, "de") and "Version 2" in read_page(
            browser, page, "de"
        )
    (waits,) = as_ana.get("me/permission-requests").json()["data"]
    assert waits["notice"] == {"name": "survey@2", "language": "en", "text": EN}
    as_ana.post(f"me/permission-requests/{made['id']}", {"answer": "yes"})
    entry = LedgerEntry.objects.get()
    assert entry.notice == "survey@2"
    assert DE in read_page(browser, f"/history/{entry.pk}", "de")


@pytest.mark.usefixtures("survey")
def test_request_with_notice_keeps_version_shown(
    as_acme: Api, acme: Brand, met: Relationship, browser: Client
) -> None:
    as_acme.post("permission-requests", ASK)
    as_acme.put("brand/notices/survey", {"texts": {"en": "Every day."}})
    page = read_page(browser, "/asked")
    assert "a year." in page and "Every day." not in page
    requests.answer_request(
        PermissionRequest.objects.get(), Answer.YES, by="portal", now=timezone.now()
    )
    assert LedgerEntry.objects.get().notice == "survey@2"


@pytest.mark.usefixtures("survey")
def test_link_page_of_request_shows_notice(as_acme: Api, met: Relationship) -> None:
    as_acme.post("permission-requests", ASK | {"evidence": "A form of ours"})
    (path,) = re.findall(r"(/p/\S+)", str(mails.sent()[0].body))
    assert DE in read_page(Client(), path, "de")
    theirs = links.build_token(
        Link(met, "research", "email")
    )  # which asks nothing, so shows nothing
    assert DE not in read_page(Client(), f"/p/{theirs}", "de")


@pytest.mark.usefixtures("survey", "met")
@pytest.mark.parametrize("name", ["survey@7", "survey@0", "survey@", "survey@01", "@1", "servey"])
def test_request_with_unknown_notice_is_refused(name: str, as_acme: Api) -> None:
    answer = as_acme.post("permission-requests", ASK | {"notice": name})
    assert refusal(answer) == (422, "unknown_notice", "notice")
    assert not PermissionRequest.objects.exists()


@pytest.mark.usefixtures("survey")
def test_request_with_old_notice_name_shows_name(
    as_acme: Api, as_ana: Api, met: Relationship, browser: Client
) -> None:
    as_acme.post("permission-requests", ASK)
    PermissionRequest.objects.update(notice="survey@7")
    (waits,) = as_ana.get("me/permission-requests").json()["data"]
    assert waits["notice"] == {"name": "survey@7", "language": None, "text": None}
    assert 'class="notice"' not in read_page(browser, "/asked")


def test_request_with_notice_of_other_brand_shows_name(
    as_acme: Api, rival: Brand, met: Relationship, now: datetime
) -> None:
    privacy_notices.write_notice(rival, code="survey", texts={"en": EN}, now=now)
    assert refusal(as_acme.post("permission-requests", ASK)) == (422, "unknown_notice", "notice")


# -- Recorded -------------------------------------------------------------------------------------


@pytest.mark.usefixtures("survey")
@pytest.mark.parametrize(
    ("days", "named", "kept"),
    [
        (0, "survey", "survey@2"),
        (1.5, "survey", "survey@1"),
        (9, "survey@1", "survey@1"),  # the brand's own word, of a version that there is
        (None, "survey", "survey@2"),
    ],
)
def test_choice_with_notice_stores_version_of_its_time(
    days: float | None, named: str, kept: str, as_acme: Api, met: Relationship
) -> None:
    made_at = {} if days is None else {"made_at": str(timezone.now() - timedelta(days=days))}
    assert as_acme.post("choices", YES | {"notice": named, **made_at}).status_code == 201
    assert LedgerEntry.objects.get().notice == kept


@pytest.mark.usefixtures("survey", "met")
@pytest.mark.parametrize("more", [{"notice": "survey@99"}, {"notice": "x"}, {"made_at": OF_OLD}])
def test_choice_with_unknown_notice_is_refused(more: dict[str, str], as_acme: Api) -> None:
    answer = as_acme.post("choices", YES | {"notice": "survey"} | more)
    assert refusal(answer) == (422, "unknown_notice", "notice")
    assert not LedgerEntry.objects.exists()


@pytest.mark.usefixtures("survey")
def test_import_with_notice_stores_version_of_its_time(
    acme: Brand, met: Relationship, browser: Client
) -> None:
    now = timezone.now()
    job = jobs.begin_import(acme, note="Of old.", tells=False, now=now)
    head = "email,purpose,channel,decision,evidence,notice,made_at"
    rows = [
        f"{EMAIL},research,email,grant,Form,survey,{(now - timedelta(days=1.5)).isoformat()}",
        f"{EMAIL},research,sms,grant,Form,survey,",
        f"{EMAIL},research,post,grant,Form,survey@1,",
        f"{EMAIL},research,voice,grant,Form,other words,",
    ]
    body = "\n".join([head, *rows]).encode()
    receiving.receive_part(job, 1, io.BytesIO(body), form="csv", now=now)
    jobs.start_import(job, now=now)
    jobs.run_import(job.pk, now=now)
    (problem,) = ImportProblem.objects.all()
    assert (problem.field, problem.code) == ("notice", "unknown_notice")
    kept = dict(LedgerEntry.objects.values_list("channel", "text__notice"))
    assert kept == {
        "email": "survey@1",
        "sms": "survey@2",
        "post": "survey@1",
    }
    entry = LedgerEntry.objects.get(channel="post")
    assert "Twice a year." in read_page(browser, f"/history/{entry.pk}")


# -- Retired topics -------------------------------------------------------------------------------


def question(as_acme: Api) -> bool:
    about = {"purpose": "marketing", "channel": "email", "topic": "weekly-offers"}
    return bool(as_acme.post("check", {"contact": {"email": EMAIL}, **about}).json()["allowed"])


def test_retired_topic_is_not_offered(
    as_acme: Api, met: Relationship, offers: Topic, browser: Client
) -> None:
    theirs = f"/p/{links.build_token(Link(met))}"
    assert "Weekly offers" in read_page(browser, "/brands/acme")
    assert "Weekly offers" in read_page(Client(), theirs)
    topics.withdraw_topic(offers, now=timezone.now())
    assert "Weekly offers" not in read_page(browser, "/brands/acme")
    assert "Weekly offers" not in read_page(Client(), theirs)
    asked = ASK | {"purpose": "marketing", "topic": "weekly-offers"}
    answer = as_acme.post("permission-requests", asked)
    assert (answer.status_code, answer.json()["code"]) == (409, "topic_retired")


def test_retired_topic_with_choice_stays_effective(
    as_acme: Api, met: Relationship, offers: Topic, browser: Client
) -> None:
    """Otherwise a yes would go on where nobody can take it back."""
    scope = Scope(met.brand_id, "marketing", "email", "weekly-offers")
    record_choice(met, "grant", scope)
    topics.withdraw_topic(offers, now=timezone.now())
    assert question(as_acme)
    assert "Weekly offers" in read_page(browser, "/brands/acme")
    assert "Weekly offers" in read_page(Client(), f"/p/{links.build_token(Link(met))}")
    no = {"scope": {"purpose": "marketing", "topic": "weekly-offers"}, "decision": "deny"}
    assert as_acme.post("choices", {"contact": {"email": EMAIL}, **no}).status_code == 201
    browser.post("/choose", {"brand": "acme", "say": "deny:marketing:email:weekly-offers:"})
    assert not question(as_acme)
