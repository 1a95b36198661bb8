"""A brand's sector as a benchmark: the pooled rates of the other brands, without names."""

from __future__ import annotations

from collections.abc import Sequence
from math import floor, log10

from brands.models import Brand
from consent.reporting import cell_suppression, rates
from consent.reporting.rates import RATES, Line, Period
from consent.reporting.reports.figures import WITHHELD, Column, Figure, Value

#: The minimum number of other brands. Fewer could be recognised.
LEAST_BRANDS = cell_suppression.K
#: The maximum share of one brand in the pool. Above it, the rate would be almost that brand's own.
MOST_OF_ONE = 0.5
COMPARED = ("opt_out_rate", "unsubscribe_rate", "response_rate", "complaint_rate", "opt_down_share")
NOTE = (
    f"The sum of at least {LEAST_BRANDS} other brands of the sector, none of them more than half "
    "of it, over the same whole weeks, rounded to two digits. Less is withheld."
)


def find_sector(brand: Brand) -> str:
    """Return the brand's first category, which is its sector; empty for none."""
    return brand.categories[0] if brand.categories else ""


def build_report(brand: Brand, weeks: Sequence[Period]) -> Figure:
    """Return the figure of the sector's rates, without the brand's own numbers."""
    sector = find_sector(brand)
    others = Brand.objects.filter(categories__0=sector).exclude(pk=brand.pk) if sector else []
    filters = {"brand": [each.slug for each in others]}
    span = Period(weeks[0].first, weeks[-1].last)
    lines = rates.read_lines(span, by=["brand"], filters=filters)
    rates.add_people_counts(lines, span, by=["brand"], filters=filters)
    return Figure(
        "sector",
        f"Your sector: {sector or 'none'}",
        [
            Column("rate", "rate"),
            Column("sector", "others in your sector", "share"),
            Column("formula", "formula"),
        ],
        [[RATES[name].label, _pooled(name, lines), RATES[name].formula] for name in COMPARED],
        notes=[NOTE],
    )


def _pooled(name: str, lines: Sequence[Line]) -> Value:
    rate = RATES[name]
    known = [line.counts for line in lines if line.rate(name) is not None]
    wholes = [sum(counts[each] or 0 for each in rate.whole) for counts in known]
    parts = [sum(counts[each] or 0 for each in rate.parts) for counts in known]
    if len(known) < LEAST_BRANDS or max(wholes) > MOST_OF_ONE * sum(wholes):
        return WITHHELD
    if 0 < sum(parts) < cell_suppression.K or (parts and max(parts) > MOST_OF_ONE * sum(parts) > 0):
        return WITHHELD
    return _two_digits(sum(parts) / sum(wholes))


def _two_digits(share: float) -> float:
    return round(share, 1 - floor(log10(share))) if share > 0 else 0.0
