"""The overview: rates against the period before, day by day, and the brands that move them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from consent.models import Anomaly
from consent.reporting import rates
from consent.reporting.rates import RATES, Line
from consent.reporting.reports import breakdown
from consent.reporting.reports.figures import Card, Column, Drawing, Figure, Report, Value
from consent.reporting.reports.names import CodeNames, read_names
from consent.reporting.reports.query import ReportQuery

COUNTED = ("opt_outs", "opt_ins", "pauses", "limits")
LEADING = 10  # rows of the tables below the daily chart
REMARKS = 5


def build_report(asked: ReportQuery) -> Report:
    now = rates.read_total(asked.period, filters=asked.filters)
    before = rates.read_total(asked.period.before, filters=asked.filters)
    return Report(
        "Overview",
        [_days(asked), *_leaders(asked)],
        cards=build_cards(now, before),
        remarks=_remarks(asked),
    )


def build_cards(now: Line, before: Line) -> list[Card]:
    """Return a card for each rate and for the basic counts, compared with the period before."""
    counted = [
        Card(
            name.replace("_", "-"),
            now.counts[name],
            "count",
            before.counts[name],
            base=before.counts[name],
        )
        for name in COUNTED
    ]
    shares = [
        Card(
            each.label,
            now.rate(name),
            "share",
            before.rate(name),
            each.formula,
            each.is_of_few(now.counts),
            each.part_of(before.counts),
        )
        for name, each in RATES.items()
    ]
    return [*shares, *counted]


def _days(asked: ReportQuery) -> Figure:
    """Return the daily figure.

    A day after the last counted day is unknown. An earlier day without decisions has zeros.
    """
    found = {
        line.key[0]: line
        for line in rates.read_lines(asked.period, by=["day"], filters=asked.filters)
    }
    through = rates.read_counted_through() or asked.period.first - timedelta(days=1)
    days = list(asked.period)
    rows = [_day(found.get(day), known=day <= through) for day in days]
    return Figure(
        "days",
        "Day by day",
        [
            Column("day", "day", "day"),
            Column("opt_outs", "opt-outs", "count"),
            Column("opt_ins", "opt-ins", "count"),
            Column("pauses", "pauses", "count"),
            Column("limits", "limits", "count"),
            Column("unsubscribes", "unsubscribes", "count"),
            Column("deliveries", "deliveries", "count"),
            Column("unsubscribe_rate", "unsubscribe rate", "share"),
        ],
        [[day, *row] for day, row in zip(days, rows, strict=True)],
        notes=[
            "Days are UTC. A gap is a day of which nothing was counted or reported yet.",
            f"unsubscribe rate: {RATES['unsubscribe_rate'].formula}",
        ],
        drawing=Drawing("line", "day", ["opt_outs", "opt_ins", "pauses", "limits"], "decisions"),
        link=lambda row: asked.query(
            first=str(days[row]), last=str(days[row]), days="", by="brand"
        ),
        leads_to="opt-outs",
    )


def _day(line: Line | None, *, known: bool) -> list[Value]:
    names = [*COUNTED, "unsubscribes"]
    if line is None:
        return [*([0 if known else None] * len(names)), None, None]
    counts = [line.counts[name] for name in names]
    return [*counts, line.counts.get("deliveries"), line.rate("unsubscribe_rate")]


def _leaders(asked: ReportQuery) -> list[Figure]:
    found = [
        ("brands", "The brands that people leave most", "brand"),
        ("channels", "By channel", "channel"),
        ("purposes", "By purpose", "purpose"),
        ("sources", "By the door it came through", "source"),
    ]
    return [_leading(name, title, asked, by) for name, title, by in found]


def _leading(name: str, title: str, asked: ReportQuery, by: str) -> Figure:
    """Return a short breakdown without the formulas, which the cards show already."""
    drawing = Drawing("bar", by, ["opt_outs", "opt_ins"], "decisions")
    return breakdown.table(name, title, asked, [by], most=LEADING, formulas=(), drawing=drawing)


def _remarks(asked: ReportQuery) -> Sequence[tuple[str, str, dict[str, str], str]]:
    period = asked.period
    notes = Anomaly.objects.filter(day__gte=period.first, day__lte=period.last)
    if wanted := asked.filters.get("brand"):
        notes = notes.filter(brand__slug__in=wanted)
    newest = list(notes.select_related("brand").order_by("-day", "-score")[:REMARKS])
    names = read_names({"campaign": {each.campaign for each in newest if each.campaign}})
    return [
        (
            each.brand.name,
            _remark(each, names),
            asked.query(
                brand=each.brand.slug,
                first=str(each.day),
                last=str(each.day),
                days="",
                by="campaign",
            ),
            "opt-outs",
        )
        for each in newest
    ]


def _remark(note: Anomaly, names: CodeNames) -> str:
    said = f"{note.day}: {note.opt_outs} opt-outs, {note.score:.0f} times the usual spread above "
    said += "the usual"
    if note.campaign:
        campaign = names.get("campaign", note.campaign, note.brand.slug)
        said += f"; {note.of_campaign} answer the campaign “{campaign}”"
    return said
