"""Reports of a made month, each number held against the raw ledger and what brands reported."""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from openpyxl import load_workbook

from brands import campaigns, keys, stream
from brands.campaigns import DayNumbers
from brands.models import Brand
from cmr import links
from cmr.links import Link
from consent import (
    contact_reports,
    explaining,
    honour_times,
    ledger,
    metrics,
    propagation,
    rates,
    relationships,
    withholding,
    yes_lives,
)
from consent.identifiers import digest, find_or_create
from consent.ledger import Actor, NewChoice
from consent.models import ContactReport, Explanation, LedgerEntry, Relationship
from consent.reports import weeks
from consent.resolution import Limit, Scope
from tests.conftest import Api

#: The month before, and the month that is looked at.
FIRST, LAST = date(2026, 5, 1), date(2026, 5, 31)
QUERY = {"first": str(FIRST), "last": str(LAST)}
NOW = datetime(2026, 6, 2, 9, tzinfo=UTC)
PEOPLE = 60


@dataclass
class Month:
    acme: Brand
    rival: Brand
    sent: dict[tuple[str, str], Counter[str]]


def at(day: int, hour: int = 10) -> datetime:
    return datetime(2026, 4, 1, hour, tzinfo=UTC) + timedelta(days=day)


@pytest.fixture
def month(acme: Brand, rival: Brand) -> Month:
    """Two months in the life of sixty people and two brands, by the real code path."""
    people = [find_or_create(digest(f"p{n}@example.org")).subject_id for n in range(PEOPLE)]
    for nth, person in enumerate(people):
        for brand in [acme, rival][: 1 + nth % 2]:
            by = Actor("brand_api", brand.pk) if nth % 3 else Actor("portal")
            relationships.start(person, brand, by=by, now=at(nth % 25), note="x")
    sent = _report(acme, rival)
    _decide(people, acme, rival)
    for person in people:
        propagation.propagate(person, now=at(58))
    stream.acknowledge(acme.pk, through=stream.last_sequence(acme.pk) // 2, now=at(57))
    metrics.roll_up()
    for _ in (*honour_times.refresh_all(now=NOW), *yes_lives.refresh_all(now=NOW)):
        pass
    return Month(acme, rival, sent)


def _report(acme: Brand, rival: Brand) -> dict[tuple[str, str], Counter[str]]:
    sent: dict[tuple[str, str], Counter[str]] = {}
    for brand, code, start in [(acme, "spring", 35), (acme, "april", 10), (rival, "hello", 40)]:
        campaign, _ = campaigns.name(brand, code=code, now=at(start))
        rows = [
            DayNumbers("email", at(start + n).date(), 100 + n, 90 + n, 7 + n, n % 2)
            for n in range(3)
        ]
        campaigns.report(campaign, rows, now=at(start + 3))
        sent[brand.slug, code] = Counter()
        for row in rows:
            if FIRST <= row.day <= LAST:
                sent[brand.slug, code].update(
                    {name: getattr(row, name) for name in campaigns.COUNTS}
                )
    return sent


def _decide(people: list[Any], acme: Brand, rival: Brand) -> None:
    for nth, person in enumerate(people):
        brand = rival if nth % 4 == 1 else acme
        scope = Scope(brand.pk, "marketing", "email" if nth % 5 else None)
        _say(person, NewChoice(scope, "grant"), at(26 + nth % 3))
        if nth % 3 == 0:
            known = Relationship.objects.get(subject=person, brand=brand)
            code = "hello" if brand == rival else "spring"
            link = links.read(links.mint(Link(known, "marketing", "email", None, code)))
            links.unsubscribe(link, now=at(36 + nth % 20))
            links.say(link, NewChoice(link.scope, "deny"), now=at(37 + nth % 20))  # once more
        if nth % 7 == 0:
            reason = "privacy" if nth % 2 else ""
            _say(person, NewChoice(scope, "deny", reason=reason), at(34 + nth % 25))
        if nth % 6 == 0:
            _say(person, NewChoice(scope, "grant"), at(58))
        if nth % 10 == 0:
            _say(person, NewChoice(scope, "limit", limit=Limit(1, "week")), at(40))
            _say(person, NewChoice(scope, "grant"), at(59))
        if nth % 15 == 0:
            _say(person, NewChoice(Scope(purpose="ai_training"), "deny"), at(45))
        if nth % 9 == 0:
            _say(person, NewChoice(scope, "pause", until=at(90)), at(44))
    quiet = LedgerEntry.objects.filter(decision="deny", reason="", brand=acme).order_by("pk")
    for entry in quiet[:3]:
        explaining.explain(entry, "not_relevant", now=at(50))
    known = Relationship.objects.filter(brand=acme).order_by("started_at")[0]
    contact_reports.report(
        known, purpose="marketing", channel="sms", contacted_at=at(50), message="", now=at(51)
    )


def _say(person: Any, choice: NewChoice, when: datetime) -> None:
    ledger.record(person, [choice], by=Actor("portal"), now=when)


# -- The answer, from the raw ledger ---------------------------------------------------------------


def within(moment: datetime) -> bool:
    return FIRST <= moment.date() <= LAST


def told(slug: str | None = None) -> list[LedgerEntry]:
    """Every entry of the month, once for each brand that it reaches."""
    found = []
    known = Relationship.objects.select_related("brand")
    for entry in LedgerEntry.objects.select_related("brand").order_by("recorded_at"):
        reached = [r.brand.slug for r in known if r.subject_id == entry.subject_id]
        brands = [entry.brand.slug] if entry.brand else reached
        if within(entry.recorded_at):
            found += [entry for each in brands if slug in (None, each)]
    return found


def expected(month: Month, slug: str | None = None) -> dict[str, float | None]:
    """Each rate, worked out entry by entry."""
    entries = told(slug)
    noes = [e for e in entries if e.decision == "deny"]
    leavers = {(e.brand_id, e.campaign, e.subject_id) for e in noes if e.campaign}
    before = [
        r for r in Relationship.objects.select_related("brand") if r.started_at.date() < FIRST
    ]
    people = len([r for r in before if slug in (None, r.brand.slug)])
    sent: Counter[str] = sum(
        (c for (brand, _), c in month.sent.items() if slug in (None, brand)), Counter()
    )
    down = len([e for e in entries if e.decision in ("pause", "limit")])
    back = 0
    for entry in entries:
        same = {f: getattr(entry, f) for f in ("subject", "brand", "purpose", "channel", "topic")}
        earlier = LedgerEntry.objects.filter(**same, subject_seq__lt=entry.subject_seq)
        last = earlier.order_by("-subject_seq").first()
        back += (
            entry.decision == "grant" and last is not None and last.decision in ("deny", "pause")
        )
    return {
        "opt-out rate": len(noes) / people,
        "unsubscribe rate": len(leavers) / sent["deliveries"],
        "response rate": sent["responses"] / sent["deliveries"],
        "complaint rate": sent["complaints"] / sent["deliveries"],
        "opt-down share": down / (down + len(noes)),
        "re-opt-in rate": back / len(noes),
    }


def cards(answer: Any) -> dict[str, float]:
    assert answer.status_code == 200, answer.content
    return {each["name"]: each["value"] for each in answer.json()["cards"]}


def figure(answer: Any, name: str) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.content
    return next(each["data"] for each in answer.json()["figures"] if each["name"] == name)


@pytest.mark.parametrize("slug", [None, "acme", "rival"])
def test_every_rate_is_the_raw_ledger_s(slug: str | None, as_admin: Api, month: Month) -> None:
    got = cards(as_admin.get("reports/overview", **QUERY, **({"brand": slug} if slug else {})))
    wanted = expected(month, slug)
    assert {name: got[name] for name in wanted} == pytest.approx(wanted)
    assert wanted["unsubscribe rate"] != 0
    assert slug == "rival" or wanted["re-opt-in rate"] != 0


def test_each_breakdown_adds_up_to_the_whole(as_admin: Api, month: Month) -> None:
    noes = len([e for e in told() if e.decision == "deny"])
    for by in ("day", "brand", "channel", "purpose", "topic", "campaign", "reason", "source"):
        rows = figure(as_admin.get("reports/opt-outs", by=by, **QUERY), "breakdown")
        assert sum(row["opt_outs"] for row in rows) == noes, by
    days = figure(as_admin.get("reports/overview", **QUERY), "days")
    assert sum(row["opt_outs"] or 0 for row in days) == noes


def test_page_csv_and_xlsx_say_what_the_api_says(as_admin: Api, month: Month) -> None:
    api = figure(as_admin.get("reports/opt-outs", by="brand", **QUERY), "breakdown")
    where = {"by": "brand", "figure": "breakdown", **QUERY}
    text = as_admin.client.get("/reports/opt-outs", {**where, "format": "csv"}).content.decode()
    read = list(csv.DictReader(io.StringIO(text)))
    assert [{k: v if v != "" else None for k, v in row.items()} for row in read] == [
        {k: None if v is None else str(v) for k, v in row.items()} for row in api
    ]
    raw = as_admin.client.get("/reports/opt-outs", {**where, "format": "xlsx"}).content
    sheet = load_workbook(io.BytesIO(raw)).active
    assert sheet is not None
    for written, row in zip(sheet.iter_rows(min_row=2, values_only=True), api, strict=True):
        assert list(written) == pytest.approx(list(row.values()))  # sixteen digits
    page = as_admin.client.get("/reports/opt-outs", {"by": "brand", **QUERY}).content.decode()
    for row in api:
        assert all(
            f'data-value="{value!r}"' in page
            for value in row.values()
            if value and not isinstance(value, str)
        )


def test_campaigns_carry_who_left_by_them(as_admin: Api, month: Month) -> None:
    rows = {
        r["campaign"]: r for r in figure(as_admin.get("reports/campaigns", **QUERY), "campaigns")
    }
    leavers = {(e.campaign, e.subject_id) for e in told() if e.campaign and e.decision == "deny"}
    counted = Counter(code for code, _ in leavers)
    assert {code: row["unsubscribes"] for code, row in rows.items()} == counted
    spring = month.sent["acme", "spring"]
    assert rows["spring"]["unsubscribe_rate"] == counted["spring"] / spring["deliveries"]


def test_reasons_with_those_that_came_later(as_admin: Api, month: Month) -> None:
    rows = {
        r["reason"]: r["opt_outs"]
        for r in figure(as_admin.get("reports/reasons", **QUERY), "reasons")
    }
    noes = [e for e in told() if e.decision == "deny"]
    later = Explanation.objects.count()
    assert rows["privacy"] == len([e for e in noes if e.reason == "privacy"])
    assert rows["not relevant"] == later == 3
    assert rows["not given"] == len([e for e in noes if not e.reason]) - later


def test_time_to_honour(as_admin: Api, month: Month) -> None:
    rows = {r["brand"]: r for r in figure(as_admin.get("reports/honour", **QUERY), "league")}
    assert rows["acme"]["open"] > 0 and rows["acme"]["applied_p50"] > 0
    assert rows["rival"]["applied_p50"] is None
    assert rows["rival"]["overdue"] == rows["rival"]["noes"] == rows["rival"]["open"]
    assert rows["rival"]["in_time"] == 0


def test_contacts_after_a_no(as_admin: Api, month: Month) -> None:
    case = ContactReport.objects.get()
    rows = figure(as_admin.get("reports/contacts", **QUERY), "brands")
    noes = len([e for e in told("acme") if e.decision == "deny"])
    per_1000 = 1000 / noes if not case.allowed else 0
    assert [(r["brand"], r["reported"], r["per_1000"]) for r in rows] == [("acme", 1, per_1000)]


def test_the_grid_has_its_points(as_admin: Api, month: Month) -> None:
    rows = figure(as_admin.get("reports/power", **QUERY), "grid")
    assert {row["brand"] for row in rows} == {"acme", "rival"}
    assert all(row["own"] == 1 for row in rows)  # nobody recorded a yes for them


def test_survival_counts_every_yes(as_admin: Api, month: Month) -> None:
    rows = figure(as_admin.get("reports/survival", **QUERY, by="source"), "landmarks")
    yeses = {
        (e.subject_id, e.brand_id, e.purpose_id, e.channel)
        for e in LedgerEntry.objects.filter(decision="grant")
    }
    assert rows[0]["yeses"] >= len(yeses)
    assert 0 < rows[0]["after_30"] < 1


@pytest.mark.parametrize(
    "name", ["overview", "campaigns", "reasons", "survival", "honour", "contacts", "power"]
)
def test_every_page_is_there_with_nothing_and_with_something(
    name: str, as_admin: Api, month: Month
) -> None:
    path = "/reports/" if name == "overview" else f"/reports/{name}"
    assert as_admin.client.get(path, QUERY).status_code == 200
    assert (
        as_admin.client.get(path, {"first": "2020-01-01", "last": "2020-01-02"}).status_code == 200
    )


@pytest.mark.parametrize(
    ("query", "code", "field"),
    [
        ({"by": "weather"}, "unknown_dimension", "by"),
        ({"by": "day,day"}, "unknown_dimension", "by"),
        ({"first": "2026-02-02", "last": "2026-02-01"}, "ends_before_start", "first"),
        ({"first": "2026-02-30"}, "invalid", "first"),
        ({"first": "2026-01-01T10:00:00Z"}, "invalid", "first"),
        ({"last": "10000-01-01"}, "invalid", "last"),
        ({"last": "0001-01-01"}, "invalid", "last"),
        ({"days": "0"}, "invalid", "days"),
        ({"sort": "weather"}, "invalid", "sort"),
        ({"brand": "a\0"}, "null_characters_not_allowed", "brand"),
    ],
)
def test_a_query_that_is_wrong(query: Any, code: str, field: str, as_admin: Api) -> None:
    answer = as_admin.get("reports/opt-outs", **query)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert answer.json()["field"] == field
    assert as_admin.client.get("/reports/opt-outs", query).status_code == 422


def test_only_admins_may_read_them(as_ana: Api, as_acme: Api, nobody: Api, ana: Any) -> None:
    for who in (nobody, as_ana, as_acme):
        assert who.get("reports/overview").status_code == 401
    assert nobody.client.get("/reports/").status_code == 302
    nobody.client.force_login(ana.user)
    assert nobody.get("reports/overview").status_code == 403
    for path in ("/reports/", "/reports/opt-outs", "/reports/files"):
        assert nobody.client.get(path).status_code == 403


def test_the_page_says_what_is_wrong_and_escapes_it(as_admin: Api) -> None:
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


def test_a_brand_reads_its_own_and_no_other(later: None, month: Month) -> None:
    mine = Api(keys.issue(month.acme, name="reports", scopes=["reports"]))
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


def test_a_brand_opens_its_page_with_a_key(later: None, month: Month) -> None:
    client = Client()
    assert client.get("/reports/own").headers["Location"] == "/reports/own/key"
    weak = keys.issue(month.acme, name="checks", scopes=["check"])
    assert client.post("/reports/own/key", {"key": weak}).status_code == 422
    key = keys.issue(month.acme, name="reports", scopes=["reports"])
    assert client.post("/reports/own/key", {"key": key}).headers["Location"] == "/reports/own"
    page = client.get("/reports/own")
    assert page.status_code == 200 and b"Acme" in page.content and b"Rival" not in page.content
    assert client.get("/reports/").status_code == 302
    csv_file = client.get("/reports/own", {"format": "csv", "figure": "campaign"})
    assert csv_file.content.startswith(b"campaign,") and b"hello" not in csv_file.content
    found = keys.recognise(key, now=NOW)
    assert found and keys.revoke(found, now=NOW)
    assert client.get("/reports/own").status_code == 302


@pytest.mark.parametrize("thing", weeks.BREAKDOWNS)
def test_a_sum_is_what_its_weeks_show(thing: str, month: Month) -> None:
    """Week by week, each asked for by itself, as the rule says it is shown."""
    span = weeks.whole_weeks(13, today=NOW.date())
    wanted: Counter[str] = Counter()
    sent: Counter[str] = Counter()
    for week in span:
        lines = rates.lines(week, by=[thing], filters={"brand": ["acme"]})
        counts = {line.key[0]: line.counts["opt_outs"] or 0 for line in lines}
        wanted.update({kind: n or 0 for kind, n in withholding.shown(counts).items()})
        sent.update({line.key[0]: line.counts.get("deliveries") or 0 for line in lines})
    rows = weeks.by(thing, "acme", span).as_data()["data"]
    assert {row[thing]: row["opt_outs"] or 0 for row in rows} == dict(wanted)
    if thing in weeks.OF_MESSAGES:
        assert {row[thing]: row["deliveries"] for row in rows} == dict(sent)
    assert any(wanted.values()) or thing != "channel"  # there is something to add up
