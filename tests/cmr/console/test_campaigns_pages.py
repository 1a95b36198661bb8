"""Console pages: campaigns with their days, and the brand's own report."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from brands import campaigns
from brands.models import Brand, Campaign, CampaignDay, Workspace
from tests.cmr.console.conftest import Browser

LIST = "acme/test/campaigns"
SPRING = {"code": "spring", "called": "Spring sale", "purpose": "marketing"}


def day(**more: Any) -> dict[str, Any]:
    today = timezone.now().date()
    counts = {"sends": 1234, "deliveries": 1200, "responses": 56, "complaints": 1}
    return {"channel": "email", "day": today.isoformat(), **counts, **more}


def create_campaign(by: Browser) -> str:
    answer = by.post(LIST, **SPRING)
    assert answer.status_code == 302, answer.content
    return str(answer.headers["Location"]).removeprefix("/console/")


def test_campaign_page_shows_days(workspace: Workspace, dev: Browser) -> None:
    assert "There is none yet" in dev.text(LIST)
    page = create_campaign(dev)
    assert "no numbers yet" in dev.text(LIST)
    yesterday = timezone.now().date() - timedelta(days=1)
    assert dev.post(page, **day()).status_code == 302
    dev.post(page, **day(day=yesterday.isoformat(), sends=2000))
    dev.post(page, **day(responses=60))  # a correction
    seen = dev.text(page)
    assert ">2000<" in seen and ">60<" in seen and ">1234<" in seen and "2 times" in seen
    assert CampaignDay.objects.count() == 2
    seen = dev.text(LIST)
    assert ">3234<" in seen and ">116<" in seen and "Spring sale" in seen


def test_create_campaign_again_returns_same(workspace: Workspace, dev: Browser) -> None:
    assert create_campaign(dev) == create_campaign(dev)
    answer = dev.post(LIST, **{**SPRING, "called": "Another"})
    assert answer.status_code == 422
    assert "another campaign" in answer.content.decode() and "Another" in answer.content.decode()


@pytest.mark.parametrize("code", ["", "a b", "/x", "x" * 101])
def test_create_campaign_invalid_code_is_refused(
    code: str, workspace: Workspace, dev: Browser
) -> None:
    assert dev.post(LIST, **{**SPRING, "code": code}).status_code == 422
    assert not Campaign.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"deliveries": 2000},
        {"responses": 1201},
        {"sends": -1},
        {"day": "2020-01-01"},
        {"day": "yesterday"},
        {"channel": "pigeon"},
    ],
)
def test_report_stats_invalid_numbers_are_refused(
    wrong: dict[str, Any], workspace: Workspace, dev: Browser
) -> None:
    answer = dev.post(create_campaign(dev), **day(**wrong))
    assert (answer.status_code == 422 and "1234" in answer.content.decode()) or "sends" in wrong
    assert not CampaignDay.objects.exists()


def test_campaigns_of_other_role_or_brand_are_refused(
    is_live: Workspace, acme: Brand, dev: Browser, vera: Browser
) -> None:
    page = create_campaign(dev)
    assert "Report it" not in vera.text(page) and "Name it" not in vera.text(LIST)
    assert vera.post(page, **day()).status_code == vera.post(LIST, **SPRING).status_code == 403
    theirs, _ = campaigns.find_or_create_campaign(acme, code="autumn", now=timezone.now())
    assert dev.get(f"{LIST}/{theirs.pk}").status_code == 404
    assert dev.post(f"{LIST}/{theirs.pk}", **day()).status_code == 404
    assert "autumn" not in dev.text(LIST)


# -- The report -----------------------------------------------------------------------------------


def test_own_report_of_member_needs_no_key(is_live: Workspace, vera: Browser) -> None:
    seen = vera.text("acme/live/reports", weeks="13")
    assert "Acme: your numbers" in seen and 'aria-label="Acme"' in seen
    assert "Close these reports" not in seen
    assert vera.get("acme/live/reports", weeks="5").status_code == 422
    file = vera.get("acme/live/reports", weeks="4", format="csv", figure="honour")
    assert file.status_code == 200 and file.headers["Content-Type"].startswith("text/csv")
    assert vera.client.get("/reports/own").status_code == 302  # that page goes by key alone


def test_own_report_omits_test_mode(workspace: Workspace, dev: Browser) -> None:
    assert "counted by no report" in dev.text("acme/test/reports", weeks="13")


def test_own_report_of_non_member_is_not_found(is_live: Workspace, nick: Browser) -> None:
    for path in ("reports", "campaigns", "requests", "imports"):
        assert nick.get(f"acme/live/{path}").status_code == 404
