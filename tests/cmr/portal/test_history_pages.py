"""History pages: grouped by day and brand, paged, with a receipt of each change."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from brands.models import Topic
from cmr.models import Consumer
from cmr.portal import past
from consent.decision.resolution import Scope
from consent.models import Relationship, Subject
from tests.factories import record_choice

pytestmark = pytest.mark.usefixtures("met")

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def outline(browser: Client, **query: str) -> list[str]:
    """Return the headings and changes of the page in their order."""
    page = browser.get("/history", query).content.decode()
    changes = page.partition('<div id="changes">')[2].partition("</div>")[0]
    found = re.findall(r"<h2>(.*?)</h2>|<h3>(.*?)</h3>|/history/[^>]+>(.*?)</a>", changes)
    return ["".join(each) for each in found]


def test_history_groups_changes_by_day_and_brand(
    browser: Client, ana: Consumer, met: Relationship
) -> None:
    record_choice(ana, "grant", Scope(met.brand.pk, "marketing"), now=NOON)
    record_choice(ana, "deny", Scope(None, "marketing"), now=NOON + timedelta(hours=1))
    record_choice(ana, "grant", Scope(met.brand.pk, "marketing"), now=NOON + timedelta(days=1))
    record_choice(
        ana, "deny", Scope(met.brand.pk, "marketing"), now=NOON + timedelta(days=1, hours=1)
    )
    assert outline(browser) == [
        "3 March 2026", "Acme", "No to marketing", "Yes to marketing",
        "2 March 2026", "Every brand", "No to marketing", "Acme", "Yes to marketing",
    ]  # fmt: skip


def test_history_uses_time_zone_of_person(
    browser: Client, ana: Consumer, met: Relationship
) -> None:
    Subject.objects.filter(pk=ana.subject_id).update(time_zone="Asia/Tokyo")
    record_choice(
        ana, "grant", Scope(met.brand.pk, "marketing"), now=NOON + timedelta(hours=4)
    )  # 01:00 there
    assert outline(browser)[0] == "3 March 2026"


def test_history_is_paged(
    browser: Client, ana: Consumer, met: Relationship, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(past, "PAGE_SIZE", 1)
    record_choice(ana, "grant", Scope(met.brand.pk, "marketing"), now=NOON)
    record_choice(ana, "deny", Scope(met.brand.pk, "marketing"), now=NOON + timedelta(days=1))
    newest = browser.get("/history", {"brand": "acme"}).content.decode()
    assert "Show more" in newest and 'href="?brand=acme&amp;page=2"' in newest
    oldest = browser.get("/history", {"brand": "acme", "page": "2"}).content.decode()
    assert "Show more" not in oldest and "Newer changes" in oldest and "Yes to" in oldest


def test_receipt_page_describes_choice_before_signature(
    browser: Client, ana: Consumer, met: Relationship
) -> None:
    entry = record_choice(ana, "deny", Scope(met.brand.pk, "marketing"), now=NOON)
    page = browser.get(f"/history/{entry.pk}/receipt").content.decode()
    card, _, below = page.partition("</article>")
    assert "No to marketing" in card and "Acme" in card and str(entry.pk) in card
    assert 'id="receipt"' in below.partition("<details")[2].partition("</details>")[0]


def test_receipt_page_names_topic(
    browser: Client, ana: Consumer, met: Relationship, offers: Topic
) -> None:
    scope = Scope(met.brand.pk, "marketing", "email", offers.code)
    entry = record_choice(ana, "deny", scope, now=NOON)
    page = browser.get(f"/history/{entry.pk}/receipt").content.decode()
    assert "No to “Weekly offers” by e-mail" in page
