"""The person's settings: language, place, time zone and quiet hours."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.test import Client

from cmr.models import Consumer
from consent.decision.resolution import Scope
from consent.models import Relationship, Subject
from tests.conftest import Api
from tests.factories import record_choice


def test_settings_are_stored_and_used(browser: Client, ana: Consumer) -> None:
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
def test_settings_invalid_value_is_explained(
    sent: dict[str, str], why: str, browser: Client, ana: Consumer
) -> None:
    answer = browser.post("/you", sent)
    assert answer.status_code == 422
    assert why in answer.content.decode()


def test_settings_time_zone_is_used_on_pages(
    browser: Client, ana: Consumer, met: Relationship
) -> None:
    winter = datetime(2026, 1, 20, 23, 30, tzinfo=UTC)
    record_choice(ana, "deny", Scope(met.brand_id), now=winter)
    browser.post("/you", {"time_zone": "Europe/Berlin"})
    page = browser.get("/history").text
    assert "<h2>21 January 2026</h2>" in page and ">00:30 " in page


def test_language_is_set_by_api(as_ana: Api, browser: Client) -> None:
    assert as_ana.get("me").json()["language"] is None
    assert as_ana.patch("me", {"language": "de"}).json()["language"] == "de"
    assert "Abmelden" in browser.get("/").content.decode()
    assert as_ana.patch("me", {"language": "xx"}).status_code == 422
    assert as_ana.patch("me", {"language": None}).json()["language"] is None


def test_language_of_pages_follows_browser_and_api_is_english(db: None, nobody: Api) -> None:
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
