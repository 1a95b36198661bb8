"""/campaigns: creating campaigns and reporting their daily numbers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from brands.credentials import brand_keys
from brands.models import Brand, CampaignDay
from tests.conftest import Api

HEADINGS = "campaign,channel,day,sends,deliveries,responses,complaints"


@pytest.fixture
def today() -> str:
    return timezone.now().date().isoformat()


@pytest.fixture
def spring(as_acme: Api) -> None:
    assert as_acme.post("campaigns", {"code": "spring"}).status_code == 201


def numbers(day: str, **changes: Any) -> dict[str, Any]:
    plain = {"sends": 100, "deliveries": 90, "responses": 9, "complaints": 1}
    return {"channel": "email", "day": day, **plain, **changes}


def put(who: Api, *days: dict[str, Any], code: str = "spring") -> Any:
    return who.put(f"campaigns/{code}/stats", {"days": list(days)})


def upload(who: Api, *lines: str) -> Any:
    return who.send("PUT", "campaigns/stats", "\n".join([HEADINGS, *lines]).encode(), "text/csv")


def test_create_campaign_again_with_other_name_is_refused(as_acme: Api, spring: None) -> None:
    assert as_acme.post("campaigns", {"code": "spring"}).status_code == 200
    other = as_acme.post("campaigns", {"code": "spring", "name": "Other"})
    assert (other.status_code, other.json()["code"]) == (409, "campaign_exists")
    assert [each["code"] for each in as_acme.get("campaigns").json()["data"]] == ["spring"]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"purpose": "nothing"}, "purpose"),
        ({"purpose": "profiling"}, "purpose"),
        ({"topic": "x"}, "topic"),
    ],
)
def test_create_campaign_unknown_purpose_or_topic_is_refused(
    wrong: dict[str, str], field: str, as_acme: Api
) -> None:
    answer = as_acme.post("campaigns", {"code": "spring", **wrong})
    assert (answer.status_code, answer.json()["field"]) == (422, field)


def test_report_stats_again_counts_changes(as_acme: Api, spring: None, today: str) -> None:
    assert put(as_acme, numbers(today)).json() == {"changed": 1}
    assert put(as_acme, numbers(today)).json() == {"changed": 0}
    assert put(as_acme, numbers(today, responses=12)).json() == {"changed": 1}
    (day,) = as_acme.get("campaigns/spring/stats").json()["data"]
    assert (day["responses"], day["revision"]) == (12, 2)


@pytest.mark.parametrize(
    "wrong",
    [
        {"deliveries": 101},
        {"responses": 91},
        {"complaints": 91},
        {"day": (timezone.now() + timedelta(days=3)).date().isoformat()},
        {"day": (timezone.now() - timedelta(days=92)).date().isoformat()},
    ],
)
def test_report_stats_with_invalid_day_stores_none(
    wrong: dict[str, Any], as_acme: Api, spring: None, today: str
) -> None:
    answer = put(as_acme, numbers(today, channel="sms"), {**numbers(today), **wrong})
    assert answer.status_code == 422
    assert answer.json()["field"].startswith("days.1.")
    assert not CampaignDay.objects.exists()


def test_upload_csv_with_bad_row_stores_none(as_acme: Api, today: str) -> None:
    good = [f"spring,email,{today},100,90,9,1", f"summer,sms,{today},50,50,0,0"]
    bad = upload(as_acme, good[0], f"spring,pigeon,{today},1,1,0,0", f"x,email,{today},many,1,0,0")
    assert [each["field"] for each in bad.json()["errors"]] == ["row 2: channel", "row 3: sends"]
    assert not CampaignDay.objects.exists()
    assert upload(as_acme, *good).json() == {"changed": 2}
    assert upload(as_acme, *good).json() == {"changed": 0}
    twice = upload(as_acme, good[0], good[0])
    assert twice.json()["field"] == "row 2: day"
    assert upload(as_acme).json() == {"changed": 0}
    wrong = as_acme.send("PUT", "campaigns/stats", b"campaign,day\n", "text/csv")
    assert wrong.json()["field"] == "row 0: channel"


@pytest.mark.parametrize(
    ("head", "row", "field"),
    [
        (f"{HEADINGS},complaints", "spring,email,{},100,90,9,1,2", "row 0: complaints"),
        (HEADINGS, "spring,email,{},100,90,9,1,000", "row 1: line"),  # 9,1,000 was one number
        (HEADINGS, "spring,email,{},100,90,9,1,", "row 1: line"),
    ],
)
def test_upload_csv_wrong_headings_are_refused(
    head: str, row: str, field: str, as_acme: Api, today: str
) -> None:
    text = f"{head}\n{row.format(today)}\n"
    answer = as_acme.send("PUT", "campaigns/stats", text.encode(), "text/csv")
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert not CampaignDay.objects.exists()


def test_campaigns_of_other_brand_are_not_found(as_rival: Api, spring: None, today: str) -> None:
    assert as_rival.get("campaigns").json()["data"] == []
    assert as_rival.get("campaigns/spring").status_code == 404
    assert put(as_rival, numbers(today)).status_code == 404
    assert as_rival.post("campaigns", {"code": "spring"}).status_code == 201


def test_campaigns_without_scope_are_refused(acme: Brand) -> None:
    weak = Api(brand_keys.issue_key(acme, name="weak", scopes=["check"]))
    assert weak.get("campaigns").status_code == 403


def test_upload_csv_too_long_field_is_refused(as_acme: Api, today: str) -> None:
    answer = upload(as_acme, f"spring,email,{today},1,1,0,0", f"{'x' * 200_000},email")
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_row")
    assert not CampaignDay.objects.exists()
