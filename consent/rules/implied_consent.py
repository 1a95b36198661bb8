"""Terms of implied consent: how long a consent lasts that a purchase or an inquiry implies.

Note [Terms]. The rows are in `ImpliedTerm`. The row with the smallest region that includes the
person's residence applies, as with regimes. A term is in calendar months in UTC. If the month lacks
the day, the month's last day counts. The end is computed once, when the consent is recorded. A move
or a new law does not change an existing consent.
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
from core.errors import DomainError
from core.jurisdictions import list_enclosing_jurisdictions

# Ground, jurisdiction (None means any), months, law. Where a law sets no number of months, we use
# Canada's, as a careful sender would. Engineering anchors, not legal advice.
TERMS = [
    (Ground.PURCHASE, "CA", 24, "CASL, s. 10(10)(a)"),
    (Ground.INQUIRY, "CA", 6, "CASL, s. 10(10)(e)"),
    (Ground.PURCHASE, None, 24, "as CASL"),
    (Ground.INQUIRY, None, 6, "as CASL"),
]


class NoTerm(DomainError):
    """No term exists for this ground where the person lives, so it implies no consent there."""

    code = "no_term"
    field = "ground"


class TermOver(DomainError):
    """The term of the purchase or inquiry has ended, so it no longer implies a consent."""

    code = "term_over"
    field = "made_at"


class BeyondTerm(DomainError):
    """The requested expiry is later than the end of the term. It may only shorten the term."""

    code = "beyond_term"
    field = "expires_at"


def compute_expiry(
    ground: str,
    *,
    jurisdiction: str | None,
    made_at: datetime,
    wanted: datetime | None,
    now: datetime,
) -> datetime:
    """Return when a consent implied by *ground* at *made_at* expires.

    This is *wanted* or, without it, the end of the term.

    Raises:
        NoTerm: the ground implies no consent in this jurisdiction.
        TermOver: the term has ended by *now*.
        BeyondTerm: *wanted* is later than the end of the term.
    """
    end = add_months(made_at, _months(ground, jurisdiction))
    if end <= now:
        raise TermOver(f"a consent implied by this {ground} ran out at {end.isoformat()}")
    if wanted is not None and wanted > end:
        raise BeyondTerm(f"a consent implied by this {ground} runs out at {end.isoformat()}")
    return wanted or end


def add_months(moment: datetime, months: int) -> datetime:
    """Return the same day and time after *months* months, in UTC.

    A missing day becomes the last of the month: 31 August plus 6 months is 28 February.
    """
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
    """Insert the terms that every installation starts with. Runs after each migrate."""
    if not db.are_seed_rows_due(sender.label, plan):
        return
    ImpliedTerm.objects.bulk_create(
        [
            ImpliedTerm(ground=ground, jurisdiction=jurisdiction, months=months, law=law)
            for ground, jurisdiction, months, law in TERMS
        ],
        ignore_conflicts=True,
    )
