"""What a brand may do with one person, as a short table that a copy can keep and apply.

Note [Permission tables]. The rule goes by the age and the maker of each choice, and a brand reads
every choice in its own scope alone. So a copy built from choices would answer otherwise than a
check: after "no marketing from Acme" and a later "yes to marketing from anybody", the check says
no, for a wide yes lifts no narrower no. The table has the answers themselves. Of the rows that
cover a question **the most specific one decides**, and there always is exactly one, because the
table has a row wherever two rows meet. Worked example, of a no to e-mail and a later yes to
marketing:

    purpose     channel   topic   allowed
    any         email     any     no
    marketing   any       any     yes
    marketing   email     any     no        (where both meet: the no stands)

`allowed` is None where nobody said anything and the purpose's default decides. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from consent.decision import resolution
from consent.decision.resolution import Choice, Regime, Scope

#: A table of more rows is not sent in an event: the brand reads it from its export.
MOST_PERMISSION_ROWS = 60

#: Purpose, channel and topic; None is any.
Cell = tuple[str | None, str | None, str | None]
#: Which regime holds for a purpose and channel, where it is not the purpose's own.
RegimeOf = Callable[[str, str | None], Regime | None]


class TooManyPermissionRows(Exception):
    """A table has more rows than were wanted."""


class PermissionTurn(NamedTuple):
    """From `at` on the answer is another one."""

    at: datetime
    allowed: bool | None


class PermissionRow(NamedTuple):
    """The answer for every question that this row covers and no more specific one does."""

    purpose: str | None
    channel: str | None
    topic: str | None
    allowed: bool | None
    #: What time alone will change, oldest first.
    then: tuple[PermissionTurn, ...] = ()


class RegionalDefaults(NamedTuple):
    """Where another regime than the purposes' own holds for the person, and which one."""

    cells: frozenset[Cell] = frozenset()
    regime_of: RegimeOf = lambda purpose, channel: None


NO_REGIONAL_DEFAULTS = RegionalDefaults()


def build_permission_table(
    choices: Iterable[Choice],
    *,
    brand_id: int,
    contact_point: int | None,
    now: datetime,
    defaults: RegionalDefaults = NO_REGIONAL_DEFAULTS,
    most: int | None = None,
) -> list[PermissionRow]:
    """Return what *choices* mean for one brand and one address of the person, widest row first.

    *contact_point* is the address by which the brand knows the person: what was said of another
    one is left out.

    Raises:
        TooManyRows: there are more than *most*.
    """
    live = [
        choice
        for choice in resolution.select_in_force(choices)
        if (choice.refuses(now) or choice.permits(now))
        and choice.scope.contact_point in (None, contact_point)
        and not choice.scope.names_trait
    ]
    cells = _close({choice.scope[1:4] for choice in live} | defaults.cells, most)

    def build_row(cell: Cell) -> PermissionRow:
        scope = Scope(brand_id, *cell, contact_point)
        covering = [choice for choice in live if choice.scope.covers(scope)]
        default = _default(cell, defaults.regime_of)
        allowed = _answer(covering, default, now)
        return PermissionRow(*cell, allowed, _turns(covering, default, allowed, now))

    return [build_row(cell) for cell in sorted(cells, key=_sort_key)]


def is_allowed(
    table: Sequence[PermissionRow],
    *,
    purpose: str,
    channel: str | None,
    topic: str | None,
    now: datetime,
) -> bool | None:
    """Return the table's answer to a question; None where the purpose's default decides."""
    cell = (purpose, channel, topic)
    covering = [row for row in table if _covers(row[:3], cell)]
    if not covering:
        return None
    row = max(covering, key=lambda each: sum(part is not None for part in each[:3]))
    return next((turn.allowed for turn in reversed(row.then) if turn.at <= now), row.allowed)


def _close(cells: Iterable[Cell], most: int | None) -> set[Cell]:
    """Add a cell wherever two of them meet, until there is nothing to add. Raises TooManyRows."""
    closed = set(cells)
    new = closed
    while new:
        if most is not None and len(closed) > most:
            raise TooManyPermissionRows
        met = {_meet(one, other) for one in new for other in closed}
        new = {cell for cell in met if cell is not None} - closed
        closed = closed | new
    return closed


def _meet(one: Cell, other: Cell) -> Cell | None:
    """Return what both cover; None where they have nothing in common."""
    parts = []
    for mine, theirs in zip(one, other, strict=True):
        if mine is not None and theirs is not None and mine != theirs:
            return None
        parts.append(theirs if mine is None else mine)
    return parts[0], parts[1], parts[2]


def _covers(wide: Cell, narrow: Cell) -> bool:
    return all(part in (None, wanted) for part, wanted in zip(wide, narrow, strict=True))


def _sort_key(cell: Cell) -> tuple[int, tuple[str, ...]]:
    return sum(part is not None for part in cell), tuple(part or "" for part in cell)


def _default(cell: Cell, regime_of: RegimeOf) -> bool | None:
    purpose, channel, _topic = cell
    regime = regime_of(purpose, channel) if purpose is not None else None
    return None if regime is None else regime != "opt_in"


def _answer(covering: Sequence[Choice], default: bool | None, now: datetime) -> bool | None:
    said = resolution.read_verdict(covering, now)
    return default if said is None else said


def _turns(
    covering: Sequence[Choice], default: bool | None, allowed: bool | None, now: datetime
) -> tuple[PermissionTurn, ...]:
    ends = sorted({end for c in covering if (end := c.until or c.expires_at) and end > now})
    turns: list[PermissionTurn] = []
    for end in ends:
        answer = _answer(covering, default, end)
        if answer != (turns[-1].allowed if turns else allowed):
            turns.append(PermissionTurn(end, answer))
    return tuple(turns)
