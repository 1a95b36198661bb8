"""How long a consent lasts that a purchase or an inquiry implies.

Note [Terms]. `ImpliedTerm` has the rows; the narrowest that fits where the person lives counts, as
with regimes. A term is in calendar months by UTC, and a day that a month lacks is its last one. A
term is set once, when the consent is recorded: a move or a new law changes none that stands.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, datetime
from typing import Any

from django.apps import AppConfig
from django.db.models import Q

from consent.models import Ground, ImpliedTerm
from core import db
from core.db import Plan
from core.jurisdictions import list_enclosing_jurisdictions

# Ground, jurisdiction (None is any), months, law. Where a law counts no months of its own, Canada's
# are what is expected of a careful sender. Engineering anchors, not legal advice.
TERMS = [
    (Ground.PURCHASE, "CA", 24, "CASL, s. 10(10)(a)"),
    (Ground.INQUIRY, "CA", 6, "CASL, s. 10(10)(e)"),
    (Ground.PURCHASE, None, 24, "as CASL"),
    (Ground.INQUIRY, None, 6, "as CASL"),
]


class NoTerm(ValueError):
    """No term stands for this ground where the person lives, so it implies nothing there."""

    field = "ground"


class TermOver(ValueError):
    """The purchase or inquiry is so long ago that it implies nothing any more."""

    field = "made_at"


class BeyondTerm(ValueError):
    """An expiry may shorten the term, and not lengthen it."""

    field = "expires_at"


def compute_expiry(
    ground: str,
    *,
    jurisdiction: str | None,
    made_at: datetime,
    wanted: datetime | None,
    now: datetime,
) -> datetime:
    """When a consent implied by *ground* at *made_at* runs out: with its term, or when *wanted*.

    Raises:
        NoTerm, TermOver, BeyondTerm
    """
    end = add_months(made_at, _months(ground, jurisdiction))
    if end <= now:
        raise TermOver(f"a consent implied by this {ground} ran out at {end.isoformat()}")
    if wanted is not None and wanted > end:
        raise BeyondTerm(f"a consent implied by this {ground} runs out at {end.isoformat()}")
    return wanted or end


def add_months(moment: datetime, months: int) -> datetime:
    """The same day and time so many months on, by UTC; 31 August and 6 months is 28 February."""
    moment = moment.astimezone(UTC)
    years, month = divmod(moment.month - 1 + months, 12)
    year, month = moment.year + years, month + 1
    return moment.replace(year=year, month=month, day=min(moment.day, monthrange(year, month)[1]))


def _months(ground: str, jurisdiction: str | None) -> int:
    places = list_enclosing_jurisdictions(jurisdiction) if jurisdiction else ()
    fitting = Q(jurisdiction__in=places) | Q(jurisdiction=None)
    terms = {term.jurisdiction: term for term in ImpliedTerm.objects.filter(fitting, ground=ground)}
    for place in (*places, None):
        if place in terms:
            return terms[place].months
    raise NoTerm(f"this {ground} implies no consent")


def install_terms(sender: AppConfig, *, plan: Plan | None = None, **kwargs: Any) -> None:
    """The terms that every installation starts with. Runs after each migrate."""
    if not db.are_seed_rows_due(sender.label, plan):
        return
    ImpliedTerm.objects.bulk_create(
        [
            ImpliedTerm(ground=ground, jurisdiction=jurisdiction, months=months, law=law)
            for ground, jurisdiction, months, law in TERMS
        ],
        ignore_conflicts=True,
    )
