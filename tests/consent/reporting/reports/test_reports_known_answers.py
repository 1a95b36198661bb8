"""Reports over a generated month, compared with plain Python over the raw rows.

The rows are the ledger, the streams, acknowledgements, attempts and what brands reported.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, datetime
from math import ceil, exp, log, sqrt
from typing import Any

import pytest

from brands.credentials import brand_keys
from brands.models import Acknowledgement, Attempt, Brand, Event
from consent.models import ContactReport, HonourSnapshot, HonourTime, LedgerEntry, Relationship
from tests.conftest import Api
from tests.consent.generated_month import (
    FIRST,
    LAST,
    NOW,
    QUERY,
    Month,
    cards,
    figure,
    list_entries,
    within,
)

#: Times are kept to three significant digits.
THREE_DIGITS = 0.005
Z = 1.959963984540054  # of 95 %


# -- Rates ------------------------------------------------------------------------------------


def people_at(day: date, slug: str | None = None) -> int:
    rows = Relationship.objects.select_related("brand")
    return len([r for r in rows if r.started_at.date() < day and slug in (None, r.brand.slug)])


def count_within(slug: str | None = None) -> int:
    """Count who was in a relationship at any time of the month, once a brand."""
    rows = Relationship.objects.select_related("brand")
    there = [r for r in rows if r.started_at.date() <= LAST and slug in (None, r.brand.slug)]
    return len([r for r in there if r.ended_at is None or r.ended_at.date() >= FIRST])


def count_people(slug: str | None, did: Callable[[LedgerEntry], bool]) -> int:
    """Count the people with an entry of that kind in the month, once a brand."""
    brands = [slug] if slug else Brand.objects.values_list("slug", flat=True)
    return len(
        {(entry.subject_id, each) for each in brands for entry in list_entries(each) if did(entry)}
    )


def came_back(entry: LedgerEntry) -> bool:
    same = {f: getattr(entry, f) for f in ("subject", "brand", "purpose", "channel", "topic")}
    earlier = LedgerEntry.objects.filter(**same, subject_seq__lt=entry.subject_seq)
    last = earlier.order_by("-subject_seq").first()
    return (
        entry.decision == "grant"
        and entry.source != "brand_api"
        and last is not None
        and last.decision in ("deny", "pause")
    )


def said_no(entry: LedgerEntry) -> bool:
    return entry.decision == "deny"


def expected(month: Month, slug: str | None = None) -> dict[str, float]:
    entries = list_entries(slug)
    noes = [e for e in entries if said_no(e)]
    leavers = {(e.brand_id, e.campaign, e.subject_id) for e in noes if e.campaign}
    sent: Counter[str] = sum(
        (c for (brand, _), c in month.sent.items() if slug in (None, brand)), Counter()
    )
    down = len([e for e in entries if e.decision in ("pause", "limit")])
    return {
        "opt-out rate": count_people(slug, said_no) / count_within(slug),
        "unsubscribe rate": len(leavers) / sent["deliveries"],
        "response rate": sent["responses"] / sent["deliveries"],
        "complaint rate": sent["complaints"] / sent["deliveries"],
        "opt-down share": down / (down + len(noes)),
        "re-opt-in rate": count_people(slug, came_back) / count_within(slug),
    }


@pytest.mark.parametrize("slug", [None, "acme", "rival"])
def test_overview_rates_equal_ledger(slug: str | None, as_admin: Api, month: Month) -> None:
    got = cards(as_admin.get("reports/overview", **QUERY, **({"brand": slug} if slug else {})))
    wanted = expected(month, slug)
    assert {name: got[name] for name in wanted} == pytest.approx(wanted)
    assert all(wanted.values()) or slug == "rival"


# -- Time to honour ---------------------------------------------------------------------------


def fates(slug: str) -> Iterator[tuple[Event, datetime | None, datetime | None]]:
    """The month's events that take something away, when each was delivered, and applied."""
    words = list(Acknowledgement.objects.filter(brand__slug=slug))
    tries = list(Attempt.objects.filter(subscription__brand__slug=slug, outcome="delivered"))
    for event in Event.objects.filter(brand__slug=slug):
        if event.honour_by is None or not within(event.timestamp):
            continue
        applied = [word.made_at for word in words if word.through >= event.sequence]
        arrived = [each.started_at for each in tries if each.sequence == event.sequence]
        yield event, min(arrived + applied, default=None), min(applied, default=None)


def read_times(slug: str, stage: str) -> list[float]:
    """What the snapshot holds of the month."""
    rows = HonourTime.objects.filter(brand__slug=slug, stage=stage, day__gte=FIRST, day__lte=LAST)
    return sorted(row.seconds or 0 for row in rows for _ in range(row.count))


def nearest_rank(times: list[float], share: float) -> float:
    return sorted(times)[ceil(share * len(times)) - 1]


def test_honour_report_equals_ledger(as_admin: Api, month: Month) -> None:
    rows = {r["brand"]: r for r in figure(as_admin.get("reports/honour", **QUERY), "league")}
    all_of = list(fates("acme"))
    for stage, place in (("delivered", 1), ("applied", 2)):
        took = [(f[place] - f[0].timestamp).total_seconds() for f in all_of if f[place]]  # type: ignore[operator]
        assert len(set(took)) > 5
        assert read_times("acme", stage) == pytest.approx(sorted(took), rel=THREE_DIGITS)
        for name, share in (("p50", 0.5), ("p95", 0.95)):
            got = rows["acme"][f"{stage}_{name}"]
            assert got == pytest.approx(nearest_rank(took, share), rel=THREE_DIGITS)
    applied = [(event, at) for event, _, at in all_of if at]
    in_time = [at for event, at in applied if event.honour_by and at <= event.honour_by]
    waiting = [event for event, _, at in all_of if not at]
    overdue = [event for event in waiting if event.honour_by and event.honour_by < NOW]
    assert 0 < len(in_time) < len(applied)
    assert waiting
    assert (
        rows["acme"]
        | {
            "noes": len(all_of),
            "in_time": len(in_time) / (len(applied) + len(overdue)),
            "open": len(waiting),
            "overdue": len(overdue),
        }
        == rows["acme"]
    )


def test_honour_report_omits_listed_brands(as_admin: Api, month: Month) -> None:
    rows = {r["brand"] for r in figure(as_admin.get("reports/honour", **QUERY), "league")}
    assert rows == {"acme"} and any(event.honour_by for event, _, _ in fates("rival"))


def test_honour_report_shows_utc(as_admin: Api, month: Month) -> None:
    as_admin.client.cookies["zone"] = "Pacific/Auckland"
    worked_out = HonourSnapshot.objects.order_by("as_of")[0].as_of
    page = as_admin.client.get("/reports/honour", QUERY).text
    assert f"Worked out at {worked_out:%Y-%m-%d %H:%M} UTC" in page


def test_honour_report_shows_overdue_brand(as_admin: Api, month: Month) -> None:
    brand_keys.issue_key(Brand.objects.get(slug="rival"), name="ended", expires_at=NOW)
    rows = {r["brand"]: r for r in figure(as_admin.get("reports/honour", **QUERY), "league")}
    due = [event for event, _, _ in fates("rival") if event.honour_by and event.honour_by < NOW]
    mine = rows["rival"]
    assert mine["noes"] == mine["open"] == len(list(fates("rival")))
    assert mine["overdue"] == len(due) > 0
    assert (mine["applied_p50"], mine["delivered_p50"], mine["in_time"]) == (None, None, 0)


# -- Contacts after a no, and the grid ----------------------------------------------------------


def test_contacts_report_equals_ledger(as_admin: Api, month: Month) -> None:
    reported = list(ContactReport.objects.all())
    cases = [each for each in reported if not each.allowed]
    noes = len([e for e in list_entries("acme") if e.decision == "deny"])
    (row,) = figure(as_admin.get("reports/contacts", **QUERY), "brands")
    assert 0 < len(cases) < len(reported)
    assert row == {
        "brand": "acme",
        "reported": len(reported),
        "in_time": 0,
        "cases": len(cases),
        "opt_outs": noes,
        "per_1000": 1000 * len(cases) / noes,
    }


@pytest.mark.parametrize("slug", ["acme", "rival"])
def test_power_report_grid_equals_ledger(slug: str, as_admin: Api, month: Month) -> None:
    """May, with April: the first month has nothing before it."""
    answer = as_admin.get("reports/power", last=str(LAST))
    row = next(
        r for r in figure(answer, "grid") if (r["brand"], r["month"]) == (slug, "2026-05-01")
    )
    entries = LedgerEntry.objects.filter(brand__slug=slug, decision="grant")
    yeses = [e for e in entries if e.recorded_at.month in (4, 5)]
    used = {e.purpose_id for e in yeses} & {"profiling", "ai_training"}
    deliveries = sum(c["deliveries"] for (brand, _), c in month.sent.items() if brand == slug)
    contacts = deliveries / people_at(FIRST, slug)
    assert row["yeses"] == len(yeses)
    assert row["own"] == len([e for e in yeses if e.source != "brand_api"]) / len(yeses)
    assert row["uses"] == len(used) == (2 if slug == "acme" else 0)
    assert row["contacts"] == pytest.approx(contacts)
    assert row["technology"] == pytest.approx(len(used) / 4 / 2 + min(1, contacts / 30) / 2)
    assert row["own"] < 1 or slug == "acme"


# -- Consent survival ---------------------------------------------------------------------------


def covers(no: LedgerEntry, yes: LedgerEntry) -> bool:
    return all(
        getattr(no, f) in (None, getattr(yes, f))
        for f in ("brand_id", "purpose_id", "channel", "topic")
    )


def lives(month: Month) -> Iterator[tuple[int, bool]]:
    """The days of each yes, and whether a no ended it."""
    for person in month.people:
        standing: dict[Any, LedgerEntry] = {}
        for entry in LedgerEntry.objects.filter(subject_id=person).order_by("subject_seq"):
            if entry.decision == "grant":
                scope = (entry.brand_id, entry.purpose_id, entry.channel, entry.topic)
                standing.setdefault(scope, entry)
            elif entry.decision == "deny":
                for scope, yes in list(standing.items()):
                    if covers(entry, yes):
                        yield (entry.recorded_at - standing.pop(scope).recorded_at).days, True
        for yes in standing.values():
            yield (NOW - yes.recorded_at).days, False


def kaplan_meier(found: list[tuple[int, bool]]) -> list[tuple[int, float, float, float, int]]:
    """Day, share, low, high, watched: the product, and Greenwood's band on log(-log)."""
    share, greenwood, rows = 1.0, 0.0, []
    for day in sorted({days for days, ended in found if ended}):
        watched = sum(days >= day for days, _ in found)
        died = sum(days == day and ended for days, ended in found)
        share *= 1 - died / watched
        greenwood += died / (watched * (watched - died))
        spread = Z * sqrt(greenwood) / abs(log(share))
        rows.append((day, share, share ** exp(spread), share ** exp(-spread), watched))
    return rows


def test_survival_report_equals_ledger(as_admin: Api, month: Month) -> None:
    got = figure(as_admin.get("reports/survival", last=str(LAST)), "curve")
    found = list(lives(month))
    wanted = kaplan_meier(found)
    assert got[0] == {"days": 0, "share": 1, "low": None, "high": None, "at_risk": len(found)}
    assert len(wanted) > 10
    for row, line in zip(got[1:], wanted, strict=True):
        assert list(row.values()) == pytest.approx(list(line))
