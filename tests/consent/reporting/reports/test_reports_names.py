"""Names in reports, changes of small counts, and empty charts."""

from __future__ import annotations

import csv
import io
from datetime import date

import pytest

from brands.models import Brand, Topic
from consent.models import ReportExport
from consent.pages import presenters
from consent.reporting.rates import Period
from consent.reporting.reports import exports, names, weeks
from consent.reporting.reports.figures import WITHHELD, Card, Column, Drawing, Figure
from consent.reporting.reports.query import ReportQuery
from tests.conftest import Api
from tests.consent.generated_month import FIRST, LAST, NOW, QUERY, Month, figure


def _cells(figure: Figure) -> list[list[str]]:
    return [[cell.text for cell in row] for row in presenters.present_figure(figure, {}, {}).rows]


def test_report_pages_show_names_and_api_codes(as_admin: Api, month: Month) -> None:
    found = [
        ("brand", "acme", "Acme Outdoor"),
        ("campaign", "spring", "Spring news"),
        ("channel", "email", "e-mail"),
        ("purpose", "marketing", "Marketing"),
        ("reason", "privacy", "Privacy"),
        ("source", "link", "a link in a message"),
    ]
    for by, code, name in found:
        page = as_admin.client.get("/reports/opt-outs", {"by": by, **QUERY}).content.decode()
        assert f'data-value="{code}"' in page
        assert f">{name}</a></th>" in page, by
        codes = [
            row[by] for row in figure(as_admin.get("reports/opt-outs", by=by, **QUERY), "breakdown")
        ]
        assert code in codes and name not in codes


def test_contacts_page_explains_rule(as_admin: Api, month: Month) -> None:
    page = as_admin.client.get("/reports/contacts", QUERY).content.decode()
    assert ">the person&#x27;s pause</td>" in page
    assert ">person_paused<" not in page


def test_names_of_equal_brands_are_distinguished(db: None) -> None:
    for slug in ("one", "two"):
        Brand.objects.create(slug=slug, name="Twin")
    Brand.objects.create(slug="other", name="Other")
    found = names.read_names({"brand": ["one", "two", "other"]})
    assert found.get("brand", "one") == "Twin (one)"
    assert found.get("brand", "other") == "Other"


def test_names_that_differ_by_brand_stay_codes(db: None) -> None:
    for slug, name in (("one", "Offers"), ("two", "Deals")):
        brand = Brand.objects.create(slug=slug, name=slug)
        Topic.objects.create(brand=brand, code="news", name=name, purpose_id="marketing")
    found = names.read_names({"topic": ["news"]})
    assert found.get("topic", "news") == "news"
    assert found.get("topic", "news", "two") == "Deals"


def test_names_of_other_brand_are_hidden(db: None) -> None:
    """Of its own code, which is not named yet: another brand's word for it is not told."""
    other = Brand.objects.create(slug="other", name="Other")
    Topic.objects.create(brand=other, code="secret", name="Merger plans", purpose_id="marketing")
    own = Figure("topic", "By topic", [Column("topic", "topic")], [["secret"]], brand="mine")
    assert _cells(own) == [["secret"]]


def test_own_figures_name_their_brand(month: Month) -> None:
    span = weeks.list_whole_weeks(4, today=NOW.date())
    assert {weeks.read_weekly_sums(thing, "acme", span).brand for thing in weeks.BREAKDOWNS} == {
        "acme"
    }


def test_report_csv_has_name_column_per_code(as_admin: Api, month: Month) -> None:
    where = {"figure": "campaigns", "format": "csv", **QUERY}
    text = as_admin.client.get("/reports/campaigns", where).content.decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    assert {(row["campaign"], row["campaign_name"]) for row in rows} >= {("spring", "Spring news")}
    order = exports.order_export("counts", ReportQuery(Period(FIRST, LAST)), "csv", now=NOW)
    exports.write_waiting_exports(now=NOW)
    content = b"".join(exports.read_export_content(ReportExport.objects.get(pk=order.pk))).decode()
    large = list(csv.DictReader(io.StringIO(content)))
    assert {(row["brand"], row["brand_name"]) for row in large} == {
        ("acme", "Acme Outdoor"),
        ("rival", "Rival Sports"),
    }


@pytest.mark.parametrize(
    ("card", "said"),
    [
        (Card("n", 45, "count", 30, base=30), "up 50 %"),
        (Card("n", 15, "count", 1, base=1), "up 14; too few before for a percentage"),
        (Card("n", 4, "count", 0, base=0), "up 4; too few before for a percentage"),
        (Card("n", 3, "count", 3, base=3), "as before"),
        (
            Card("r", 0.144, "share", 0.01, base=2),
            "up 13.4 points; too few before for a percentage",
        ),
        (Card("r", 0.05, "share", 0.1, base=200), "down 50 %"),
        (Card("r", 0.05, "share", None, base=None), ""),
    ],
)
def test_card_change_of_small_counts_is_no_percentage(card: Card, said: str) -> None:
    assert presenters.present_cards([card])[0]["change"] == said


@pytest.mark.parametrize(
    ("values", "unit", "said"),
    [
        ([WITHHELD, WITHHELD], "opt-outs", "every number is withheld"),
        ([WITHHELD, 0], "opt-outs", "every number that is not withheld is 0"),
        ([None, None], "share", "none of the numbers is known"),
        ([0, 0], "opt-outs", "every number is 0"),
        ([0.0, None], "share", ""),
        ([WITHHELD, 12], "opt-outs", ""),
    ],
)
def test_chart_without_values_shows_text(values: list[object], unit: str, said: str) -> None:
    days = [date(2026, 5, nth) for nth in (1, 2)]
    columns = [Column("day", "day", "day"), Column("opt_outs", "opt-outs", "count")]
    rows = [[day, value] for day, value in zip(days, values, strict=True)]
    drawn = Figure(
        "days", "Days", columns, rows, drawing=Drawing("line", "day", ["opt_outs"], unit)
    )
    found = presenters.present_figure(drawn, {}, {}).not_drawn
    assert bool(found) == bool(said)
    assert said in found
