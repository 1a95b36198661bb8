"""Permission tables: what a brand may do with one person, in a form that copies can apply.

Note [Permission tables]. The rule depends on the age and the maker of each choice, and a brand
reads each choice only within its own scope. So a copy built from choices would answer differently
from a check. After "no marketing from Acme" and a later "yes to marketing from anybody" the check
says no, because a wider yes lifts no narrower no. Therefore the table contains the answers
themselves. Of the rows that cover a question **the most specific one decides**. There is always
exactly one, because the table has a row wherever two rows overlap. Worked example, with a no to
e-mail and a later yes to marketing:

    purpose     channel   topic   allowed
    any         email     any     no
    marketing   any       any     yes
    marketing   email     any     no        (both overlap here: the no still counts)

`allowed` is None where nobody made a choice and the purpose's default decides. The module is pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from consent.decision import resolution
from consent.decision.resolution import Choice, Regime, Scope

#: The largest table that an event contains. A brand reads a larger one from its export.
MOST_PERMISSION_ROWS = 60

#: Purpose, channel and topic; None means any.
Cell = tuple[str | None, str | None, str | None]
#: Returns the regime for a purpose and channel, or None if the purpose's own regime applies.
RegimeOf = Callable[[str, str | None], Regime | None]


class TooManyPermissionRows(Exception):
    """A table has more rows than the caller allows."""


class PermissionTurn(NamedTuple):
    """A change of the answer at the time `at`."""

    at: datetime
    allowed: bool | None


class PermissionRow(NamedTuple):
    """The answer to each question that this row covers and no more specific row covers."""

    purpose: str | None
    channel: str | None
    topic: str | None
    allowed: bool | None
    #: The changes that time alone will cause, oldest first.
    then: tuple[PermissionTurn, ...] = ()


class RegionalDefaults(NamedTuple):
    """The cells where the person's residence sets another regime, and a lookup of that regime."""

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

    *contact_point* is the address by which the brand knows the person. Choices about other
    addresses are left out.

    Raises:
        TooManyPermissionRows: there are more than *most*.
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
    """Return the table's answer to a question; None if the purpose's default decides."""
    cell = (purpose, channel, topic)
    covering = [row for row in table if _covers(row[:3], cell)]
    if not covering:
        return None
    row = max(covering, key=lambda each: sum(part is not None for part in each[:3]))
    return next((turn.allowed for turn in reversed(row.then) if turn.at <= now), row.allowed)


def _close(cells: Iterable[Cell], most: int | None) -> set[Cell]:
    """Add a cell wherever two cells overlap, until nothing is left to add.

    For example, "any purpose by email" and "marketing on any channel" add "marketing by email".

    Raises:
        TooManyPermissionRows: there are more than *most*.
    """
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
    """Return the cell that both cells cover; None if they do not overlap."""
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
