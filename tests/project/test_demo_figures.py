"""The demo's reports show something, and what they show is what plain SQL says of its events."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction
from pytest_django import DjangoDbBlocker

from brands.models import Brand
from consent import integrity
from consent.reporting.reports import own
from consent.reporting.reports.catalogue import REPORTS, build_named_report
from consent.reporting.reports.figures import Report
from devstack.demo import build, customers
from devstack.demo.scheduled_actions import run_in_order

NOW = datetime(2026, 11, 27, 15, tzinfo=UTC)
FIRST, LAST = "2026-10-31", "2026-11-27"
#: What was told in the last 28 days, to brands and not to their test modes.
TOLD = "brands_event WHERE decision = %s AND timestamp::date BETWEEN %s AND %s AND NOT quiet"


@pytest.fixture(scope="module")
def lived(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Make the demo's world in a transaction around all these tests."""
    with django_db_blocker.unblock(), transaction.atomic():
        with time_machine.travel(NOW, tick=True):
            actions = build.plan_history(build.create_people(NOW), build.create_brands(), NOW)
            for _ in run_in_order(actions):
                pass
        yield
        transaction.set_rollback(True)


@pytest.fixture
def demo(lived: None, db: None) -> None:
    """The world as it was made."""


def _report(name: str, **query: str) -> Report:
    start = {"first": FIRST} if REPORTS[name].has_start else {}
    return build_named_report(name, {**start, "last": LAST, **query}, today=NOW.date())[1]


def _rows(name: str, figure: str, **query: str) -> dict[str, dict[str, Any]]:
    """Return the rows by the text of their first column."""
    found = _report(name, **query).figure(figure)
    assert found
    return {str(next(iter(row.values()))): row for row in found.as_data()["data"]}


def _ask(statement: str, *values: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchone()[0]


@pytest.mark.parametrize("name", REPORTS)
def test_every_report_shows_something(name: str, demo: None) -> None:
    for figure in _report(name).figures:
        assert figure.rows, figure.name
        values = [value for row in figure.rows for value in row[1:]]
        assert any(value for value in values if isinstance(value, int | float)) or (
            figure.name == "cases"
        )


def test_the_record_is_whole(demo: None) -> None:
    assert list(integrity.verify_ledger()) == []


def test_the_biggest_brand_sees_its_own_numbers(demo: None) -> None:
    """Fewer than ten people in a week are withheld."""
    acme = Brand.objects.get(slug="acme")
    weeks = own.build_own_report(
        acme, own.read_own_query({"weeks": "13"}, today=NOW.date())
    ).figure("weeks")
    assert weeks
    told = [row["opt_outs"] for row in weeks.as_data()["data"] if row["opt_outs"]]
    assert len(told) >= 2
    assert all(number >= 10 for number in told)


def test_the_same_customers_on_every_machine() -> None:
    one, other = (customers.invent(["a", "b", "c"], random.Random(1)) for _ in range(2))
    assert one == other
    assert len({each.number for each in one}) == customers.CUSTOMERS


@pytest.mark.parametrize(("decision", "count"), [("deny", "opt-outs"), ("grant", "opt-ins")])
def test_acts_of_the_overview(decision: str, count: str, demo: None) -> None:
    cards = {each.label: each.value for each in _report("overview").cards}
    assert cards[count] == _ask(f"SELECT count(*) FROM {TOLD}", decision, FIRST, LAST) > 0


def test_reasons_by_hand(demo: None) -> None:
    rows = _rows("reasons", "reasons")
    said = f"SELECT count(*) FROM {TOLD} AND reason = %s"
    for code in ("too_many_from_brand", "not_relevant", ""):
        assert rows[code]["opt_outs"] == _ask(said, "deny", FIRST, LAST, code) > 0


def test_deliveries_and_responses_by_hand(demo: None) -> None:
    rows = {
        (row["brand"], row["campaign"]): row
        for row in _report("campaigns").figure("campaigns").as_data()["data"]  # type: ignore[union-attr]
    }
    for count in ("deliveries", "responses"):
        sent = _ask(
            f"SELECT sum(day.{count}) FROM brands_campaignday day"
            " JOIN brands_campaign campaign ON campaign.id = day.campaign_id"
            " JOIN brands_brand brand ON brand.id = campaign.brand_id"
            " WHERE brand.slug = 'acme' AND campaign.code = 'autumn' AND day BETWEEN %s AND %s",
            FIRST, LAST,
        )  # fmt: skip
        assert rows["acme", "autumn"][count] == sent > 0


#: Of each no that Acme was told, when the first acknowledgement came that reaches it.
APPLIED = """
SELECT {what} FROM (
    SELECT event.honour_by, (
        SELECT min(made_at) FROM brands_acknowledgement made
        WHERE made.brand_id = event.brand_id AND made.through >= event.sequence
    ) AS applied
    FROM brands_event event JOIN brands_brand brand ON brand.id = event.brand_id
    WHERE slug = 'acme' AND honour_by IS NOT NULL AND timestamp::date BETWEEN %s AND %s
) told
"""


def test_time_to_honour_by_hand(demo: None) -> None:
    rows = _rows("honour", "league")
    acme = rows["acme"]
    assert acme["noes"] == _ask(APPLIED.format(what="count(*)"), FIRST, LAST)
    share = "avg((applied <= honour_by)::int)::float8"
    assert acme["in_time"] == pytest.approx(_ask(APPLIED.format(what=share), FIRST, LAST))
    assert rows["clearline"]["overdue"] > 0 == acme["overdue"]
    assert len({row["in_time"] for row in rows.values()}) > 3


def test_contacts_in_time_and_too_late(demo: None) -> None:
    found = _rows("contacts", "brands", first="2026-09-01")
    in_time, late = (sum(row[name] for row in found.values()) for name in ("in_time", "cases"))
    judged = (
        "SELECT count(*) FROM consent_contactreport WHERE NOT allowed AND contacted_at {} honour_by"
    )
    assert in_time == _ask(judged.format("<=")) > 0
    assert late == _ask(judged.format(">")) > 0


def test_yeses_are_watched_for_more_than_a_year(demo: None) -> None:
    whole = _rows("survival", "landmarks")["all"]
    shares = [whole[f"after_{days}"] for days in (30, 90, 180, 365)]
    assert all(shares)
    assert sorted(shares, reverse=True) == shares
