"""Pages use the person's time zone; refused pauses and limits can be corrected."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import time_machine
from django.test import Client

from cmr.choices import links
from cmr.choices.links import Link
from cmr.models import Consumer
from consent.models import LedgerEntry, Relationship
from tests.factories import submit_choice

#: Half past eleven in the evening in Berlin, and the next day in Tokyo.
MOMENT = datetime(2030, 1, 31, 22, 30, tzinfo=UTC)
BERLIN = "Europe/Berlin"


@pytest.fixture
def browser(ana: Consumer, met: Relationship) -> Client:
    client = Client()
    client.force_login(ana.user)
    client.cookies["zone"] = BERLIN
    return client


@pytest.fixture
def late(browser: Client, ana: Consumer) -> Iterator[Client]:
    with time_machine.travel(MOMENT, tick=False):
        browser.force_login(ana.user)
        yield browser


def test_page_uses_time_zone_of_browser(late: Client) -> None:
    submit_choice(late, "deny::::")
    entry = LedgerEntry.objects.get()
    assert "31 January 2030, 23:30 CET" in late.get(f"/history/{entry.pk}").text
    late.cookies["zone"] = "Asia/Tokyo"
    assert "1 February 2030, 07:30 JST" in late.get(f"/history/{entry.pk}").text


@pytest.mark.parametrize("said", ["", "Nowhere/Land", "../../etc/passwd", "\x00", "x" * 3000])
def test_page_with_unknown_zone_uses_utc(late: Client, said: str) -> None:
    late.cookies["zone"] = said
    submit_choice(late, "deny::::")
    entry = LedgerEntry.objects.get()
    assert "31 January 2030, 22:30 UTC" in late.get(f"/history/{entry.pk}").text


def test_page_prefers_zone_of_person(late: Client, ana: Consumer) -> None:
    late.post("/you", {"time_zone": "Asia/Tokyo", "language": "", "jurisdiction": ""})
    submit_choice(late, "deny::::")
    entry = LedgerEntry.objects.get()
    assert "07:30 JST" in late.get(f"/history/{entry.pk}").text


def test_first_page_asks_browser_for_zone(db: None) -> None:
    assert "cmr/zone" in Client().get("/").text


def test_pause_ends_with_local_day(late: Client) -> None:
    assert 'min="2030-02-01"' in late.get("/brands/acme").text
    submit_choice(late, "pause::::", until="2030-02-01")
    assert LedgerEntry.objects.get().until == datetime(2030, 1, 31, 23, tzinfo=UTC)


def test_contact_report_uses_local_time(late: Client) -> None:
    page = late.get("/brands/acme/contacted").text
    assert f"When it came (time in {BERLIN})" in page and 'max="2030-01-31T23:30"' in page
    sent = {"contacted_at": "2030-01-31T23:20", "channel": "email", "purpose": "marketing"}
    assert "31 January 2030, 23:20 CET" in late.post("/brands/acme/contacted", sent).text


def test_quiet_hours_without_zone_use_zone_of_browser(late: Client, ana: Consumer) -> None:
    sent = {"time_zone": "", "language": "", "quiet_start": "22:00", "quiet_end": "07:00"}
    assert late.post("/you", sent).status_code == 302
    ana.subject.refresh_from_db()
    assert ana.subject.time_zone == BERLIN


@pytest.mark.parametrize(
    ("button", "until"),
    [
        ("pause-week", datetime(2030, 2, 6, 23, tzinfo=UTC)),
        ("pause-month", datetime(2030, 2, 27, 23, tzinfo=UTC)),
        ("pause-quarter", datetime(2030, 4, 29, 22, tzinfo=UTC)),
    ],
)
def test_pause_for_duration_takes_one_click(late: Client, button: str, until: datetime) -> None:
    assert "Paused until" in submit_choice(late, f"{button}::::")
    assert LedgerEntry.objects.get().until == until


@pytest.mark.parametrize("typed", ["", "2029-12-31", "2030-01-31", "31.1.", "2500-01-01"])
def test_pause_with_invalid_day_offers_correction(late: Client, typed: str) -> None:
    sent = {"say": "pause::::", "until": typed, "brand": "acme", "next": "/brands/acme"}
    page = late.post("/choose", sent)
    assert page.status_code == 422
    assert 'value="pause-week::::"' in page.text
    assert f'value="{typed}"' in page.text
    form = page.text[page.text.index("Nothing was changed</h1>") : page.text.index("pause-week")]
    kept = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))
    assert (kept["brand"], kept["next"]) == ("acme", "/brands/acme")
    assert "Paused until" in submit_choice(late, "pause-week::::", brand=kept["brand"])


def test_limit_with_invalid_number_offers_correction(browser: Client) -> None:
    sent = {"say": "limit::::", "max": "5000", "per": "month", "brand": "acme"}
    page = browser.post("/choose", sent)
    assert (page.status_code, 'value="5000"' in page.text) == (422, True)
    assert re.search(r'<option value="month" selected>', page.text)


def test_pause_refused_offers_no_wider_one(browser: Client) -> None:
    page = browser.post("/choose", {"say": "pause:marketing:email::", "brand": "acme"})
    assert page.status_code == 422
    assert 'value="pause-week::::"' not in page.text


def test_preferences_page_keeps_invalid_day(met: Relationship) -> None:
    path = f"/p/{links.build_token(Link(met))}"
    page = Client().post(path, {"say": "pause::::", "until": "2001-01-01"})
    assert (page.status_code, 'value="2001-01-01"' in page.text) == (422, True)
    assert Client().post(path, {"say": "pause-week::::"}).status_code == 200
    assert LedgerEntry.objects.get().decision == "pause"
