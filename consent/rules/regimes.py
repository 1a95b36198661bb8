"""What holds while a person has said nothing: by purpose, channel and where they live.

The narrowest row of `JurisdictionRegime` that fits counts: a part of a country before the whole,
then a named channel before any. Where none fits, or nobody said where the person lives, the
purpose's own regime holds, and a required purpose is required everywhere.
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

#: The same for queries over `purpose`, `subject` and `relationship` that know a %(channel)s. Where
#: nobody said where the person lives it looks nothing up.
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
    """The rows, read once to answer many; by jurisdiction, purpose and channel."""

    rows: Mapping[tuple[str, str | None, str | None], Regime]

    def of(self, asked: Question, jurisdiction: str | None) -> Regime:
        """What holds for *asked*, which has the purpose's own regime, in the *jurisdiction*."""
        if jurisdiction is None or asked.regime == "required":
            return asked.regime
        for place in list_enclosing_jurisdictions(jurisdiction):
            for channel in (asked.scope.channel, None):
                if regime := self.rows.get((place, asked.scope.purpose, channel)):
                    return regime
        return asked.regime


def read_regimes(*, purpose: str | None = None) -> Regimes:
    """The rows as they are now: of one *purpose*, or all."""
    rows = JurisdictionRegime.objects.all()
    if purpose is not None:
        rows = rows.filter(purpose=purpose)
    found = rows.values_list("jurisdiction", "purpose_id", "channel", "regime")
    return Regimes({(place, code, channel): regime for place, code, channel, regime in found})  # type: ignore[misc]


def read_past_regimes(purpose: str, as_of: datetime) -> tuple[Regime | None, Regimes]:
    """Return the purpose's own regime then, None where it is today's, and the rows as they were."""
    held: dict[tuple[str, str | None, str | None], Regime | None] = {
        **read_regimes(purpose=purpose).rows
    }
    own: Regime | None = None
    # Newest first: each takes one change back.
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
    """Return which defaults hold in *place* in the stead of the purposes' own; None is unknown."""
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
    """What holds for one question about many people, by where each of them lives.

    The rows are read once, and not at all while nobody said where anybody lives.
    """
    held = cache(partial(read_regimes, purpose=asked.scope.purpose))
    return cache(lambda place: asked.regime if place is None else held().of(asked, place))
