"""Their language and clock, their signal, what they are asked, what they report, and by REST."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings
from pytest_httpserver import HTTPServer

from brands.catalogue import privacy_notices
from brands.models import Brand
from cmr.accounts import contact_points
from cmr.messages import sms
from cmr.models import Answer, Consumer, PermissionRequest, User
from cmr.permission_requests import requests
from cmr.permission_requests.requests import RequestedPermission
from consent.decision.resolution import Scope
from consent.ledger import recording
from consent.ledger.recording import Actor, NewChoice
from consent.models import ContactReport, LedgerEntry, Relationship, Subject
from consent.relationships import lifecycle
from consent.reporting import contact_reports
from tests import mails
from tests.conftest import Api

NEW = "dora@example.org"


@pytest.fixture
def browser(ana: Consumer) -> Client:
    client = Client()
    client.force_login(ana.user)
    return client


# -- Language, place and clock --------------------------------------------------------------------


def test_settings_are_kept_and_used(browser: Client, ana: Consumer) -> None:
    sent = {
        "language": "de", "time_zone": "Europe/Berlin", "jurisdiction": "DE",
        "quiet_start": "22:00", "quiet_end": "07:00",
    }  # fmt: skip
    assert "Gespeichert." in browser.post("/you", sent, follow=True).content.decode()
    subject = Subject.objects.get(pk=ana.subject_id)
    assert (subject.time_zone, subject.jurisdiction) == ("Europe/Berlin", "DE")
    assert str(subject.quiet_start) == "22:00:00"
    page = browser.get("/you").content.decode()
    assert 'value="22:00"' in page and "Wo Sie leben" in page
    browser.post("/you", {})
    subject.refresh_from_db()
    assert (subject.time_zone, subject.jurisdiction, subject.quiet_start) == ("", None, None)


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        ({"time_zone": "Mars/Olympus"}, "no such time zone"),
        ({"jurisdiction": "XX"}, "no such place"),
        ({"quiet_start": "22:00"}, "a beginning and an end"),
        ({"quiet_start": "22:00", "quiet_end": "22:00"}, "begin when they end"),
        ({"quiet_start": "soon", "quiet_end": "07:00"}, "reads as 22:00"),
    ],
)
def test_a_wrong_setting_is_explained_and_nothing_kept(
    sent: dict[str, str], why: str, browser: Client, ana: Consumer
) -> None:
    answer = browser.post("/you", sent)
    assert answer.status_code == 422
    assert why in answer.content.decode()


def test_times_are_by_the_persons_clock(browser: Client, ana: Consumer, met: Relationship) -> None:
    winter = datetime(2026, 1, 20, 23, 30, tzinfo=UTC)
    choice = NewChoice(Scope(met.brand_id), "deny")
    recording.record_choices(ana.subject_id, [choice], by=Actor("portal"), now=winter)
    browser.post("/you", {"time_zone": "Europe/Berlin"})
    page = browser.get("/history").text
    assert "<h2>21 January 2026</h2>" in page and ">00:30 " in page


def test_the_language_is_set_by_rest_as_well(as_ana: Api, browser: Client) -> None:
    assert as_ana.get("me").json()["language"] is None
    assert as_ana.patch("me", {"language": "de"}).json()["language"] == "de"
    assert "Ihre Marken" in browser.get("/").content.decode()
    assert as_ana.patch("me", {"language": "xx"}).status_code == 422
    assert as_ana.patch("me", {"language": None}).json()["language"] is None


def test_pages_follow_the_browser_and_programs_get_english(db: None, nobody: Api) -> None:
    german = {"Accept-Language": "de"}
    page = Client().get("/", headers=german)
    assert "Jede Marke, die Sie kennt" in page.content.decode()
    assert page.headers["Content-Language"] == "de"
    answers = [
        Client().post("/api/v1/session", b"{", "application/json", headers=each)
        for each in (german, {})
    ]
    assert answers[0].json()["detail"] == answers[1].json()["detail"]
    missing = nobody.client.get("/api/v1/me", headers=german)
    assert missing.json()["detail"] == nobody.client.get("/api/v1/me").json()["detail"]
    assert "Content-Language" not in missing.headers


# -- Global Privacy Control -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "counts"),
    [("1", True), ("0", False), ("", False), ("true", False), ("1.0", False), ("0, 1", True)],
)
def test_only_an_exact_signal_counts(
    header: str, counts: bool, browser: Client, ana: Consumer
) -> None:
    browser.get("/history", headers={"Sec-GPC": header})
    said = LedgerEntry.objects.filter(source="gpc", decision="deny", brand=None)
    assert set(said.values_list("purpose_id", flat=True)) == (
        {"sale_or_sharing", "personalised_ads"} if counts else set()
    )


def test_the_signal_is_honoured_once_and_shown(browser: Client, ana: Consumer) -> None:
    for path in ("/", "/brands", "/history"):
        page = browser.get(path, headers={"Sec-GPC": "1"})
        assert b"Global Privacy Control: honoured." in page.content
    assert LedgerEntry.objects.filter(source="gpc").count() == 2
    assert b"Global Privacy Control: honoured." not in browser.get("/").content


def test_a_later_yes_is_not_taken_back_by_the_signal(browser: Client, ana: Consumer) -> None:
    signal = {"Sec-GPC": "1"}
    browser.get("/", headers=signal)
    browser.post("/choose", {"say": "grant:personalised_ads:::"}, headers=signal)
    browser.get("/", headers=signal)
    assert LedgerEntry.objects.latest("subject_seq").decision == "grant"


def test_a_stranger_s_signal_is_seen(db: None) -> None:
    page = Client().get("/", headers={"Sec-GPC": "1"}).content
    assert b"signal was seen" in page


# -- What brands ask ------------------------------------------------------------------------------


QUESTION = RequestedPermission("research", "email", None, "Once a year?")


@pytest.fixture
def asked(met: Relationship, now: datetime) -> PermissionRequest:
    return requests.ask_person(met, QUESTION, now=now)


def test_the_same_is_not_asked_twice_and_never_after_never(
    asked: PermissionRequest, met: Relationship, ana: Consumer, now: datetime
) -> None:
    with pytest.raises(requests.AskedAlready):
        requests.ask_person(met, QUESTION, now=now)
    requests.answer_request(asked, Answer.NEVER, by="portal", now=timezone.now())
    with pytest.raises(requests.NeverAgain):
        requests.ask_person(met, QUESTION, now=now)
    with pytest.raises(requests.AlreadyAnswered):
        requests.answer_request(asked, Answer.YES, by="portal", now=timezone.now())


def test_it_is_answered_by_rest_as_well(as_ana: Api, asked: PermissionRequest) -> None:
    (shown,) = as_ana.get("me/permission-requests").json()["data"]
    assert (shown["brand"], shown["purpose"], shown["text"]) == ("acme", "research", "Once a year?")
    path = f"me/permission-requests/{shown['id']}"
    assert as_ana.post(path, {"answer": "maybe"}).status_code == 422
    (entry,) = as_ana.post(path, {"answer": "yes"}).json()["data"]
    assert (entry["decision"], entry["scope"]["channel"]) == ("grant", "email")
    assert as_ana.post(path, {"answer": "no"}).json()["code"] == "answered_already"
    assert as_ana.get("me/permission-requests").json()["data"] == []


def test_nobody_answers_for_another(asked: PermissionRequest, nobody: Api, now: datetime) -> None:
    from cmr.accounts import ownership
    from cmr.sign_in import access_tokens

    ben = ownership.open_account(email=NEW, password=None, verified_at=now)
    as_ben = Api(access_tokens.issue_token(ben, name="x"))
    assert as_ben.get("me/permission-requests").json()["data"] == []
    path = f"me/permission-requests/{asked.pk}"
    assert as_ben.post(path, {"answer": "yes"}).status_code == 404
    browser = Client()
    browser.force_login(ben.user)
    assert browser.post(f"/asked/{asked.pk}", {"answer": "yes"}).status_code == 404
    assert not LedgerEntry.objects.exists()


# -- Contacted after a no -------------------------------------------------------------------------


def report(known: Relationship, at: datetime) -> ContactReport:
    return contact_reports.report_contact(
        known, purpose="marketing", channel="email", contacted_at=at, message="Buy!",
        now=timezone.now(),
    )  # fmt: skip


def test_a_report_is_judged_by_the_ledger_of_that_moment(
    ana: Consumer, met: Relationship, now: datetime
) -> None:
    def say(decision: str, at: datetime) -> LedgerEntry:
        scope = Scope(met.brand_id, "marketing", "email")
        choice = NewChoice(scope, decision)  # type: ignore[arg-type]
        return recording.record_choices(ana.subject_id, [choice], by=Actor("portal"), now=at)[0]

    hour = timedelta(hours=1)
    yes, no = say("grant", now + hour), say("deny", now + 3 * hour)
    early, late = report(met, now + 2 * hour), report(met, now + 4 * hour)
    assert (early.allowed, early.because) == (True, yes)
    assert (late.allowed, late.because) == (False, no)
    lifecycle.end_relationship(met, by=Actor("portal"), now=now + 5 * hour)
    met.refresh_from_db()
    assert report(met, now + 6 * hour).rule == "no_relationship"


@pytest.mark.parametrize(
    "changed",
    [
        {"contacted_at": ""},
        {"contacted_at": "2099-01-01T10:00"},
        {"contacted_at": "2026-W05-1T10:00"},
        {"contacted_at": "20260201T1000"},
        {"contacted_at": "２０２６-02-01T10:00"},
        {"contacted_at": "2026-02-01"},
        {"contacted_at": "2026-02-01T10:00+23:59"},
        {"contacted_at": "2026-02-30T10:00"},
        {"channel": "smoke"},
        {"purpose": "profiling"},
    ],
)
def test_a_report_without_its_facts_is_not_kept(
    changed: dict[str, str], browser: Client, met: Relationship
) -> None:
    whole = {
        "contacted_at": "2026-02-01T10:00", "channel": "email", "purpose": "marketing",
        "message": "Buy!",
    }  # fmt: skip
    answer = browser.post("/brands/acme/contacted", whole | changed)
    assert answer.status_code == 422
    assert b"Buy!" in answer.content  # nothing that was typed is lost
    assert not ContactReport.objects.exists()
    assert browser.post("/brands/acme/contacted", whole).status_code == 200
    assert ContactReport.objects.count() == 1


# -- Addresses by REST ----------------------------------------------------------------------------


def test_an_address_is_proved_by_rest(as_ana_signed_in: Api, ana: Consumer) -> None:
    pending = as_ana_signed_in.post("me/contact-points", {"kind": "email", "value": NEW})
    assert pending.status_code == 202
    path = f"me/contact-points/{pending.json()['id']}/verify"
    code = re.search(r"[A-Z]{4}-[A-Z]{4}", str(mails.sent()[-1].body))
    assert code
    assert as_ana_signed_in.post(path, {"code": "BBBB-BBBB"}).json()["code"] == "wrong_code"
    typed = code[0].replace("-", " ").lower()
    assert as_ana_signed_in.post(path, {"code": typed}).status_code == 201
    assert as_ana_signed_in.post(path, {"code": code[0]}).status_code == 404
    points = as_ana_signed_in.get("me/contact-points").json()["data"]
    assert [each["value"] for each in points] == ["ana@example.org", NEW]
    assert as_ana_signed_in.delete(f"me/contact-points/{points[0]['id']}").status_code == 204
    last = as_ana_signed_in.delete(f"me/contact-points/{points[1]['id']}")
    assert (last.status_code, last.json()["code"]) == (409, "last_address")


def test_a_second_code_has_to_wait(as_ana_signed_in: Api) -> None:
    asked = {"kind": "email", "value": NEW}
    assert as_ana_signed_in.post("me/contact-points", asked).status_code == 202
    second = as_ana_signed_in.post("me/contact-points", asked)
    assert (second.status_code, second.json()["code"]) == (429, "too_soon")
    assert second.headers["Retry-After"] == "30"


def test_everything_is_exported_and_erased_by_rest(
    as_ana_signed_in: Api, ana: Consumer, met: Relationship
) -> None:
    assert as_ana_signed_in.get("me/export").json()["relationships"][0]["brand"] == "acme"
    assert as_ana_signed_in.delete("me?brands=stop").status_code == 204
    assert as_ana_signed_in.get("me").status_code == 401
    assert not User.objects.filter(email="ana@example.org").exists()
    assert LedgerEntry.objects.get().decision == "deny"


def test_an_entry_is_exported_whole(
    as_ana: Api, as_acme: Api, ana: Consumer, met: Relationship
) -> None:
    privacy_notices.write_notice(met.brand, code="form", texts={"en": "Once."}, now=timezone.now())
    implied = {"decision": "grant", "basis": "implied", "ground": "purchase", "evidence": "Order 7"}
    said = {"scope": {"purpose": "marketing"}, "notice": "form", **implied}
    as_acme.post("choices", {"contact": {"email": ana.user.email}, **said})
    tables = as_ana.get("me/export").json()
    for name in ("history", "standing"):
        (row,) = tables[name]
        assert (row["contact_point"], row["basis"]) == (ana.user.email, "implied")
        assert (row["ground"], row["evidence"], row["campaign"]) == ("purchase", "Order 7", None)
        assert (row["notice"], row["notice_text"]) == ("form@1", "Once.")


# -- Text messages --------------------------------------------------------------------------------


def test_a_text_message_goes_to_the_gateway(
    httpserver: HTTPServer, settings: Settings, ana: Consumer
) -> None:
    settings.SMS_URL = httpserver.url_for("/sms")
    httpserver.expect_oneshot_request("/sms", method="POST").respond_with_data("")
    contact_points.begin_proof(ana, kind="phone", text="+49 151 12345678", now=timezone.now())
    (received,) = [request.json for request, _ in httpserver.log]
    assert received["to"] == "+4915112345678"
    assert re.search(r"[A-Z]{4}-[A-Z]{4}", received["text"])


def test_where_no_message_can_be_sent_no_number_is_taken(
    settings: Settings, as_ana_signed_in: Api, browser: Client
) -> None:
    settings.SMS_URL, settings.DEVELOPMENT = "", False
    assert not sms.is_sms_possible()
    asked = {"kind": "phone", "value": "+4915112345678"}
    assert as_ana_signed_in.post("me/contact-points", asked).json()["code"] == "no_numbers"
    assert b"Phone number" not in browser.get("/you/addresses").content


# -- Answers that give nothing away ---------------------------------------------------------------


def test_an_answer_is_sent_at_the_next_step_of_its_grid(settings: Settings, db: None) -> None:
    settings.ADDRESS_FORM_SECONDS = 0.5
    began = time.monotonic()
    answer: Any = Client().post("/link", {"email": "nobody@example.org"})
    assert began + 0.5 < answer.send_at < time.monotonic() + 0.5
    assert not hasattr(Client().get("/link"), "send_at")


def test_a_refusal_that_does_not_depend_on_the_address_is_sent_at_once(
    settings: Settings, db: None
) -> None:
    settings.ADDRESS_FORM_SECONDS = 0.5
    form = {"email": "nobody@example.org"}
    without_token = Client(enforce_csrf_checks=True).post("/link", form)
    assert without_token.status_code == 403 and not hasattr(without_token, "send_at")


def test_acme_learns_nothing_of_who_has_an_account(
    as_acme: Api, acme: Brand, ana: Consumer
) -> None:
    """An address with an account and one without, neither with anything to acme: alike."""
    answers = [
        as_acme.post(
            "check", {"contact": {"email": each}, "purpose": "marketing", "channel": "email"}
        ).json()
        for each in ("ana@example.org", "nobody@example.org")
    ]
    assert {**answers[0], "as_of": ""} == {**answers[1], "as_of": ""}
