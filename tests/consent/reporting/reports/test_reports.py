"""Reports over a generated month: consistency, access, validation."""

from __future__ import annotations

import csv
import io
from collections import Counter
from datetime import date
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook
from pytest_django import DjangoAssertNumQueries

from brands.credentials import brand_keys
from consent.models import Explanation, ReportExport
from consent.reporting import cell_suppression, rates
from consent.reporting.reports import weeks
from consent.reporting.reports.catalogue import REPORTS
from consent.reporting.reports.query import BadQuery, read_report_query
from tests.conftest import Api
from tests.consent.generated_month import (
    BRANDS,
    FIRST,
    LAST,
    NOW,
    QUERY,
    Month,
    figure,
    list_entries,
)


def test_breakdown_by_anything_sums_to_total(as_admin: Api, month: Month) -> None:
    noes = len([e for e in list_entries() if e.decision == "deny"])
    for by in ("day", "brand", "channel", "purpose", "topic", "campaign", "reason", "source"):
        rows = figure(as_admin.get("reports/opt-outs", by=by, **QUERY), "breakdown")
        assert sum(row["opt_outs"] for row in rows) == noes, by
    days = figure(as_admin.get("reports/overview", **QUERY), "days")
    assert sum(row["opt_outs"] or 0 for row in days) == noes


def test_report_page_csv_and_xlsx_equal_api(as_admin: Api, month: Month) -> None:
    api = figure(as_admin.get("reports/opt-outs", by="brand", **QUERY), "breakdown")
    where = {"by": "brand", "figure": "breakdown", **QUERY}
    text = as_admin.client.get("/reports/opt-outs", {**where, "format": "csv"}).content.decode()
    read = list(csv.DictReader(io.StringIO(text)))
    assert [row.pop("brand_name") for row in read] == [BRANDS[row["brand"]] for row in read]
    assert [{k: v if v != "" else None for k, v in row.items()} for row in read] == [
        {k: None if v is None else str(v) for k, v in row.items()} for row in api
    ]
    raw = as_admin.client.get("/reports/opt-outs", {**where, "format": "xlsx"}).content
    sheet = load_workbook(io.BytesIO(raw)).active
    assert sheet is not None
    for written, row in zip(sheet.iter_rows(min_row=2, values_only=True), api, strict=True):
        slug, name, *numbers = written
        assert (slug, name) == (row["brand"], BRANDS[row["brand"]])
        assert numbers == pytest.approx(list(row.values())[1:])  # sixteen digits
    page = as_admin.client.get("/reports/opt-outs", {"by": "brand", **QUERY}).content.decode()
    for row in api:
        assert all(
            f'data-value="{value!r}"' in page
            for value in row.values()
            if value and not isinstance(value, str)
        )


def test_campaigns_show_opt_outs(as_admin: Api, month: Month) -> None:
    rows = {
        r["campaign"]: r for r in figure(as_admin.get("reports/campaigns", **QUERY), "campaigns")
    }
    leavers = {
        (e.campaign, e.subject_id) for e in list_entries() if e.campaign and e.decision == "deny"
    }
    counted = Counter(code for code, _ in leavers)
    assert {code: row["unsubscribes"] for code, row in rows.items()} == counted
    spring = month.sent["acme", "spring"]
    assert rows["spring"]["unsubscribe_rate"] == counted["spring"] / spring["deliveries"]


def test_reasons_include_late_reasons(as_admin: Api, month: Month) -> None:
    rows = {
        r["reason"]: r["opt_outs"]
        for r in figure(as_admin.get("reports/reasons", **QUERY), "reasons")
    }
    noes = [e for e in list_entries() if e.decision == "deny"]
    later = Explanation.objects.count()
    assert rows["privacy"] == len([e for e in noes if e.reason == "privacy"])
    assert rows["not_relevant"] == later == 3
    assert rows[""] == len([e for e in noes if not e.reason]) - later


@pytest.mark.parametrize(
    "name", ["overview", "campaigns", "reasons", "survival", "honour", "contacts", "power"]
)
def test_report_page_with_and_without_data_renders(name: str, as_admin: Api, month: Month) -> None:
    path = "/reports/" if name == "overview" else f"/reports/{name}"
    for first, last in ((QUERY["first"], QUERY["last"]), ("2020-01-01", "2020-01-02")):
        start = {"first": first} if REPORTS[name].has_start else {}
        assert as_admin.client.get(path, {"last": last, **start}).status_code == 200


@pytest.mark.parametrize(
    ("query", "code", "field"),
    [
        ({"by": "weather"}, "unknown_dimension", "by"),
        ({"by": "day,day"}, "unknown_dimension", "by"),
        ({"first": "2026-02-02", "last": "2026-02-01"}, "ends_before_start", "first"),
        ({"first": "2026-02-30"}, "invalid", "first"),
        ({"first": "2026-01-01T10:00:00Z"}, "invalid", "first"),
        ({"last": "10000-01-01"}, "invalid", "last"),
        ({"last": "0001-01-01"}, "out_of_range", "last"),
        ({"days": "0"}, "invalid", "days"),
        ({"sort": "weather"}, "invalid", "sort"),
        ({"brand": "a\0"}, "null_characters_not_allowed", "brand"),
        ({"brand": "nobody"}, "unknown_brand", "brand"),
        ({"brand": "-"}, "unknown_brand", "brand"),
        ({"channel": "email,fax"}, "unknown_channel", "channel"),
        ({"purpose": "weather"}, "unknown_purpose", "purpose"),
        ({"topic": "weather"}, "unknown_topic", "topic"),
        ({"campaign": "weather"}, "unknown_campaign", "campaign"),
        ({"reason": "weather"}, "invalid_choice", "reason"),
        ({"source": "weather"}, "invalid_choice", "source"),
    ],
)
def test_report_invalid_query_is_refused(query: Any, code: str, field: str, as_admin: Api) -> None:
    answer = as_admin.get("reports/opt-outs", **query)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert answer.json()["field"] == field
    assert as_admin.client.get("/reports/opt-outs", query).status_code == 422


#: A value of each filter that exists, and one that does not.
VALUES = {
    "brand": ("acme", "nobody"),
    "channel": ("email", "fax"),
    "purpose": ("marketing", "weather"),
    "topic": ("-", "weather"),
    "campaign": ("spring", "weather"),
    "reason": ("privacy", "weather"),
    "source": ("portal", "weather"),
}
REPORTS_AND_FILTERS = [(name, each) for name in REPORTS for each in VALUES]


@pytest.mark.parametrize(("name", "each"), REPORTS_AND_FILTERS)
def test_report_filter_is_applied_or_refused(
    name: str, each: str, as_admin: Api, month: Month
) -> None:
    """By API and page alike; and no report takes a value that does not exist."""
    good, bad = VALUES[each]
    heeded = each in REPORTS[name].filters
    for value, is_right in ((good, heeded), (bad, False)):
        answer = as_admin.get(f"reports/{name}", **{each: value})
        page = as_admin.client.get(_path(name), {each: value})
        assert {answer.status_code, page.status_code} == {200 if is_right else 422}
        if not is_right:
            assert answer.json()["field"] == each
        if not heeded:
            assert answer.json()["code"] == "not_in_this_report"


def _path(name: str) -> str:
    return "/reports/" if name == "overview" else f"/reports/{name}"


@pytest.mark.parametrize("name", REPORTS)
def test_report_page_disables_unsupported_filters(name: str, as_admin: Api, month: Month) -> None:
    page = as_admin.client.get(_path(name)).content.decode()
    for each in VALUES:
        heeded = each in REPORTS[name].filters
        assert (f'<select name="{each}">' in page) == heeded
        grey = f'{each.capitalize()} <select disabled aria-describedby="not-heeded">'
        assert (grey in page) != heeded
    assert ('id="not-heeded"' in page) == (len(REPORTS[name].filters) < len(VALUES))
    assert ('name="first"' in page) == REPORTS[name].has_start
    assert '<option value="acme">Acme Outdoor</option>' in page


@pytest.mark.parametrize(
    ("name", "query", "code"),
    [
        ("survival", {"by": "cohort,channel"}, "unknown_dimension"),
        ("survival", {"first": "2026-05-01"}, "not_in_this_report"),
        ("power", {"days": "7"}, "not_in_this_report"),
        ("honour", {"by": "brand"}, "unknown_dimension"),
        ("power", {"sort": "opt_outs"}, "not_in_this_report"),
        ("campaigns", {"sort": "weather"}, "invalid"),
    ],
)
def test_report_unsupported_parameter_is_refused(
    name: str, query: Any, code: str, as_admin: Api
) -> None:
    answer = as_admin.get(f"reports/{name}", **query)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert answer.json()["field"] == next(iter(query))
    assert as_admin.client.get(_path(name), query).status_code == 422


@pytest.mark.parametrize("query", [{"colour": "red"}, {"format": "pdf"}])
def test_report_page_unknown_parameter_is_refused(query: Any, as_admin: Api) -> None:
    answer = as_admin.client.get("/reports/", query)
    assert answer.status_code == 422
    assert next(iter(query)).encode() in answer.content


@pytest.mark.parametrize("name", REPORTS)
def test_report_page_form_fields_are_accepted(name: str, as_admin: Api, month: Month) -> None:
    sort = {"sort": "opt_outs"} if REPORTS[name].is_sorted else {}
    for each in REPORTS[name].filters:
        value = month.acme.slug if each == "brand" else "-"
        assert as_admin.get(f"reports/{name}", **{each: value}, **sort).status_code == 200
    for each in REPORTS[name].dimensions:
        assert as_admin.get(f"reports/{name}", by=each).status_code == 200


@pytest.mark.parametrize("query", [{"format": "pdf"}, {"figure": "x"}, {"brand": ""}])
def test_report_api_refuses_parameters_of_page(query: Any, as_admin: Api) -> None:
    answer = as_admin.get("reports/overview", **query)
    assert (answer.status_code, answer.json()["field"]) == (422, next(iter(query)))


def test_export_unknown_brand_is_refused(as_admin: Api) -> None:
    wanted = {"table": "counts", "form": "csv", "brand": "nobody"}
    assert as_admin.client.post("/reports/files", wanted).status_code == 422
    assert not ReportExport.objects.exists()


def test_report_without_admin_is_unauthenticated(
    as_ana: Api, month: Month, nobody: Api, ana: Any
) -> None:
    for who in (nobody, as_ana, Api(brand_keys.issue_key(month.acme, name="reports"))):
        assert who.get("reports/overview").status_code == 401
    assert nobody.client.get("/reports/").status_code == 302
    nobody.client.force_login(ana.user)
    assert nobody.get("reports/overview").status_code == 403
    for path in ("/reports/", "/reports/opt-outs", "/reports/files"):
        assert nobody.client.get(path).status_code == 403


def test_report_page_escapes_error(as_admin: Api) -> None:
    answer = as_admin.client.get("/reports/opt-outs", {"by": "<script>alert(1)</script>"})
    assert answer.status_code == 422
    assert b"<script>alert" not in answer.content
    assert b"cannot report by" in answer.content
    assert as_admin.client.get("/reports/no-such").status_code == 404


# -- A brand's own --------------------------------------------------------------------------------


@pytest.fixture
def later() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


def test_own_report_shows_only_own_brand(later: None, month: Month) -> None:
    mine = Api(brand_keys.issue_key(month.acme, name="reports", scopes=["reports"]))
    answer = mine.get("reports/own", weeks="26")
    assert answer.status_code == 200
    assert "rival" not in answer.content.decode() and "hello" not in answer.content.decode()
    shown = figure(answer, "weeks")
    assert all(
        row["opt_outs"] is None or row["opt_outs"] == 0 or row["opt_outs"] >= 10 for row in shown
    )
    for strange in (
        {"brand": "rival"},
        {"weeks": "3"},
        {"by": "campaign"},
        {"first": "2026-05-01"},
    ):
        assert mine.get("reports/own", **strange).status_code == 422
    sector = next(f for f in answer.json()["figures"] if f["name"] == "sector")
    assert len(sector["withheld"]) == len(sector["data"])


def test_own_report_page_opens_with_key(later: None, month: Month) -> None:
    client = Client()
    assert client.get("/reports/own").headers["Location"] == "/reports/own/key"
    weak = brand_keys.issue_key(month.acme, name="checks", scopes=["check"])
    assert client.post("/reports/own/key", {"key": weak}).status_code == 422
    key = brand_keys.issue_key(month.acme, name="reports", scopes=["reports"])
    assert client.post("/reports/own/key", {"key": key}).headers["Location"] == "/reports/own"
    page = client.get("/reports/own")
    assert page.status_code == 200 and b"Acme" in page.content and b"Rival" not in page.content
    assert client.get("/reports/").status_code == 302
    csv_file = client.get("/reports/own", {"format": "csv", "figure": "campaign"})
    assert csv_file.content.startswith(b"campaign,") and b"hello" not in csv_file.content
    found = brand_keys.recognise_key(key, now=NOW)
    assert found and brand_keys.revoke_key(found, now=NOW)
    assert client.get("/reports/own").status_code == 302


def test_weekly_totals_equal_single_weeks(month: Month) -> None:
    span = weeks.list_whole_weeks(26, today=NOW.date())
    alone = [rates.read_total(week, filters={"brand": ["acme"]}) for week in span]
    assert rates.read_period_totals("acme", span) == alone
    assert len({line.counts["people"] for line in alone}) > 1  # there is something to get wrong
    assert any("deliveries" in line.counts for line in alone)


def test_read_weeks_any_number_costs_four_queries(
    month: Month, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for count in weeks.WEEK_PRESETS:
        with django_assert_num_queries(4):
            weeks.read_weeks("acme", weeks.list_whole_weeks(count, today=NOW.date()))


def test_own_report_reads_no_rows_of_other_brand(month: Month) -> None:
    period = rates.Period(FIRST, LAST)
    with CaptureQueriesContext(connection) as asked:
        rates.count_people(FIRST, brands=["acme"])
        rates.read_lines(period, by=["brand"], filters={"brand": ["acme"]})
    named = [each["sql"] for each in asked if '"brands_brand"."slug"' in each["sql"]]
    assert named
    assert all("WHERE" in each for each in named)


@pytest.mark.parametrize("thing", weeks.BREAKDOWNS)
def test_weekly_sums_equal_shown_weeks(
    thing: str, month: Month, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Week by week, each asked for by itself, as the rule says it is shown.

    Fewer are withheld here: the made month has no ten of anything in a week.
    """
    monkeypatch.setattr(cell_suppression.mask_small_counts, "__kwdefaults__", {"k": 5})
    span = weeks.list_whole_weeks(13, today=NOW.date())
    wanted: Counter[str] = Counter()
    sent: Counter[str] = Counter()
    for week in span:
        lines = rates.read_lines(week, by=[thing], filters={"brand": ["acme"]})
        counts = {line.key[0]: line.counts["opt_outs"] or 0 for line in lines}
        wanted.update(
            {kind: n or 0 for kind, n in cell_suppression.mask_small_counts(counts).items()}
        )
        sent.update({line.key[0]: line.counts.get("deliveries") or 0 for line in lines})
    rows = weeks.read_weekly_sums(thing, "acme", span).as_data()["data"]
    shown = {row[thing]: row["opt_outs"] or 0 for row in rows}
    if thing == "source":  # a door that few came through has no row
        wanted = Counter({kind: n for kind, n in wanted.items() if n or kind in shown})
    assert shown == dict(wanted)
    if thing in weeks.OF_MESSAGES:
        assert {row[thing]: row["deliveries"] for row in rows} == dict(sent)
    assert any(wanted.values()) or thing != "channel"  # there is something to add up


TODAY = NOW.date()


def test_report_query_far_past_is_refused() -> None:
    with pytest.raises(BadQuery):
        read_report_query({"last": str(date.min)}, today=TODAY)
