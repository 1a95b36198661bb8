"""Regimes: the default while a person has made no choice, by purpose, channel and residence.

The most specific matching row of `JurisdictionRegime` applies: a part of a country before the whole
country, then a named channel before any channel. If none matches, or the residence is unknown, the
purpose's own regime applies. A required purpose is required everywhere. Example, for a person in
US-CA:

    row   US      any channel   opt_out
    row   US-CA   email         opt_in
    question by email: opt_in; question by sms: opt_out
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from typing import cast

from brands.models import JurisdictionRegime, PastRegime
from consent.decision import NO_REGIONAL_DEFAULTS, Question, Regime, RegionalDefaults
from consent.rules.residence import JURISDICTION_SQL
from core.db import Statement
from core.jurisdictions import list_enclosing_jurisdictions

#: The same rule in SQL, for queries over `purpose`, `subject` and `relationship` with a
#: %(channel)s. If the residence is unknown, it looks up nothing.
REGIME_SQL = f"""
    CASE WHEN {JURISDICTION_SQL} IS NULL OR purpose.regime = 'required' THEN purpose.regime
    ELSE coalesce((
        SELECT there.regime FROM brands_jurisdictionregime there
        WHERE there.purpose_id = purpose.code
            AND there.jurisdiction IN ({JURISDICTION_SQL}, split_part({JURISDICTION_SQL}, '-', 1))
            AND (there.channel = %(channel)s OR there.channel IS NULL)
        ORDER BY length(there.jurisdiction) DESC, there.channel NULLS LAST
        LIMIT 1
    ), purpose.regime) END
"""


@dataclass(frozen=True, slots=True)
class Regimes:
    """All rows, read once to answer many questions; by jurisdiction, purpose and channel."""

    rows: Mapping[tuple[str, str | None, str | None], Regime]

    def find_regime(self, asked: Question, jurisdiction: str | None) -> Regime:
        """Return the regime for *asked* in *jurisdiction*.

        *asked* must have the purpose's own regime.
        """
        if jurisdiction is None or asked.regime == "required":
            return asked.regime
        for place in list_enclosing_jurisdictions(jurisdiction):
            for channel in (asked.scope.channel, None):
                if regime := self.rows.get((place, asked.scope.purpose, channel)):
                    return regime
        return asked.regime


def read_regimes(*, purpose: str | None = None) -> Regimes:
    """Return the current rows: those of one *purpose*, or all."""
    rows = JurisdictionRegime.objects.all()
    if purpose is not None:
        rows = rows.filter(purpose=purpose)
    found = rows.values_list("jurisdiction", "purpose_id", "channel", "regime")
    return Regimes({(place, code, channel): regime for place, code, channel, regime in found})  # type: ignore[misc]


def read_past_regimes(purpose: str, as_of: datetime) -> tuple[Regime | None, Regimes]:
    """Return the regimes of a purpose at *as_of*.

    The first value is the purpose's own regime, or None if it has not changed since. The second has
    the rows by jurisdiction and channel.
    """
    held: dict[tuple[str, str | None, str | None], Regime | None] = {
        **read_regimes(purpose=purpose).rows
    }
    own: Regime | None = None
    # Newest first: each row reverts one change.
    for past in PastRegime.objects.filter(purpose=purpose, until__gt=as_of).order_by(
        "-until", "-pk"
    ):
        regime = cast("Regime | None", past.regime)
        if past.jurisdiction is None:
            own = regime
        else:
            held[past.jurisdiction, purpose, past.channel] = regime
    return own, Regimes({key: regime for key, regime in held.items() if regime is not None})


REGIONAL = Statement("""
SELECT there.jurisdiction, there.purpose_id, there.channel, there.regime
FROM brands_jurisdictionregime there JOIN brands_purpose purpose ON purpose.code = there.purpose_id
WHERE purpose.regime <> 'required'
    AND there.jurisdiction IN (%(place)s::text, split_part(%(place)s::text, '-', 1))
""")


def read_regional_defaults(place: str | None) -> RegionalDefaults:
    """Return the defaults that replace the purposes' own in *place*. None means unknown."""
    if place is None:
        return NO_REGIONAL_DEFAULTS
    rows = REGIONAL.ask({"place": place})
    held: dict[tuple[str, str | None, str | None], Regime] = {row[:3]: row[3] for row in rows}

    def regime_of(purpose: str, channel: str | None) -> Regime | None:
        wanted = (
            (there, purpose, by)
            for there in list_enclosing_jurisdictions(place)
            for by in (channel, None)
        )
        return next((held[each] for each in wanted if each in held), None)

    cells = frozenset((purpose, channel, None) for _, purpose, channel in held)
    return RegionalDefaults(cells, regime_of)


def read_regimes_by_place(asked: Question) -> Callable[[str | None], Regime]:
    """Return a lookup of the regime by residence, for one question about many people.

    It reads the rows once, and only if a residence is known.
    """
    held = cache(partial(read_regimes, purpose=asked.scope.purpose))
    return cache(lambda place: asked.regime if place is None else held().find_regime(asked, place))
