"""Times on pages and in forms are by the person's clock, and a pause has no dead end."""

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

#: Half past eleven in the evening in Berlin, and the next day in Tokyo.
MOMENT = datetime(2030, 1, 31, 22, 30, tzinfo=UTC)
BERLIN = "Europe/Berlin"


@pytest.fixture
def browser(ana: Consumer, met: Relationship) -> Client:
    client = Client()
    client.force_login(ana.user)
    client.cookies["zone"] = BERLIN
    return client


def say(browser: Client, what: str, **more: str) -> str:
    sent = {"brand": "acme", "say": what, "next": "/brands/acme", **more}
    return browser.post("/choose", sent, follow=True).content.decode()


@pytest.fixture
def late(browser: Client, ana: Consumer) -> Iterator[Client]:
    with time_machine.travel(MOMENT, tick=False):
        browser.force_login(ana.user)
        yield browser


def test_a_page_goes_by_the_browser_s_clock_and_says_which(late: Client) -> None:
    say(late, "deny::::")
    entry = LedgerEntry.objects.get()
    assert "31 January 2030, 23:30 CET" in late.get(f"/history/{entry.pk}").text
    late.cookies["zone"] = "Asia/Tokyo"
    assert "1 February 2030, 07:30 JST" in late.get(f"/history/{entry.pk}").text


@pytest.mark.parametrize("said", ["", "Nowhere/Land", "../../etc/passwd", "\x00", "x" * 3000])
def test_without_a_zone_that_is_known_it_is_utc(late: Client, said: str) -> None:
    late.cookies["zone"] = said
    say(late, "deny::::")
    entry = LedgerEntry.objects.get()
    assert "31 January 2030, 22:30 UTC" in late.get(f"/history/{entry.pk}").text


def test_the_zone_that_the_person_chose_wins(late: Client, ana: Consumer) -> None:
    late.post("/you", {"time_zone": "Asia/Tokyo", "language": "", "jurisdiction": ""})
    say(late, "deny::::")
    entry = LedgerEntry.objects.get()
    assert "07:30 JST" in late.get(f"/history/{entry.pk}").text


def test_the_first_page_already_asks_the_browser(db: None) -> None:
    assert "cmr/zone" in Client().get("/").text


def test_a_pause_ends_with_the_day_of_the_person(late: Client) -> None:
    assert 'min="2030-02-01"' in late.get("/brands/acme").text
    say(late, "pause::::", until="2030-02-01")
    assert LedgerEntry.objects.get().until == datetime(2030, 1, 31, 23, tzinfo=UTC)


def test_a_message_came_when_the_person_s_clock_says(late: Client) -> None:
    page = late.get("/brands/acme/contacted").text
    assert f"When it came (time in {BERLIN})" in page and 'max="2030-01-31T23:30"' in page
    sent = {"contacted_at": "2030-01-31T23:20", "channel": "email", "purpose": "marketing"}
    assert "31 January 2030, 23:20 CET" in late.post("/brands/acme/contacted", sent).text


def test_quiet_hours_without_a_zone_are_by_the_browser_s_clock(late: Client, ana: Consumer) -> None:
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
def test_a_pause_for_a_time_takes_one_click(late: Client, button: str, until: datetime) -> None:
    assert "Paused until" in say(late, f"{button}::::")
    assert LedgerEntry.objects.get().until == until


@pytest.mark.parametrize("typed", ["", "2029-12-31", "2030-01-31", "31.1.", "2500-01-01"])
def test_a_wrong_day_leads_on(late: Client, typed: str) -> None:
    sent = {"say": "pause::::", "until": typed, "brand": "acme", "next": "/brands/acme"}
    page = late.post("/choose", sent)
    assert page.status_code == 422
    assert 'value="pause-week::::"' in page.text
    assert f'value="{typed}"' in page.text
    form = page.text[page.text.index("Nothing was changed</h1>") : page.text.index("pause-week")]
    kept = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))
    assert (kept["brand"], kept["next"]) == ("acme", "/brands/acme")
    assert "Paused until" in say(late, "pause-week::::", brand=kept["brand"])


def test_a_wrong_number_leads_on(browser: Client) -> None:
    sent = {"say": "limit::::", "max": "5000", "per": "month", "brand": "acme"}
    page = browser.post("/choose", sent)
    assert (page.status_code, 'value="5000"' in page.text) == (422, True)
    assert re.search(r'<option value="month" selected>', page.text)


def test_a_refused_narrow_pause_offers_no_wider_one(browser: Client) -> None:
    page = browser.post("/choose", {"say": "pause:marketing:email::", "brand": "acme"})
    assert page.status_code == 422
    assert 'value="pause-week::::"' not in page.text


def test_a_link_s_page_keeps_the_day_that_was_wrong(met: Relationship) -> None:
    path = f"/p/{links.build_token(Link(met))}"
    page = Client().post(path, {"say": "pause::::", "until": "2001-01-01"})
    assert (page.status_code, 'value="2001-01-01"' in page.text) == (422, True)
    assert Client().post(path, {"say": "pause-week::::"}).status_code == 200
    assert LedgerEntry.objects.get().decision == "pause"
