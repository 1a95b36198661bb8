"""The pages of a history: by day and brand, page after page, with a receipt of each change."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from brands.models import Brand
from cmr.models import Consumer
from cmr.portal import past
from consent.decision.resolution import Scope
from consent.ledger import recording
from consent.ledger.recording import Actor, NewChoice
from consent.models import LedgerEntry, Relationship, Subject

pytestmark = pytest.mark.usefixtures("met")

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def browser(client: Client, ana: Consumer) -> Client:
    client.force_login(ana.user)
    return client


def say(ana: Consumer, brand: Brand | None, decision: str, at: datetime) -> LedgerEntry:
    choice = NewChoice(Scope(brand.pk if brand else None, "marketing"), decision)  # type: ignore[arg-type]
    return recording.record_choices(ana.subject_id, [choice], by=Actor("portal"), now=at)[0]


def outline(browser: Client, **query: str) -> list[str]:
    """Return the headings and changes of the page in their order."""
    page = browser.get("/history", query).content.decode()
    changes = page.partition('<div id="changes">')[2].partition("</div>")[0]
    found = re.findall(r"<h2>(.*?)</h2>|<h3>(.*?)</h3>|/history/[^>]+>(.*?)</a>", changes)
    return ["".join(each) for each in found]


def test_changes_stand_under_their_day_and_brand(
    browser: Client, ana: Consumer, met: Relationship
) -> None:
    say(ana, met.brand, "grant", NOON)
    say(ana, None, "deny", NOON + timedelta(hours=1))
    say(ana, met.brand, "grant", NOON + timedelta(days=1))
    say(ana, met.brand, "deny", NOON + timedelta(days=1, hours=1))
    assert outline(browser) == [
        "3 March 2026", "Acme", "No to marketing", "Yes to marketing",
        "2 March 2026", "Every brand", "No to marketing", "Acme", "Yes to marketing",
    ]  # fmt: skip


def test_a_day_is_one_of_the_person_s_own_clock(
    browser: Client, ana: Consumer, met: Relationship
) -> None:
    Subject.objects.filter(pk=ana.subject_id).update(time_zone="Asia/Tokyo")
    say(ana, met.brand, "grant", NOON + timedelta(hours=4))  # 01:00 there
    assert outline(browser)[0] == "3 March 2026"


def test_older_changes_are_a_page_further(
    browser: Client, ana: Consumer, met: Relationship, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(past, "PAGE_SIZE", 1)
    say(ana, met.brand, "grant", NOON)
    say(ana, met.brand, "deny", NOON + timedelta(days=1))
    newest = browser.get("/history", {"brand": "acme"}).content.decode()
    assert "Show more" in newest and 'href="?brand=acme&amp;page=2"' in newest
    oldest = browser.get("/history", {"brand": "acme", "page": "2"}).content.decode()
    assert "Show more" not in oldest and "Newer changes" in oldest and "Yes to" in oldest


def test_a_receipt_says_what_it_is_about_before_its_signed_text(
    browser: Client, ana: Consumer, met: Relationship
) -> None:
    entry = say(ana, met.brand, "deny", NOON)
    page = browser.get(f"/history/{entry.pk}/receipt").content.decode()
    card, _, below = page.partition("</article>")
    assert "No to marketing" in card and "Acme" in card and str(entry.pk) in card
    assert 'id="receipt"' in below.partition("<details")[2].partition("</details>")[0]
