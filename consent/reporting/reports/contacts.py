"""The report on contacts after a refusal, as people report them and the ledger judges them."""

from __future__ import annotations

from django.db.models import Count, F, Q, QuerySet

from consent.models import ContactReport
from consent.models.contact_report import NOES
from consent.reporting import rates
from consent.reporting.reports.figures import Column, Drawing, Figure, Report
from consent.reporting.reports.query import ReportQuery

CASES = 200
#: Contacts that a refusal or a pause forbade, and those after its deadline.
AFTER_NO = Q(allowed=False, because__decision__in=NOES)
LATE = AFTER_NO & Q(contacted_at__gt=F("honour_by"))


def build_report(asked: ReportQuery) -> Report:
    period = asked.period
    reports = ContactReport.objects.filter(relationship__brand__test=False).filter(
        contacted_at__date__gte=period.first, contacted_at__date__lte=period.last
    )
    names = {"brand": "relationship__brand__slug", "channel": "channel", "purpose": "purpose"}
    for name, column in names.items():
        if values := asked.filters.get(name):
            reports = reports.filter(**{f"{column}__in": values})
    return Report("Contacts after a no", [_brands(asked, reports), _cases(reports)])


def _brands(asked: ReportQuery, reports: QuerySet[ContactReport]) -> Figure:
    wanted = {"brand": asked.filters["brand"]} if "brand" in asked.filters else {}
    left = {
        line.key[0]: line.counts["opt_outs"] or 0
        for line in rates.read_lines(asked.period, by=["brand"], filters=wanted)
    }
    found = reports.values_list("relationship__brand__slug").annotate(
        reported=Count("pk"), cases=Count("pk", filter=AFTER_NO), late=Count("pk", filter=LATE)
    )
    rows = [
        [
            slug,
            reported,
            cases - late,
            late,
            left.get(slug, 0),
            1000 * late / left[slug] if left.get(slug) else None,
        ]
        for slug, reported, cases, late in found.order_by(
            "-late", "-cases", "relationship__brand__slug"
        )
    ]
    return Figure(
        "brands",
        "By brand",
        [
            Column("brand", "brand"),
            Column("reported", "reported", "count"),
            Column("in_time", "after a no, still in time", "count"),
            Column("cases", "after a no, too late", "count"),
            Column("opt_outs", "opt-outs", "count"),
            Column("per_1000", "per 1,000 opt-outs", "number"),
        ],
        rows,
        notes=[
            "after a no: the ledger, as it stood when the message came, had a no or a pause of the "
            "person that forbade it; a default or a limit is none. still in time: by the honour-by "
            "date of that no. per 1,000: cases that came too late ÷ opt-outs of the same days × "
            "1,000. Days are those of the contact.",
        ],
        drawing=Drawing("bar", "brand", ["cases", "in_time"], "cases"),
        empty="Nobody reported anything in this time.",
    )


def _cases(reports: QuerySet[ContactReport]) -> Figure:
    cases = reports.filter(AFTER_NO).select_related("relationship__brand", "because")
    newest = cases.order_by("-contacted_at", "-pk")[: CASES + 1]
    return Figure(
        "cases",
        "Cases",
        [
            Column("contacted", "contacted", "moment"),
            Column("brand", "brand"),
            Column("purpose", "purpose"),
            Column("channel", "channel"),
            Column("state", "state"),
            Column("rule", "what forbade it"),
            Column("entry", "ledger entry", is_minor=True),
        ],
        [
            [
                each.contacted_at,
                each.relationship.brand.slug,
                each.purpose_id,
                each.channel,
                str(each.state),
                each.rule,
                str(each.because_id or ""),
            ]
            for each in newest[:CASES]
        ],
        notes=[f"The newest {CASES}. What people pasted of the message is not shown here."],
        empty="No case.",
    )
