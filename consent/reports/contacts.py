"""Contacts after a no, as people report them and the ledger judges them."""

from __future__ import annotations

from django.db.models import Count, Q, QuerySet

from consent import rates
from consent.models import ContactReport
from consent.reports.asked import Asked
from consent.reports.figures import Column, Drawing, Figure, Report

CASES = 200


def of(asked: Asked) -> Report:
    period = asked.period
    reports = ContactReport.objects.filter(
        reported_at__date__gte=period.first, reported_at__date__lte=period.last
    )
    names = {"brand": "relationship__brand__slug", "channel": "channel", "purpose": "purpose"}
    for name, column in names.items():
        if values := asked.filters.get(name):
            reports = reports.filter(**{f"{column}__in": values})
    return Report("Contacts after a no", [_brands(asked, reports), _cases(reports)])


def _brands(asked: Asked, reports: QuerySet[ContactReport]) -> Figure:
    wanted = {"brand": asked.filters["brand"]} if "brand" in asked.filters else {}
    left = {
        line.key[0]: line.counts["opt_outs"] or 0
        for line in rates.lines(asked.period, by=["brand"], filters=wanted)
    }
    found = reports.values_list("relationship__brand__slug").annotate(
        reported=Count("pk"), cases=Count("pk", filter=Q(allowed=False))
    )
    rows = [
        [
            slug,
            reported,
            cases,
            left.get(slug, 0),
            1000 * cases / left[slug] if left.get(slug) else None,
        ]
        for slug, reported, cases in found.order_by("-cases", "relationship__brand__slug")
    ]
    return Figure(
        "brands",
        "By brand",
        [
            Column("brand", "brand"),
            Column("reported", "reported", "count"),
            Column("cases", "after a no", "count"),
            Column("opt_outs", "opt-outs", "count"),
            Column("per_1000", "per 1,000 opt-outs", "number"),
        ],
        rows,
        notes=[
            "after a no: the ledger, as it stood when the message came, says that the brand might "
            "not send it. per 1,000: cases ÷ opt-outs of the same days × 1,000.",
        ],
        drawing=Drawing("bar", "brand", ["cases"], "cases"),
        empty="Nobody reported anything in this time.",
    )


def _cases(reports: QuerySet[ContactReport]) -> Figure:
    cases = reports.filter(allowed=False).select_related("relationship__brand")
    newest = cases.order_by("-reported_at")[: CASES + 1]
    return Figure(
        "cases",
        "Cases",
        [
            Column("contacted", "contacted", "moment"),
            Column("brand", "brand"),
            Column("purpose", "purpose"),
            Column("channel", "channel"),
            Column("rule", "what forbade it"),
            Column("entry", "ledger entry"),
        ],
        [
            [
                each.contacted_at,
                each.relationship.brand.slug,
                each.purpose_id,
                each.channel,
                each.rule,
                str(each.because_id or ""),
            ]
            for each in newest[:CASES]
        ],
        notes=[f"The newest {CASES}. What people pasted of the message is not shown here."],
        empty="No case.",
    )
